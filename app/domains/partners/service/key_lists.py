"""Keys as people see them: whose they are, what they may do and what they have done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.core.pagination import Page
from app.core.tables import THIS_SCHOOL
from app.domains.partners.errors import KeyNotFound
from app.domains.partners.tables import ApiKey, KeyScopeUse, KeyUse, Partner


class Dated(Protocol):
    """What the state of a key follows from."""

    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def revoked_at(self) -> datetime | None: ...
    @property
    def rotated_to(self) -> object | None: ...


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key without its text. Uses are exact to a minute or so; `scope_uses` lacks the scopes that were never used.

    `rotated_to` is the id of the key that replaced it, as people read it.
    """

    id: UUID
    key_id: str
    partner: str
    preset: str
    scopes: list[str]
    zones: list[str] | None
    cidrs: list[str] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    rotated_to: str | None
    last_used_at: datetime | None
    scope_uses: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def unused_scopes(self) -> list[str]:
        return sorted(set(self.scopes) - self.scope_uses.keys())


def key_state(key: Dated, now: datetime) -> str:
    """revoked, expired, replaced (and still open) or active."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= now:
        return "expired"
    return "replaced" if key.rotated_to else "active"


async def list_keys(session: AsyncSession) -> list[KeyRecord]:
    """The keys of the transaction's school: by partner, then by age."""
    statement = _keys().order_by(col(Partner.name), col(ApiKey.created_at), col(ApiKey.id))
    return await _with_uses(session, (await session.execute(statement)).all())


async def page_of_keys(
    session: AsyncSession, *, first: int, after: UUID | None, partner: UUID | None = None
) -> Page[KeyRecord]:
    """The keys older than the one `after`, the newest first; of one partner where one is named."""
    statement = _keys().order_by(col(ApiKey.id).desc()).limit(first + 1)
    if after is not None:
        statement = statement.where(col(ApiKey.id) < after)
    if partner is not None:
        statement = statement.where(col(ApiKey.partner_id) == partner)
    page = Page.cut((await session.execute(statement)).all(), first)
    return Page(await _with_uses(session, page.items), page.has_next)


async def describe_key(session: AsyncSession, key_id: str) -> KeyRecord:
    """Raises KeyNotFound, also for a key of another school."""
    found = (await session.execute(_keys().where(col(ApiKey.key_id) == key_id))).all()
    if not found:
        raise KeyNotFound(field="keyId", key_id=key_id)
    return (await _with_uses(session, found))[0]


def _keys() -> Select[*tuple[Any, ...]]:
    replacement = aliased(ApiKey)
    columns = (
        ApiKey.id,
        ApiKey.key_id,
        Partner.name,
        ApiKey.preset,
        ApiKey.scopes,
        ApiKey.zones,
        ApiKey.cidrs,
        ApiKey.created_at,
        ApiKey.expires_at,
        ApiKey.revoked_at,
        replacement.key_id,
        KeyUse.last_used_at,
    )
    return (
        select(*(col(each) for each in columns))
        .join(Partner, and_(col(Partner.school_id) == ApiKey.school_id, col(Partner.id) == ApiKey.partner_id))
        .outerjoin(KeyUse, and_(col(KeyUse.school_id) == ApiKey.school_id, col(KeyUse.id) == ApiKey.id))
        .outerjoin(
            replacement,
            and_(col(replacement.school_id) == ApiKey.school_id, col(replacement.id) == ApiKey.rotated_to),
        )
        .where(col(ApiKey.school_id) == THIS_SCHOOL)
    )


async def _with_uses(session: AsyncSession, rows: Iterable[Row[*tuple[Any, ...]]]) -> list[KeyRecord]:
    records = [KeyRecord(*row) for row in rows]
    statement = select(col(KeyScopeUse.id), col(KeyScopeUse.scope), col(KeyScopeUse.last_used_at)).where(
        col(KeyScopeUse.school_id) == THIS_SCHOOL, col(KeyScopeUse.id).in_([record.id for record in records])
    )
    uses: dict[UUID, dict[str, datetime]] = {}
    for row in await session.execute(statement):
        uses.setdefault(row.id, {})[row.scope] = row.last_used_at
    return [replace(record, scope_uses=uses.get(record.id, {})) for record in records]
