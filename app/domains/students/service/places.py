"""Lists of programmes, classes and school years, in the order of their codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Text, Uuid, bindparam, column, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.pagination import Page, Position
from app.core.tables import THIS_SCHOOL
from app.domains.students.records import ClassRecord, ProgrammeRecord, SchoolYearRecord
from app.domains.students.service.studies import CLASS_COLUMNS, PROGRAMME_COLUMNS, YEAR_COLUMNS, require_programme
from app.domains.students.tables import Programme, SchoolClass, SchoolYear

Record = TypeVar("Record")


def place_of(record: ProgrammeRecord | ClassRecord | SchoolYearRecord) -> Position:
    return Position(record.code, record.id)


async def list_programmes(session: AsyncSession, *, first: int, after: Position | None) -> Page[ProgrammeRecord]:
    return await _page(session, _in_order(Programme, PROGRAMME_COLUMNS, after), ProgrammeRecord, first)


async def list_school_years(session: AsyncSession, *, first: int, after: Position | None) -> Page[SchoolYearRecord]:
    return await _page(session, _in_order(SchoolYear, YEAR_COLUMNS, after), SchoolYearRecord, first)


async def list_classes(
    session: AsyncSession, *, first: int, after: Position | None, programme: str | None = None
) -> Page[ClassRecord]:
    """Of one programme, by its code, or of all. Raises ProgrammeNotFound and InvalidInput."""
    statement = _in_order(SchoolClass, CLASS_COLUMNS, after)
    if programme is not None:
        owner = await require_programme(session, programme)
        statement = statement.where(col(SchoolClass.programme_id) == owner.id)
    return await _page(session, statement, ClassRecord, first)


def _in_order(table: type[Programme | SchoolClass | SchoolYear], columns: Sequence[Any], after: Position | None) -> Any:
    """A code is one of a school: it tells alone where a page ends."""
    statement = select(*columns).where(col(table.school_id) == THIS_SCHOOL).order_by(col(table.code))
    return statement if after is None else statement.where(col(table.code) > after.key)


async def _page(session: AsyncSession, statement: Any, record: type[Record], first: int) -> Page[Record]:
    found = await session.execute(statement.limit(first + 1))
    return Page.cut([record(*row) for row in found], first)


@dataclass(frozen=True, slots=True)
class ClassesPage:
    """A page of the classes of a programme."""

    programme_id: UUID
    first: int
    after: Position | None


async def classes_of_programmes(
    session: AsyncSession, pages: Sequence[ClassesPage]
) -> dict[ClassesPage, Page[ClassRecord]]:
    """Pages that begin at one place come in one statement, however many programmes there are."""
    found: dict[ClassesPage, Page[ClassRecord]] = {}
    for first, after in dict.fromkeys((page.first, page.after) for page in pages):
        alike = [page for page in pages if (page.first, page.after) == (first, after)]
        values: dict[str, Any] = {"programmes": [page.programme_id for page in alike], "count": first + 1}
        values["code"] = "" if after is None else after.key
        rows = [ClassRecord(*row) for row in await session.execute(_CLASSES_OF_PROGRAMMES, values)]
        for page in alike:
            found[page] = Page.cut([row for row in rows if row.programme_id == page.programme_id], first)
    return found


_asked = (
    func.unnest(bindparam("programmes", type_=ARRAY(Uuid))).table_valued(column("id", Uuid)).render_derived("asked")
)
_classes = (
    select(*CLASS_COLUMNS)
    .where(
        col(SchoolClass.school_id) == THIS_SCHOOL,
        col(SchoolClass.programme_id) == _asked.c.id,
        col(SchoolClass.code) > bindparam("code", type_=Text),
    )
    .order_by(col(SchoolClass.code))
    .limit(bindparam("count", type_=Integer))
    .correlate(_asked)
    .lateral("classes")
)
_CLASSES_OF_PROGRAMMES = select(*_classes.c).join_from(_asked, _classes, true()).order_by(_classes.c.code)
"""Takes `programmes`, their ids, `count`, and the `code` after which a page begins: no code is before an empty one."""
