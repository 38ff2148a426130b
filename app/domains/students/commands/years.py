"""School years: from when to when a school teaches, by its own calendar."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import case, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.students.commands.studies import closing
from app.domains.students.errors import CodeTaken, SchoolYearInvalid
from app.domains.students.records import SchoolYearRecord
from app.domains.students.service.studies import YEAR_COLUMNS, require_school_year
from app.domains.students.tables import Enrolment, SchoolYear

LONGEST = timedelta(days=731)


async def create_school_year(
    session: AsyncSession, actor: Actor, *, code: str, starts_on: date, ends_on: date
) -> SchoolYearRecord:
    """Two years may overlap: a campus may keep another calendar. Raises CodeTaken, SchoolYearInvalid, InvalidInput."""
    _check(starts_on, ends_on)
    values: dict[str, Any] = {"code": normalise_code(code, "code"), "starts_on": starts_on, "ends_on": ends_on}
    made = insert(SchoolYear).values(school_id=actor.school_id, **values).on_conflict_do_nothing()
    row = (await session.execute(made.returning(*YEAR_COLUMNS))).one_or_none()
    if row is None:
        raise CodeTaken(field="code", taken=values["code"])
    return _tell(session, SchoolYearRecord(*row))


async def update_school_year(session: AsyncSession, actor: Actor, *, code: str, **changes: Any) -> SchoolYearRecord:
    """`changes`: starts_on, ends_on, closed. Enrolments that begin or end with the year go along with it.

    Raises SchoolYearNotFound and SchoolYearInvalid.
    """
    found = await require_school_year(session, code, "code")
    first, last = changes.get("starts_on") or found.starts_on, changes.get("ends_on") or found.ends_on
    _check(first, last)
    days = {"starts_on": first, "ends_on": last}
    wanted = {name: day for name, day in days.items() if day != getattr(found, name)}
    wanted |= closing(changes, closed=found.closed_at is not None)
    if not wanted:
        return found
    statement = update(SchoolYear).where(col(SchoolYear.school_id) == actor.school_id, col(SchoolYear.id) == found.id)
    row = (await session.execute(statement.values(**wanted).returning(*YEAR_COLUMNS))).one()
    if days.keys() & wanted.keys():
        await _take_along(session, found, first, last)
    return _tell(session, SchoolYearRecord(*row))


async def close_school_year(session: AsyncSession, actor: Actor, *, code: str) -> SchoolYearRecord:
    """Takes no more enrolments; those it has stay. Raises SchoolYearNotFound."""
    return await update_school_year(session, actor, code=code, closed=True)


async def _take_along(session: AsyncSession, year: SchoolYearRecord, first: date, last: date) -> None:
    """Enrolments with days of their own keep them, and so does one that would end before it begins."""
    starts = case((col(Enrolment.starts_on) == year.starts_on, first), else_=col(Enrolment.starts_on))
    ends = case((col(Enrolment.ends_on) == year.ends_on, last), else_=col(Enrolment.ends_on))
    await session.execute(
        update(Enrolment)
        .where(
            col(Enrolment.school_id) == THIS_SCHOOL,
            col(Enrolment.school_year_id) == year.id,
            or_(col(Enrolment.starts_on) == year.starts_on, col(Enrolment.ends_on) == year.ends_on),
            starts <= ends,
        )
        .values(starts_on=starts, ends_on=ends)
    )


def _check(first: date, last: date) -> None:
    """Raises SchoolYearInvalid."""
    if not timedelta(0) < last - first <= LONGEST:
        raise SchoolYearInvalid(field="endsOn", longest_days=LONGEST.days)


def _tell(session: AsyncSession, year: SchoolYearRecord) -> SchoolYearRecord:
    facts = {"code": year.code, "starts_on": year.starts_on, "ends_on": year.ends_on}
    facts |= {"closed": year.closed_at is not None}
    record_event(session, Topic.SCHOOL_YEAR_CHANGED, subject=year.id, facts=facts)
    return year
