"""Recording that a student is away."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.text import Form
from app.domains.absences.errors import (
    AbsenceEndsFirst,
    AbsenceOutOfRange,
    AbsenceOverlap,
    AbsenceTooLong,
    OffsetMissing,
)
from app.domains.absences.tables import Absence
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.students.service import require_student

REASON = Form(500, blank=True)
LONGEST = timedelta(days=366)
PAST = timedelta(days=5 * 366)
AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class AbsenceRecord:
    """An absence from `starts_at` up to, not including, `ends_at`; all times are in UTC."""

    id: UUID
    student_id: UUID
    matricule: str
    starts_at: datetime
    ends_at: datetime
    reason: str | None
    justified: bool
    recorded_at: datetime


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
    cleaned = _reason(reason)
    student = await require_student(session, matricule)
    values = {
        "student_id": student.id,
        "starts_at": start,
        "ends_at": end,
        "reason": cleaned,
        "justified": justified,
        "recorded_at": now,
    }
    made = insert(Absence).values(school_id=actor.school_id, partner_id=actor.partner_id, **values)
    made = made.on_conflict_do_nothing(constraint="ex_absence_overlap")
    absence_id = await session.scalar(made.returning(col(Absence.id)))
    if absence_id is None:
        raise AbsenceOverlap(field="startsAt", student_id=student.id)
    absence = AbsenceRecord(absence_id, student.id, student.matricule, start, end, cleaned, justified, now)
    record_event(session, Topic.ABSENCE_RECORDED, subject=absence.id, facts=absence_facts(absence), occurred_at=now)
    return absence


def absence_facts(absence: AbsenceRecord) -> dict[str, Any]:
    """What the log keeps. Not the reason: it may speak of somebody's health."""
    return {
        "matricule": absence.matricule,
        "starts_at": absence.starts_at.isoformat(),
        "ends_at": absence.ends_at.isoformat(),
        "justified": absence.justified,
    }


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


def _reason(reason: str | None) -> str | None:
    if reason is None:
        return None
    return REASON.read(reason, "reason") or None
