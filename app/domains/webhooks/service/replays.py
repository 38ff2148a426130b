"""Sending again: one delivery, those of a filter, or all that did not arrive since an instant.

A replay is a delivery of its own under the same `webhook-id`. One call queues a bounded number, in one statement, and
says whether more may follow: who replays much calls again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import first_id_at
from app.domains.webhooks import statements
from app.domains.webhooks.errors import DeliveryUnderWay, ReplayNotOpen, ReplayTooOld, ReplayWithoutOffset
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.reads import find_delivery
from app.domains.webhooks.records import DeliveryKey, DeliveryRecord, Queued
from app.domains.webhooks.service.locking import lock_endpoint
from app.domains.webhooks.settling import FINAL

AT_ONCE = 2_000
LOOKED_AT = 50_000
"""Events that one recovery looks at, and deliveries that one replay looks at, whatever became of them."""
FURTHEST_BACK = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class ReplayFilter:
    """Which deliveries, of those that have ended: by how, by topic, by when their event was recorded."""

    states: tuple[str, ...] = ("exhausted",)
    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def replay_delivery(session: AsyncSession, owner: Owner, delivery_id: str) -> DeliveryRecord:
    """The new delivery. Raises DeliveryNotFound, DeliveryUnderWay, ReplayNotOpen."""
    before = await find_delivery(session, owner, delivery_id)
    key = before.key
    status = await lock_endpoint(session, owner, key.endpoint_id)
    if not await session.scalar(statements.STILL_TOLD, {"endpoint": key.endpoint_id, "event": key.event_id}):
        raise ReplayNotOpen(field="deliveryId")
    queued = await _queue(session, statements.REPLAY_ONE, key.endpoint_id, status, event=key.event_id)
    if not queued.count:
        raise DeliveryUnderWay(field="deliveryId")
    return await _latest(session, owner, key)


async def replay_deliveries(
    session: AsyncSession,
    owner: Owner,
    endpoint_id: UUID,
    which: ReplayFilter,
    *,
    after: UUID | None = None,
    looked: int = LOOKED_AT,
) -> Queued:
    """The oldest event first, from the one past `after` on; nothing where all the states asked for are under way.

    Of `looked` deliveries at most: there may be more behind them even where none of these was queued.

    Raises EndpointNotFound, ReplayWithoutOffset.
    """
    status = await lock_endpoint(session, owner, endpoint_id)
    states = tuple(state for state in which.states if state in FINAL)
    if not states:
        return Queued(0)
    statement = statements.replay_some(
        states=states,
        topic=which.topic is not None,
        since=which.since is not None,
        until=which.until is not None,
        after=after is not None,
    )
    since, until = (_bound(getattr(which, name), name) for name in ("since", "until"))
    asked = {"topic": which.topic, "since": since, "until": until, "after": after, "looked": looked}
    return await _queue(session, text(statement), endpoint_id, status, **owner.sight, **asked)


async def recover_deliveries(
    session: AsyncSession,
    owner: Owner,
    endpoint_id: UUID,
    *,
    since: datetime,
    now: datetime,
    after: UUID | None,
) -> Queued:
    """What happened since then that this endpoint wants and that neither arrived nor is on its way, the oldest first,
    from the event past `after` on. Again adds nothing.

    Raises EndpointNotFound, ReplayWithoutOffset, ReplayTooOld.
    """
    bound = first_id_at(_with_offset(since, "since"))
    if now - since > FURTHEST_BACK:
        raise ReplayTooOld(field="since", days=FURTHEST_BACK.days)
    status = await lock_endpoint(session, owner, endpoint_id)
    first = bound if after is None else max(bound, UUID(int=after.int + 1))
    return await _queue(session, statements.RECOVER, endpoint_id, status, since=first, looked=LOOKED_AT)


def _bound(moment: datetime | None, field: str) -> UUID | None:
    """Raises ReplayWithoutOffset."""
    return None if moment is None else first_id_at(_with_offset(moment, field))


def _with_offset(moment: datetime, field: str) -> datetime:
    """Raises ReplayWithoutOffset: whose midnight would an instant without offset be?"""
    if moment.tzinfo is None:
        raise ReplayWithoutOffset(field=field)
    return moment


async def _queue(session: AsyncSession, statement: Executable, endpoint_id: UUID, status: str, **values: Any) -> Queued:
    given = {"endpoint": endpoint_id, "status": status, "most": AT_ONCE, **values}
    made, more, last = (await session.execute(statement, given)).one()
    return Queued(made, more=more, last=last)


async def _latest(session: AsyncSession, owner: Owner, key: DeliveryKey) -> DeliveryRecord:
    """The replay just queued is the last one of its event."""
    found = await session.execute(statements.LAST_REPLAY, {"endpoint": key.endpoint_id, "event": key.event_id})
    latest = DeliveryKey(key.endpoint_id, key.event_id, found.scalar_one())
    return await find_delivery(session, owner, str(latest))
