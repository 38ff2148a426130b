"""Recording who passed, or was turned away: told by a device after the fact, sometimes hours later, sometimes twice.

A device's event is recorded once for ever. What the device says happened is a fact and is recorded, also when the rules
would have said otherwise; only where it says nothing, the rules decide.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.ids import new_id_at
from app.core.text import normalise_badge
from app.domains.access.decisions import Reason
from app.domains.access.errors import PassageInFuture, PassageTooOld, UnknownZone
from app.domains.access.loaders import passage_bounds
from app.domains.access.meals import MealDebit, debit
from app.domains.access.records import DeviceEvent, PassageRecord
from app.domains.access.service import zone_open_to
from app.domains.access.statements import CLAIM_RECEIPT, DECIDE_ACCESS, FIND_RECORDED, KEEP_PASSAGE
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance.service.checks import REFERENCE, instant_of, one_of

DIRECTIONS = ("in", "out")
AHEAD = timedelta(minutes=5)
PAST = timedelta(days=31)
_NOBODY_WE_KNOW = frozenset({Reason.UNKNOWN_BADGE, Reason.BADGE_REVOKED})


async def record_passage(
    session: AsyncSession,
    actor: Actor,
    *,
    zone: str,
    badge: str,
    device_id: str,
    device_event_id: str,
    direction: str,
    occurred_at: datetime,
    offline: bool = False,
    granted: bool | None = None,
    now: datetime,
) -> PassageRecord:
    """`granted` is what the device did, None to let the rules decide; `direction` is in or out.

    The same (device_id, device_event_id) answers what was recorded first, whatever else is given. Raises UnknownZone,
    InsufficientZone, PassageInFuture, PassageTooOld, and InvalidInput; the transaction has to be given up then.
    """
    event = DeviceEvent(
        zone=zone_open_to(actor, zone),
        badge=normalise_badge(badge, "badge"),
        device_id=REFERENCE.read(device_id, "deviceId"),
        device_event_id=REFERENCE.read(device_event_id, "deviceEventId"),
        direction=one_of(direction, DIRECTIONS, "direction"),
        occurred_at=instant_of(occurred_at, "occurredAt"),
        offline=offline,
        granted=granted,
    )
    passage_id = new_id_at(now)
    if not await _claim(session, event, passage_id):
        return await _recorded(session, actor, event)
    _check_moment(event.occurred_at, now)
    return await _record(session, actor, event, passage_id, now)


async def _claim(session: AsyncSession, event: DeviceEvent, passage_id: UUID) -> bool:
    """Whether the event is new. While another transaction records it, this waits for that one to end."""
    claimed = await session.execute(
        CLAIM_RECEIPT,
        {"device_id": event.device_id, "device_event_id": event.device_event_id, "passage_id": passage_id},
    )
    return bool(claimed.rowcount)  # type: ignore[attr-defined]


async def _recorded(session: AsyncSession, actor: Actor, event: DeviceEvent) -> PassageRecord:
    """What was recorded first. Raises InsufficientZone where that was in a zone the key is not for."""
    event_of = {"device_id": event.device_id, "device_event_id": event.device_event_id}
    record = PassageRecord.of((await session.execute(FIND_RECORDED, event_of)).one())
    zone_open_to(actor, record.zone)
    return record


def _check_moment(occurred_at: datetime, now: datetime) -> None:
    if occurred_at > now + AHEAD:
        raise PassageInFuture(field="occurredAt", minutes=int(AHEAD.total_seconds() // 60))
    if occurred_at < now - PAST:
        raise PassageTooOld(field="occurredAt", days=PAST.days)


async def _record(
    session: AsyncSession, actor: Actor, event: DeviceEvent, passage_id: UUID, now: datetime
) -> PassageRecord:
    local = event.occurred_at.astimezone(ZoneInfo(actor.timezone))
    decided = await _decide(session, event, local, now)
    reason = None if decided.reason is None else Reason(decided.reason)
    granted = reason is None if event.granted is None else event.granted
    debited = await _debit(session, event, decided, local) if granted else MealDebit()
    if debited.refused:
        granted, reason = False, Reason.INSUFFICIENT_BALANCE
    record = PassageRecord(
        id=passage_id,
        student_id=decided.student_id,
        zone=event.zone,
        direction=event.direction,
        granted=granted,
        reason=None if granted else reason,
        offline=event.offline,
        meal=debited.meal,
        service_date=debited.service_date,
        charged=debited.charged,
        overdrawn=debited.overdrawn,
        occurred_at=event.occurred_at,
        recorded_at=now,
    )
    await _keep(session, event, record, decided.zone_id)
    _tell(session, event, record, decided.matricule)
    return record


async def _decide(session: AsyncSession, event: DeviceEvent, local: datetime, now: datetime) -> Any:
    """The row of `decide_access` for whoever held the badge at that time. Raises UnknownZone."""
    passages_from, passages_until = passage_bounds(event.occurred_at, now)
    asked = {
        "moment": event.occurred_at,
        "day": local.date(),
        "weekday": local.isoweekday(),
        "clock": local.time(),
        "as_of": event.occurred_at,
        "passages_from": passages_from,
        "passages_until": passages_until,
        "badge": event.badge,
        "zone": event.zone,
    }
    decided = (await session.execute(DECIDE_ACCESS, asked)).one()
    if decided.zone_id is None:
        raise UnknownZone(field="zone", zone=event.zone)
    return decided


async def _debit(session: AsyncSession, event: DeviceEvent, decided: Any, local: datetime) -> MealDebit:
    """A device that let somebody in by itself has served the meal: the wallet follows, below zero if need be.

    Not that of whoever had lost the badge by then.
    """
    if event.direction != "in" or decided.reason in _NOBODY_WE_KNOW:
        return MealDebit()
    served = event.offline or event.granted is True
    return await debit(session, decided.student_id, decided.zone_id, event.occurred_at, local, served=served)


async def _keep(session: AsyncSession, event: DeviceEvent, record: PassageRecord, zone_id: UUID) -> None:
    columns = {name: getattr(record, name) for name in record.__slots__ if name != "zone"}
    told = {"badge_uid": event.badge, "device_id": event.device_id, "device_event_id": event.device_event_id}
    await session.execute(KEEP_PASSAGE, {**columns, **told, "zone_id": zone_id})


def _tell(session: AsyncSession, event: DeviceEvent, record: PassageRecord, matricule: str | None) -> None:
    facts = {
        "matricule": matricule,
        "zone": record.zone,
        "device_id": event.device_id,
        "offline": record.offline,
    }
    if record.granted:
        topic, more = Topic.ACCESS_GRANTED, {"direction": record.direction, "meal": record.meal}
    else:
        topic, more = Topic.ACCESS_DENIED, {"reason": record.reason}
    record_event(session, topic, subject=record.id, facts={**facts, **more}, occurred_at=record.occurred_at)
