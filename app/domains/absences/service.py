"""Recording that a student is away, and whether the school accepts it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.text import Form
from app.domains.absences.errors import (
    AbsenceEndsFirst,
    AbsenceNotFound,
    AbsenceOutOfRange,
    AbsenceOverlap,
    AbsenceTooLong,
    OffsetMissing,
)
from app.domains.absences.reads import select_absences
from app.domains.absences.records import AbsenceRecord, absence_facts
from app.domains.absences.tables import Absence
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.students.service import require_student

REASON = Form(500, blank=True)
LONGEST = timedelta(days=366)
PAST = timedelta(days=5 * 366)
AHEAD = timedelta(days=366)


async def record_absence(
    session: AsyncSession,
    actor: Actor,
    *,
    matricule: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str | None,
    justified: bool,
    now: datetime,
) -> AbsenceRecord:
    """`starts_at` and `ends_at` carry an offset; `reason` has at most 500 characters; `now` is the present instant.

    Raises StudentNotFound, AbsenceOverlap, a kind of AbsenceInvalid, and InvalidInput for unusable texts.
    """
    start, end = _interval(starts_at, ends_at, now)
    cleaned = _reason(reason, "reason")
    student = await require_student(session, matricule)
    values: dict[str, Any] = {
        "student_id": student.id,
        "starts_at": start,
        "ends_at": end,
        "reason": cleaned,
        "justified": justified,
        "recorded_at": now,
        "justified_at": now if justified else None,
    }
    made = insert(Absence).values(school_id=actor.school_id, partner_id=actor.partner_id, **values)
    made = made.on_conflict_do_nothing(constraint="ex_absence_overlap")
    absence_id = await session.scalar(made.returning(col(Absence.id)))
    if absence_id is None:
        raise AbsenceOverlap(field="startsAt", student_id=student.id)
    absence = AbsenceRecord(id=absence_id, matricule=student.matricule, **values)
    record_event(session, Topic.ABSENCE_RECORDED, subject=absence.id, facts=absence_facts(absence), occurred_at=now)
    return absence


async def justify_absence(
    session: AsyncSession,
    actor: Actor,
    *,
    absence_id: UUID,
    justified: bool,
    justification: str | None,
    now: datetime,
) -> AbsenceRecord:
    """Says whether the school accepts an absence, and on what grounds. Saying it again changes nothing.

    `now` is the present instant. Raises AbsenceNotFound, and InvalidInput for unusable texts.
    """
    grounds = _reason(justification, "justification")
    here = (col(Absence.school_id) == actor.school_id, col(Absence.id) == absence_id)
    locked = select(col(Absence.justified), col(Absence.justification)).where(*here).with_for_update()
    found = (await session.execute(locked)).one_or_none()
    if found is None:
        raise AbsenceNotFound(field="absenceId", absence_id=absence_id)
    changed = (found.justified, found.justification) != (justified, grounds)
    if changed:
        decided = {"justified": justified, "justification": grounds, "justified_at": now if justified else None}
        await session.execute(update(Absence).where(*here).values(**decided))
    absence = AbsenceRecord(*(await session.execute(select_absences().where(col(Absence.id) == absence_id))).one())
    if changed:
        record_event(session, Topic.ABSENCE_JUSTIFIED, subject=absence.id, facts=absence_facts(absence))
    return absence


def _interval(starts_at: datetime, ends_at: datetime, now: datetime) -> tuple[datetime, datetime]:
    start, end = _instant(starts_at, "startsAt"), _instant(ends_at, "endsAt")
    if not now - PAST <= start <= now + AHEAD:
        raise AbsenceOutOfRange(field="startsAt", past=PAST.days, ahead=AHEAD.days)
    if end <= start:
        raise AbsenceEndsFirst(field="endsAt")
    if end - start > LONGEST:
        raise AbsenceTooLong(field="endsAt", days=LONGEST.days)
    return start, end


def _instant(moment: datetime, field: str) -> datetime:
    if moment.tzinfo is None:
        raise OffsetMissing(field=field)
    return moment.astimezone(UTC)


def _reason(reason: str | None, field: str) -> str | None:
    if reason is None:
        return None
    return REASON.read(reason, field) or None
