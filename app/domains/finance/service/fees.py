"""Fee schedules: what students of a programme, a class or a year are billed, in instalments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.pagination import Page, Position
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance.errors import FeeScheduleNotFound, FeeScheduleRetired, FeeScheduleTaken
from app.domains.finance.fee_tables import FeePart, FeeSchedule
from app.domains.finance.invoice_statements import same
from app.domains.finance.records import Due
from app.domains.finance.service.checks import LABEL, one_of
from app.domains.finance.service.invoices import total_of
from app.domains.finance.tables import KINDS
from app.domains.students.service.studies import require_class, require_programme, require_school_year
from app.domains.students.tables import Programme, SchoolClass, SchoolYear


@dataclass(frozen=True, slots=True)
class FeeScheduleRecord:
    """`programme`, `school_class` and `school_year` are codes, None where it is for all of them. Instants are UTC."""

    id: UUID
    code: str
    label: str
    kind: str
    currency: str
    programme: str | None
    school_class: str | None
    school_year: str | None
    created_at: datetime
    retired_at: datetime | None
    parts: tuple[Due, ...]

    @property
    def total(self) -> int:
        return sum(part.amount for part in self.parts)


_SCHEDULES: Select[*tuple[Any, ...]] = (
    select(
        col(FeeSchedule.id),
        col(FeeSchedule.code),
        col(FeeSchedule.label),
        col(FeeSchedule.kind),
        col(FeeSchedule.currency),
        col(Programme.code).label("programme"),
        col(SchoolClass.code).label("school_class"),
        col(SchoolYear.code).label("school_year"),
        col(FeeSchedule.created_at),
        col(FeeSchedule.retired_at),
    )
    .outerjoin(Programme, same(Programme, FeeSchedule.programme_id))
    .outerjoin(SchoolClass, same(SchoolClass, FeeSchedule.class_id))
    .outerjoin(SchoolYear, same(SchoolYear, FeeSchedule.school_year_id))
    .where(col(FeeSchedule.school_id) == THIS_SCHOOL)
)


async def create_fee_schedule(
    session: AsyncSession,
    *,
    code: str,
    label: str,
    kind: str,
    currency: str,
    instalments: Sequence[Due],
    programme: str | None = None,
    school_class: str | None = None,
    school_year: str | None = None,
) -> FeeScheduleRecord:
    """Codes narrow whom it is for. Raises FeeScheduleTaken, ProgrammeNotFound, ClassNotFound, SchoolYearNotFound.

    Raises InvalidInput for unusable texts and amounts.
    """
    total_of(instalments, currency)
    values: dict[str, Any] = {
        "code": normalise_code(code, "code"),
        "label": LABEL.read(label, "label"),
        "kind": one_of(kind, KINDS, "kind"),
        "currency": currency,
        "programme_id": (await require_programme(session, programme)).id if programme else None,
        "class_id": (await require_class(session, school_class)).id if school_class else None,
        "school_year_id": (await require_school_year(session, school_year)).id if school_year else None,
    }
    made = insert(FeeSchedule).values(school_id=THIS_SCHOOL, **values)
    made = made.on_conflict_do_nothing(constraint="uq_fee_schedule_school_id_code")
    schedule_id = await session.scalar(made.returning(col(FeeSchedule.id)))
    if schedule_id is None:
        raise FeeScheduleTaken(field="code", schedule=values["code"])
    parts = [
        {
            "school_id": THIS_SCHOOL,
            "fee_schedule_id": schedule_id,
            "number": number,
            "due_on": due.due_on,
            "amount": due.amount,
        }
        for number, due in enumerate(instalments, start=1)
    ]
    await session.execute(insert(FeePart).values(parts))
    schedule = (await fee_schedules_by_id(session, [schedule_id]))[schedule_id]
    record_event(session, Topic.FEE_SCHEDULE_CREATED, subject=schedule_id, facts=fee_schedule_facts(schedule))
    return schedule


async def retire_fee_schedule(session: AsyncSession, *, code: str) -> FeeScheduleRecord:
    """It bills nobody any more; what it has billed stays. Raises FeeScheduleNotFound, FeeScheduleRetired."""
    schedule = await require_fee_schedule(session, code, field="code")
    mine = (col(FeeSchedule.school_id) == THIS_SCHOOL, col(FeeSchedule.id) == schedule.id)
    await session.execute(update(FeeSchedule).where(*mine).values(retired_at=func.now()))
    retired = (await fee_schedules_by_id(session, [schedule.id]))[schedule.id]
    record_event(session, Topic.FEE_SCHEDULE_RETIRED, subject=retired.id, facts=fee_schedule_facts(retired))
    return retired


def fee_schedule_facts(schedule: FeeScheduleRecord) -> dict[str, Any]:
    """What the log keeps. Amounts are in minor units."""
    return {
        "code": schedule.code,
        "label": schedule.label,
        "kind": schedule.kind,
        "currency": schedule.currency,
        "total": schedule.total,
        "programme": schedule.programme,
        "class": schedule.school_class,
        "school_year": schedule.school_year,
    }


async def require_fee_schedule(session: AsyncSession, code: str, *, field: str) -> FeeScheduleRecord:
    """One that still bills. Raises FeeScheduleNotFound, FeeScheduleRetired."""
    cleaned = normalise_code(code, field)
    found = await session.execute(_SCHEDULES.where(col(FeeSchedule.code) == cleaned))
    schedule = next(iter(await _records(session, found.all())), None)
    if schedule is None:
        raise FeeScheduleNotFound(field=field, schedule=cleaned)
    if schedule.retired_at is not None:
        raise FeeScheduleRetired(field=field, schedule=cleaned)
    return schedule


async def fee_schedules_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, FeeScheduleRecord]:
    found = await session.execute(_SCHEDULES.where(col(FeeSchedule.id).in_(ids)))
    return {schedule.id: schedule for schedule in await _records(session, found.all())}


async def list_fee_schedules(
    session: AsyncSession, *, first: int, after: Position | None, retired: bool
) -> Page[FeeScheduleRecord]:
    """In the order in which they were made; the `retired` ones as well, or only those that still bill."""
    listed = _SCHEDULES.order_by(col(FeeSchedule.created_at), col(FeeSchedule.id)).limit(first + 1)
    if not retired:
        listed = listed.where(col(FeeSchedule.retired_at).is_(None))
    if after is not None:
        place = tuple_(col(FeeSchedule.created_at), col(FeeSchedule.id))
        listed = listed.where(place > tuple_(after.key, after.id))
    return Page.cut(await _records(session, (await session.execute(listed)).all()), first)


async def _records(session: AsyncSession, rows: Sequence[Any]) -> list[FeeScheduleRecord]:
    parts = await session.execute(
        select(col(FeePart.fee_schedule_id), col(FeePart.due_on), col(FeePart.amount))
        .where(col(FeePart.school_id) == THIS_SCHOOL, col(FeePart.fee_schedule_id).in_([row.id for row in rows]))
        .order_by(col(FeePart.fee_schedule_id), col(FeePart.number))
    )
    dues = {
        schedule_id: tuple(Due(part.due_on, part.amount) for part in of_one)
        for schedule_id, of_one in groupby(parts, key=lambda part: part.fee_schedule_id)
    }
    return [FeeScheduleRecord(**row._mapping, parts=dues[row.id]) for row in rows]
