"""What is asked of this slice for many at a time: one value for each key, in their order."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import today
from app.core.errors import SkoolyError
from app.core.graph.context import Context
from app.core.pagination import Page
from app.domains.students.records import (
    BadgeRecord,
    ClassRecord,
    EnrolmentRecord,
    ProgrammeRecord,
    SchoolYearRecord,
    StudentRecord,
)
from app.domains.students.service import badges, people, places, studies
from app.domains.students.service.lists import Listed, RosterPage
from app.domains.students.service.lists import rosters as read_rosters
from app.domains.students.service.places import ClassesPage


async def students_by_id(context: Context, ids: Sequence[UUID]) -> list[StudentRecord | None]:
    on = today(context.clock, context.actor.timezone)
    async with context.read() as session:
        found = await people.describe_students(session, ids, on=on)
    return [found.get(id) for id in ids]


async def enrolments_of_students(context: Context, ids: Sequence[UUID]) -> list[list[EnrolmentRecord]]:
    async with context.read() as session:
        found = await people.enrolments_of_students(session, ids)
    return [found[id] for id in ids]


async def badges_of_students(context: Context, ids: Sequence[UUID]) -> list[list[BadgeRecord]]:
    async with context.read() as session:
        found = await badges.badges_of_students(session, ids)
    return [found[id] for id in ids]


async def badges_by_id(context: Context, ids: Sequence[UUID]) -> list[BadgeRecord | None]:
    async with context.read() as session:
        found = await badges.badges_by_id(session, ids)
    return [found.get(id) for id in ids]


async def programmes_by_id(context: Context, ids: Sequence[UUID]) -> list[ProgrammeRecord | None]:
    async with context.read() as session:
        found = await studies.programmes_by_id(session, ids)
    return [found.get(id) for id in ids]


async def classes_by_id(context: Context, ids: Sequence[UUID]) -> list[ClassRecord | None]:
    async with context.read() as session:
        found = await studies.classes_by_id(session, ids)
    return [found.get(id) for id in ids]


async def school_years_by_id(context: Context, ids: Sequence[UUID]) -> list[SchoolYearRecord | None]:
    async with context.read() as session:
        found = await studies.school_years_by_id(session, ids)
    return [found.get(id) for id in ids]


async def classes_of_programmes(context: Context, pages: Sequence[ClassesPage]) -> list[Page[ClassRecord]]:
    async with context.read() as session:
        found = await places.classes_of_programmes(session, pages)
    return [found[page] for page in pages]


async def rosters(context: Context, pages: Sequence[RosterPage]) -> list[Page[Listed]]:
    on = today(context.clock, context.actor.timezone)
    async with context.read() as session:
        found = await read_rosters(session, pages, on=on)
    return [found[page] for page in pages]


async def school_years_by_code(context: Context, codes: Sequence[str]) -> list[SchoolYearRecord | SkoolyError]:
    """For each code its school year, or why there is none: an operation names one or two."""
    async with context.read() as session:
        return [await _required(session, code) for code in codes]


async def _required(session: AsyncSession, code: str) -> SchoolYearRecord | SkoolyError:
    try:
        return await studies.require_school_year(session, code)
    except SkoolyError as missing:
        return missing
