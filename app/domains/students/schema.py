"""Students and badge holders as the API shows them."""

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Self

import strawberry

from app.core.clock import today
from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Context, Info
from app.core.graph.failure import Failure, failure
from app.core.graph.node import Node, NodeKind, node_id_field, node_id_of
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.students.errors import StudentNotFound
from app.domains.students.loaders import students_by_id
from app.domains.students.records import BadgeHolder as BadgeHolderRecord
from app.domains.students.records import EnrolmentRecord, StudentRecord
from app.domains.students.service import describe_student, find_badge_holder, list_students

_CONNECTION = "students"
_of_student = any_scope([Scope.STUDENTS_READ, Scope.STUDENTS_LIST])
_of_badge = any_scope([Scope.BADGES_READ])


@strawberry.enum(name="StudentStatus", description="Where a student stands with the school.")
class StudentStatus(Enum):
    active = strawberry.enum_value("active", description="Studies here.")
    suspended = strawberry.enum_value("suspended", description="Kept away for a time.")
    graduated = strawberry.enum_value("graduated", description="Finished with a diploma.")
    left = strawberry.enum_value("left", description="Gone without a diploma.")


@strawberry.type(description="A course of study.")
class Programme:
    code: str = _of_student(description="Its code, unique in the school.", example="INF")
    label: str = _of_student(description="Its name.", example="Informatique")


@strawberry.type(description="A group of students of one programme who are taught together.")
class SchoolClass:
    code: str = _of_student(description="Its code, unique in the school.", example="INF-1A")
    label: str = _of_student(description="Its name.", example="Informatique, 1re année, groupe A")


@strawberry.type(description="A student in a programme and a class for a school year.")
class Enrolment:
    programme: Programme = _of_student(description="What is studied.")
    school_class: SchoolClass = _of_student(name="class", description="With whom.")
    school_year: str = _of_student(description="Code of the school year.", example="2024-2025")
    starts_on: date = _of_student(description="First day, inclusive.", example="2024-10-01")
    ends_on: date = _of_student(description="Last day, inclusive.", example="2025-07-31")

    @classmethod
    def of(cls, record: EnrolmentRecord) -> Self:
        return cls(
            programme=Programme(code=record.programme_code, label=record.programme_label),
            school_class=SchoolClass(code=record.class_code, label=record.class_label),
            school_year=record.school_year,
            starts_on=record.starts_on,
            ends_on=record.ends_on,
        )


@strawberry.type(description="A student, as of today in the school's time zone.")
class Student(Node):
    node_id: strawberry.ID = node_id_field(_of_student)
    matricule: str = _of_student(
        description="The number the school gave, as the school writes it.", personal=True, example="2024/INF/0123"
    )
    first_name: str = _of_student(description="Given names.", personal=True, example="Aïssatou")
    last_name: str = _of_student(description="Family name.", personal=True, example="N'Diaye")
    enrolled: bool = _of_student(
        description="Whether the student studies here today: active, with an enrolment that runs.",
        personal=True,
        example=True,
    )
    status: StudentStatus = _of_student(
        description="Where the student stands with the school.", personal=True, example="active"
    )
    programme: Programme | None = _of_student(
        description="What is studied today; with several programmes, the one begun first. Null when there is none."
    )
    school_class: SchoolClass | None = _of_student(
        name="class", description="The class of `programme` today. Null when there is none."
    )
    enrolments: list[Enrolment] = _of_student(
        description="Every enrolment that runs today: a student may be in two programmes.", size=2
    )
    updated_at: datetime = _of_student(
        description="When the student last changed.", example="2025-01-13T09:00:00+00:00"
    )

    @classmethod
    def of(cls, record: StudentRecord) -> Self:
        enrolments = [Enrolment.of(enrolment) for enrolment in record.enrolments]
        return cls(
            node_id=node_id_of("Student", record.identity.id),
            matricule=record.identity.matricule,
            first_name=record.identity.first_name,
            last_name=record.identity.last_name,
            enrolled=record.enrolled,
            status=StudentStatus(record.identity.status),
            programme=enrolments[0].programme if enrolments else None,
            school_class=enrolments[0].school_class if enrolments else None,
            enrolments=enrolments,
            updated_at=record.updated_at,
        )


@strawberry.type(description="Who carries a badge, and nothing more about them.")
class BadgeHolder:
    badge: str = _of_badge(description="The badge: trimmed, in upper case.", personal=True, example="12345")
    matricule: str = _of_badge(
        description="The holder's number, as the school writes it.", personal=True, example="2024/INF/0123"
    )
    first_name: str = _of_badge(description="The holder's given names.", personal=True, example="Aïssatou")
    last_name: str = _of_badge(description="The holder's family name.", personal=True, example="N'Diaye")

    @classmethod
    def of(cls, record: BadgeHolderRecord) -> Self:
        return cls(
            badge=record.badge,
            matricule=record.student.matricule,
            first_name=record.student.first_name,
            last_name=record.student.last_name,
        )


@failure(StudentNotFound, description="No student has this matricule.")
class StudentNotFoundFailure(Failure):
    """A member of the result unions of every mutation that names a student."""


async def _student(
    info: Info,
    matricule: Annotated[
        str,
        takes(
            IDENTIFIER,
            description="The student's number, in any case: `2024/inf/0123` will do.",
            example="2024/INF/0123",
        ),
    ],
) -> Student | None:
    context = info.context
    async with context.read() as session:
        record = await describe_student(session, matricule, on=today(context.clock, context.actor.timezone))
    if record is None:
        return None
    context.saw(record.identity.id)
    return Student.of(record)


async def _student_by_badge(
    info: Info,
    id: Annotated[str, takes(IDENTIFIER, description="What the reader read, in any case.", example="12345")],
) -> BadgeHolder | None:
    async with info.context.read() as session:
        record = await find_badge_holder(session, id)
    if record is None:
        return None
    info.context.saw(record.student.id)
    return BadgeHolder.of(record)


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
class Query:
    student: Student | None = scoped(
        Scope.STUDENTS_READ, description="The student with this matricule; null for nobody.", resolver=_student
    )
    student_by_badge: BadgeHolder | None = scoped(
        Scope.BADGES_READ,
        description="Who carries this badge now; null when it is unknown or revoked.",
        resolver=_student_by_badge,
    )
    students: Connection[Student] = scoped(
        Scope.STUDENTS_LIST,
        description="Every student of the school, in the order of their last change.",
        resolver=_students,
        cost=2,
    )


def _show(record: StudentRecord, context: Context) -> Student:
    context.saw(record.identity.id)
    return Student.of(record)


NODES = (NodeKind(Student, (Scope.STUDENTS_READ, Scope.STUDENTS_LIST), students_by_id, _show),)
