"""The list of students."""

import strawberry

from app.core.clock import today
from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Info
from app.core.graph.scoped import scoped
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.domains.students.records import StudentRecord
from app.domains.students.schema.student import Student
from app.domains.students.service import list_students

_CONNECTION = "students"


async def _students(info: Info, first: First = DEFAULT_PAGE, after: After = None) -> Connection[Student]:
    context = info.context
    position = read_cursor(context, _CONNECTION, after)
    async with context.read() as session:
        on = today(context.clock, context.actor.timezone)
        page = await list_students(session, first=page_size(first), after=position, on=on)
    context.saw(*(record.identity.id for record in page.items))
    return Connection[Student].of(context, _CONNECTION, page, show=Student.of, position=_position)


def _position(record: StudentRecord) -> Position:
    return Position(record.updated_at, record.identity.id)


@strawberry.type
class StudentsQuery:
    students: Connection[Student] = scoped(
        Scope.STUDENTS_LIST,
        description="Every student of the school, in the order of their last change.",
        resolver=_students,
        cost=2,
    )
