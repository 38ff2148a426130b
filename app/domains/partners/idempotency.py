"""Doing a thing once, however often it is asked: the first outcome is kept and given again."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import orjson
from sqlalchemy import Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.text import Form
from app.domains.partners.errors import IdempotencyInFlight, IdempotencyKeyReused
from app.domains.partners.tables import IdempotencyKey

T = TypeVar("T")

KEY = Form(200)
FIELD = "idempotencyKey"
FORGOTTEN_AT_ONCE = 10_000


async def once(
    session: AsyncSession,
    actor: Actor,
    *,
    operation: str,
    key: str | None,
    payload: Mapping[str, Any],
    perform: Callable[[], Awaitable[T]],
    encode: Callable[[T], dict[str, Any]],
    decode: Callable[[dict[str, Any]], T],
) -> T:
    """The outcome of `perform`, or of its first success under the same (partner, operation, key).

    `payload` is what was asked, as JSON; `encode` and `decode` carry the outcome through JSON. Without a key it just
    performs. A failure stores nothing. Raises IdempotencyKeyReused for another payload, IdempotencyInFlight while the
    first request has not ended, InvalidInput for an unusable key.
    """
    if key is None:
        return await perform()
    KEY.read(key, FIELD)
    digest = _digest(payload)
    await _claim(session, actor, operation, key)
    kept = (await session.execute(kept_outcome(actor, operation, key))).one_or_none()
    if kept is not None:
        if kept.payload_digest != digest:
            raise IdempotencyKeyReused(field=FIELD)
        return decode(kept.outcome)
    result = await perform()
    session.add(
        IdempotencyKey(
            school_id=actor.school_id,
            partner_id=actor.partner_id,
            operation=operation,
            key=key,
            payload_digest=digest,
            outcome=encode(result),
        )
    )
    await session.flush()
    return result


def kept_outcome(actor: Actor, operation: str, key: str) -> Select[tuple[bytes, dict[str, Any]]]:
    """The look-up of an earlier outcome."""
    return select(col(IdempotencyKey.payload_digest), col(IdempotencyKey.outcome)).where(
        col(IdempotencyKey.school_id) == actor.school_id,
        col(IdempotencyKey.partner_id) == actor.partner_id,
        col(IdempotencyKey.operation) == operation,
        col(IdempotencyKey.key) == key,
    )


async def _claim(session: AsyncSession, actor: Actor, operation: str, key: str) -> None:
    """Held until the transaction ends. Looking for the row only afterwards sees whatever the last holder committed."""
    name = orjson.dumps([str(actor.school_id), str(actor.partner_id), operation, key])
    number = int.from_bytes(hashlib.sha256(name).digest()[:8], signed=True)
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(number))):
        raise IdempotencyInFlight(field=FIELD)


def _digest(payload: Mapping[str, Any]) -> bytes:
    canonical = orjson.dumps(dict(payload), option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z, default=str)
    return hashlib.sha256(canonical).digest()


_FORGET = text(
    """
DELETE FROM idempotency_key WHERE ctid = ANY (ARRAY(
    SELECT old.ctid FROM school, LATERAL (
        SELECT ctid FROM idempotency_key k WHERE k.school_id = school.id AND k.created_at < :before LIMIT :most
    ) old LIMIT :most
))
"""
)


async def forget_idempotency_keys(database: Database, before: datetime) -> int:
    """Deletes the keys of every school made before an instant and returns how many; in short transactions."""
    forgotten = 0
    while True:
        async with database.transaction(Wall.worker()) as session:
            result = await session.execute(_FORGET, {"before": before, "most": FORGOTTEN_AT_ONCE})
        deleted: int = result.rowcount  # type: ignore[attr-defined]
        forgotten += deleted
        if deleted < FORGOTTEN_AT_ONCE:
            return forgotten
