"""The list of students, filtered and ordered as a school or a partner needs it."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry import argument

from app.core.clock import today
from app.core.errors import InvalidInput
from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Context, Info
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.pagination import DEFAULT_PAGE, Page, page_size
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.students.commands.checks import NAME
from app.domains.students.schema.student import Student, StudentStatus
from app.domains.students.service.lists import Listed, StudentFilter, list_students

_lists = any_scope([Scope.STUDENTS_LIST])


@strawberry.enum(description="What a list of students is sorted by.")
class StudentOrder(Enum):
    updated_at = strawberry.enum_value(
        "updated_at", description="Their last change, the oldest first: a reader who goes on misses nothing."
    )
    last_name = strawberry.enum_value(
        "last_name", description="Family name, then given names, without regard to case, accents and apostrophes."
    )
    matricule = strawberry.enum_value("matricule", description="Their number, without regard to case.")


def _code(description: str, example: str, name: str | None = None) -> str | None:
    code: str | None = _lists(description=description, example=example, optional=True, form=IDENTIFIER, name=name)
    return code


@strawberry.input(
    description="Which students. What is left out excludes nobody. Class, programme and school year are those of one "
    "and the same enrolment; without a school year, of an enrolment that runs today."
)
class StudentFilterInput:
    school_class: str | None = _code("In the class with this code.", "INF-L2-DK", "class")
    programme: str | None = _code("In the programme with this code.", "INF")
    school_year: str | None = _code("Enrolled for the school year with this code, past ones too.", "2024-2025")
    status: StudentStatus | None = _lists(description="Who stand so with the school.", example="active", optional=True)
    updated_since: datetime | None = _lists(
        description="Who changed at this instant or later; give its offset.",
        example="2025-01-13T00:00:00+00:00",
        optional=True,
    )
    name_prefix: str | None = _lists(
        description="Whose family name, then given names, begin so: `ndi` finds N'Diaye and Ndiaye.",
        personal=True,
        example="ndi",
        optional=True,
        form=NAME,
    )


Filter = Annotated[StudentFilterInput | None, argument(description="Which students; all where null.")]
Order = Annotated[StudentOrder, argument(description="What the list is sorted by.")]


async def _students(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    filter: Filter = None,
    order: Order = StudentOrder.updated_at,
) -> Connection[Student]:
    context = info.context
    which, sorted_by = _read(filter), plain(order)
    name = f"students {sorted_by} {which}"
    async with context.read() as session:
        page = await list_students(
            session,
            first=page_size(first),
            after=read_cursor(context, name, after),
            on=today(context.clock, context.actor.timezone),
            which=which,
            order=sorted_by,
        )
    return connect(context, name, page)


def connect(context: Context, name: str, page: Page[Listed]) -> Connection[Student]:
    """A page of the list called `name`, whose students the operation shows."""
    context.saw(*(listed.record.identity.id for listed in page.items))
    return Connection[Student].of(
        context,
        name,
        page,
        show=lambda listed: Student.of(listed.record),
        position=lambda listed: listed.position,
    )


def _read(given: StudentFilterInput | None) -> StudentFilter:
    """Raises InvalidInput."""
    which = StudentFilter(**plain(given)) if given else StudentFilter()
    if which.updated_since is not None and which.updated_since.tzinfo is None:
        raise InvalidInput(
            field="filter.updatedSince",
            reason_fr="l'instant doit porter son décalage, comme 2025-01-13T08:00:00+00:00",
            reason_en="the instant needs its offset, like 2025-01-13T08:00:00+00:00",
        )
    if which.name_prefix is not None:
        NAME.read(which.name_prefix, "filter.namePrefix")
    return which


@strawberry.type
class StudentsQuery:
    students: Connection[Student] = scoped(
        Scope.STUDENTS_LIST,
        description="The students of the school, in the order of their last change where none is given.",
        resolver=_students,
        cost=2,
    )
