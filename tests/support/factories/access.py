"""Zones, windows, passages, and students who may or may not enter."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.ids import new_id, new_id_at
from app.domains.access.decisions import Reason
from app.domains.access.tables import Passage, Zone, ZoneProgramme, ZoneWindow
from app.domains.students.commands import revoke_badge
from app.domains.students.records import StudentIdentity
from tests.support.clock import A_MONDAY_MORNING
from tests.support.factories.finance import make_invoice, make_top_up
from tests.support.factories.students import make_badge, make_class, make_student

PRICE = 500
ALL_WEEK = range(1, 8)


async def make_zone(
    session: AsyncSession,
    school_id: UUID,
    code: str | None = None,
    *,
    price: int = 0,
    currency: str = "XOF",
    requires_tuition: bool = True,
    anti_passback_seconds: int = 0,
    programmes: Iterable[str] = (),
) -> Zone:
    """A zone without windows, for the `programmes` (by code) or for everybody."""
    code = code or f"Z-{uuid4().hex[:8].upper()}"
    zone = Zone(
        school_id=school_id,
        id=new_id(),
        code=code,
        label=f"Zone {code}",
        price=price,
        currency=currency,
        requires_tuition=requires_tuition,
        anti_passback_seconds=anti_passback_seconds,
    )
    session.add(zone)
    await session.flush()
    for programme in programmes:
        programme_id = (await make_class(session, school_id, programme=programme)).programme_id
        session.add(ZoneProgramme(school_id=school_id, zone_id=zone.id, programme_id=programme_id))
    await session.flush()
    return zone


async def make_windows(
    session: AsyncSession,
    zone: Zone,
    opens_at: time,
    closes_at: time,
    *,
    weekdays: Iterable[int] = ALL_WEEK,
    meal: str = "lunch",
) -> None:
    """A window on each of the ISO `weekdays`; one that closes before it opens lasts into the next day."""
    for weekday in weekdays:
        session.add(
            ZoneWindow(
                school_id=zone.school_id,
                id=new_id(),
                zone_id=zone.id,
                meal=meal,
                weekday=weekday,
                opens_at=opens_at,
                closes_at=closes_at,
            )
        )
    await session.flush()


async def make_passage(
    session: AsyncSession,
    zone: Zone,
    student_id: UUID,
    occurred_at: datetime,
    *,
    direction: str = "in",
    granted: bool = True,
) -> None:
    """A passage as it stands in the table, recorded when it happened."""
    session.add(
        Passage(
            school_id=zone.school_id,
            id=new_id_at(occurred_at),
            zone_id=zone.id,
            student_id=student_id,
            badge_uid="B",
            device_id="tourniquet-1",
            device_event_id=uuid4().hex,
            direction=direction,
            granted=granted,
            offline=False,
            occurred_at=occurred_at,
            recorded_at=occurred_at,
        )
    )
    await session.flush()


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at a turnstile. `student` carries `badge`, if anybody does."""

    badge: str
    zone: Zone
    student: StudentIdentity


async def make_visit(
    session: AsyncSession, actor: Actor, against: Collection[Reason] = (), *, now: datetime = A_MONDAY_MORNING
) -> Visit:
    """A visit at `now` with everything in order, but for the reasons `against` it, which all hold together."""
    school = actor.school_id
    zone = await make_zone(
        session,
        school,
        price=PRICE,
        anti_passback_seconds=60,
        programmes=["MED"] if Reason.ZONE_FORBIDDEN in against else ["INF"],
    )
    shift = timedelta(hours=2 if Reason.OUTSIDE_MEAL_WINDOW in against else -1)
    opens_at = (now + shift).time()
    await make_windows(session, zone, opens_at, (now + shift + timedelta(hours=3)).time())
    student = await make_student(session, school, status="suspended" if Reason.NOT_ENROLLED in against else "active")
    badge = await make_badge(session, actor, student.matricule)
    if Reason.TUITION_UNPAID in against:
        await make_invoice(session, student.matricule, (date(2024, 12, 1), 150_000))
    if Reason.ANTI_PASSBACK in against:
        await make_passage(session, zone, student.id, now - timedelta(seconds=30))
    if Reason.INSUFFICIENT_BALANCE not in against:
        await make_top_up(session, actor, student.matricule, 10 * PRICE)
    if Reason.BADGE_REVOKED in against:
        await revoke_badge(session, actor, uid=badge)
    return Visit(f"X{badge}" if Reason.UNKNOWN_BADGE in against else badge, zone, student)
