"""From one to many: what a student carries and studied, who is in a class, which classes a programme has.

Each is a loader: a list of students, classes or programmes asks once for all of them.
"""

from typing import Annotated

from strawberry import argument

from app.core.errors import SkoolyError
from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Context, Info
from app.core.graph.extending import extends
from app.core.graph.node import NodeKind
from app.core.graph.scoped import scoped
from app.core.pagination import DEFAULT_PAGE, page_size
from app.core.scopes import Scope
from app.domains.students import loaders
from app.domains.students.records import BadgeRecord
from app.domains.students.schema.badges import Badge
from app.domains.students.schema.lists import connect
from app.domains.students.schema.places import connect_classes
from app.domains.students.schema.student import STUDENT_NODE, Student
from app.domains.students.schema.studies import Enrolment, Programme, SchoolClass
from app.domains.students.schema.years import SchoolYear
from app.domains.students.service.lists import RosterPage
from app.domains.students.service.places import ClassesPage

_InYear = Annotated[
    str | None,
    argument(
        description="Code of a school year: who is or was in the class then. Null for who is in it today.",
        metadata={"example": "2024-2025"},
    ),
]


async def _badges(root: Student, info: Info) -> list[Badge]:
    context = info.context
    return [Badge.of(each, context.actor.timezone) for each in await context.load(loaders.badges_of_students, root.id)]


async def _history(root: Student, info: Info) -> list[Enrolment]:
    return [Enrolment.of(each) for each in await info.context.load(loaders.enrolments_of_students, root.id)]


async def _programme(root: SchoolClass, info: Info) -> Programme:
    record = await info.context.load(loaders.programmes_by_id, root.programme_id)
    assert record is not None, "a foreign key leads to it"
    return Programme.of(record)


async def _students(
    root: SchoolClass, info: Info, first: First = DEFAULT_PAGE, after: After = None, school_year: _InYear = None
) -> Connection[Student]:
    context, name = info.context, f"class.students {root.id} {school_year}"
    place = read_cursor(context, name, after)
    year = None if school_year is None else await context.load(loaders.school_years_by_code, school_year)
    assert not isinstance(year, SkoolyError), "a loader raises what a batch gives as an error"
    asked = RosterPage(root.id, None if year is None else year.id, page_size(first), place)
    return connect(context, name, await context.load(loaders.rosters, asked))


async def _classes(
    root: Programme, info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[SchoolClass]:
    context, name = info.context, f"programme.classes {root.id}"
    asked = ClassesPage(root.id, page_size(first), read_cursor(context, name, after))
    return connect_classes(context, name, await context.load(loaders.classes_of_programmes, asked))


@extends(Student)
class StudentEdges:
    badges: list[Badge] = scoped(
        Scope.BADGES_LIST,
        description="The badges carried now and those given back, the latest first.",
        resolver=_badges,
        personal=True,
        size=3,
    )
    enrolment_history: list[Enrolment] = scoped(
        Scope.ENROLMENTS_READ,
        description="Every enrolment: past ones, those that run today and those to come, the latest first.",
        resolver=_history,
        personal=True,
        size=6,
    )


@extends(SchoolClass)
class ClassEdges:
    programme: Programme = scoped(
        Scope.PROGRAMMES_READ, description="The programme it belongs to.", resolver=_programme
    )
    students: Connection[Student] = scoped(
        Scope.STUDENTS_LIST,
        description="Who is in it today, or was in a school year, by name, whatever their status.",
        resolver=_students,
        cost=2,
    )


@extends(Programme)
class ProgrammeEdges:
    classes: Connection[SchoolClass] = scoped(
        Scope.PROGRAMMES_READ,
        description="Its classes, in the order of their codes.",
        resolver=_classes,
        cost=2,
    )


def _show_badge(record: BadgeRecord, context: Context) -> Badge:
    context.saw(record.student_id)
    return Badge.of(record, context.actor.timezone)


NODES = (
    STUDENT_NODE,
    NodeKind(Badge, (Scope.BADGES_LIST,), loaders.badges_by_id, _show_badge),
    NodeKind(Programme, (Scope.PROGRAMMES_READ,), loaders.programmes_by_id, lambda record, _: Programme.of(record)),
    NodeKind(SchoolClass, (Scope.PROGRAMMES_READ,), loaders.classes_by_id, lambda record, _: SchoolClass.of(record)),
    NodeKind(
        SchoolYear, (Scope.SCHOOL_YEARS_READ,), loaders.school_years_by_id, lambda record, _: SchoolYear.of(record)
    ),
)
