"""Lists of students: which of them, in which order, page by page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    column,
    func,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.pagination import Key, Page, Position
from app.core.tables import THIS_SCHOOL
from app.domains.students.records import StudentRecord
from app.domains.students.service.people import describe_students, records_of
from app.domains.students.service.studies import require_class, require_programme, require_school_year
from app.domains.students.statements import DETAILS, IDENTITY, with_enrolments
from app.domains.students.tables import Enrolment, Student

_MOMENT = DateTime(timezone=True)
ORDERS: Final[dict[str, Any]] = {
    "updated_at": (col(Student.updated_at), _MOMENT),
    "last_name": (col(Student.name_key), Text(collation="C")),
    "matricule": (col(Student.matricule_key), Text()),
}
_AFTER_EVERY_LETTER = func.chr(0x10FFFF)


@dataclass(frozen=True, slots=True)
class StudentFilter:
    """Which students; None excludes nobody. Class, programme and year are codes, and of one and the same enrolment.

    Without a school year it is an enrolment that runs on the day asked about.
    """

    school_class: str | None = None
    programme: str | None = None
    school_year: str | None = None
    status: str | None = None
    updated_since: datetime | None = None
    name_prefix: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A student in a list, and what the list is sorted by."""

    record: StudentRecord
    key: Key

    @property
    def position(self) -> Position:
        return Position(self.key, self.record.identity.id)


async def list_students(
    session: AsyncSession,
    *,
    first: int,
    after: Position | None,
    on: date,
    which: StudentFilter | None = None,
    order: str = "updated_at",
) -> Page[Listed]:
    """A page of the students of `which` in the order of ORDERS named `order`, described as of the day `on`.

    Raises ClassNotFound, ProgrammeNotFound, SchoolYearNotFound and InvalidInput, naming the field of the filter.
    """
    asked = await _asked(session, which or StudentFilter())
    asked |= {} if after is None else {"key": after.key, "after_id": after.id}
    values = {**asked, "count": first + 1, "on": on}
    rows = (await session.execute(list_statement(order, frozenset(asked)), values)).all()
    keys = {row.id: row.key for row in rows}
    return Page.cut([Listed(record, keys[record.identity.id]) for record in records_of(rows)], first)


async def _asked(session: AsyncSession, which: StudentFilter) -> dict[str, Any]:
    """A value for each condition of the statement, and for no other; `runs` is True."""
    values: dict[str, Any] = {
        "status": which.status,
        "updated_since": which.updated_since,
        "name_prefix": which.name_prefix,
    }
    if which.school_class is not None:
        values["class_id"] = (await require_class(session, which.school_class, "filter.class")).id
    if which.programme is not None:
        values["programme_id"] = (await require_programme(session, which.programme, "filter.programme")).id
    if which.school_year is not None:
        values["year_id"] = (await require_school_year(session, which.school_year, "filter.schoolYear")).id
    elif "class_id" in values or "programme_id" in values:
        values["runs"] = True
    return {name: value for name, value in values.items() if value is not None}


@cache
def list_statement(order: str, asked: frozenset[str]) -> Select[*tuple[Any, ...]]:
    """A page of students with the enrolments that run `on` a day, of which it takes `count`: see `_page`."""
    return with_enrolments(_page(order, asked, *IDENTITY, *DETAILS), "key", "id")


def _page(order: str, asked: frozenset[str], *columns: Any) -> Select[*tuple[Any, ...]]:
    """Students and their `key`, with a condition for each name in `asked`, which takes a value of that name."""
    key, kind = ORDERS[order]
    statement = select(*columns, key.label("key")).where(col(Student.school_id) == THIS_SCHOOL)
    conditions: dict[str, Callable[[], ColumnElement[bool]]] = {
        "status": lambda: col(Student.status) == bindparam("status"),
        "updated_since": lambda: col(Student.updated_at) >= bindparam("updated_since", type_=_MOMENT),
        "name_prefix": _begins,
        "key": lambda: (
            tuple_(key, col(Student.id)) > tuple_(bindparam("key", type_=kind), bindparam("after_id", type_=Uuid))
        ),
    }
    statement = statement.where(*(make() for name, make in conditions.items() if name in asked))
    if studies := sorted(asked & _OF_ENROLMENT.keys()):
        statement = statement.where(_enrolled(*(_OF_ENROLMENT[name] for name in studies)))
    return statement.order_by(key, col(Student.id)).limit(bindparam("count", type_=Integer))


def _begins() -> ColumnElement[bool]:
    """A beginning is a range: LIKE is not leakproof and would read the whole school."""
    beginning = func.fold_name(bindparam("name_prefix", type_=Text))
    return and_(col(Student.name_key) >= beginning, col(Student.name_key) < beginning.op("||")(_AFTER_EVERY_LETTER))


_OF_ENROLMENT: Final[dict[str, ColumnElement[bool]]] = {
    "class_id": col(Enrolment.class_id) == bindparam("class_id", type_=Uuid),
    "programme_id": col(Enrolment.programme_id) == bindparam("programme_id", type_=Uuid),
    "year_id": col(Enrolment.school_year_id) == bindparam("year_id", type_=Uuid),
    "runs": bindparam("on", type_=Date).between(col(Enrolment.starts_on), col(Enrolment.ends_on)),
}


def _enrolled(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whoever has two such enrolments is one student all the same."""
    return (
        select(1)
        .where(col(Enrolment.school_id) == THIS_SCHOOL, col(Enrolment.student_id) == col(Student.id), *conditions)
        .correlate_except(Enrolment)
        .exists()
    )


@dataclass(frozen=True, slots=True)
class RosterPage:
    """A page of the students of a class, by name: in the school year with this id, or on the day asked about."""

    class_id: UUID
    year_id: UUID | None
    first: int
    after: Position | None


async def rosters(session: AsyncSession, pages: Sequence[RosterPage], *, on: date) -> dict[RosterPage, Page[Listed]]:
    """Pages that begin at one place of one year, for several classes: two statements, however many classes there are.

    Pages of other kinds come in statements of their own.
    """
    found: dict[RosterPage, Page[Any]] = {}
    for kind in dict.fromkeys((page.year_id, page.first, page.after) for page in pages):
        alike = [page for page in pages if (page.year_id, page.first, page.after) == kind]
        found |= await _alike(session, alike, on)
    ids = [row.id for page in found.values() for row in page.items]
    described = await describe_students(session, list(dict.fromkeys(ids)), on=on)
    return {
        asked: Page([Listed(described[row.id], row.key) for row in page.items], page.has_next)
        for asked, page in found.items()
    }


async def _alike(session: AsyncSession, pages: Sequence[RosterPage], on: date) -> dict[RosterPage, Page[Any]]:
    asked = pages[0]
    conditions = {"runs" if asked.year_id is None else "year_id"} | (set() if asked.after is None else {"key"})
    values: dict[str, Any] = {"classes": [page.class_id for page in pages], "count": asked.first + 1, "on": on}
    values |= {} if asked.year_id is None else {"year_id": asked.year_id}
    values |= {} if asked.after is None else {"key": asked.after.key, "after_id": asked.after.id}
    rows = (await session.execute(roster_statement(frozenset(conditions)), values)).all()
    return {page: Page.cut([row for row in rows if row.class_id == page.class_id], asked.first) for page in pages}


@cache
def roster_statement(conditions: frozenset[str]) -> Select[*tuple[Any, ...]]:
    """A page of each of `classes`, by name: class_id, id, key. It takes `count`, `year_id` or `on`, and a place."""
    asked = (
        func.unnest(bindparam("classes", type_=ARRAY(Uuid)))
        .table_valued(column("class_id", Uuid))
        .render_derived("asked")
    )
    studies = (_OF_ENROLMENT[name] for name in sorted(conditions & _OF_ENROLMENT.keys()))
    members = (
        _page("last_name", conditions - _OF_ENROLMENT.keys(), col(Student.id))
        .where(_enrolled(col(Enrolment.class_id) == asked.c.class_id, *studies))
        .correlate(asked)
        .lateral("members")
    )
    return (
        select(asked.c.class_id, members.c.id, members.c.key)
        .join_from(asked, members, true())
        .order_by(asked.c.class_id, members.c.key, members.c.id)
    )
