"""Students as the API shows them."""

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Self
from uuid import UUID

import strawberry

from app.core.clock import today
from app.core.graph.context import Context, Info
from app.core.graph.node import Node, NodeKind, node_id_field, node_id_of
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.students.loaders import students_by_id
from app.domains.students.records import StudentRecord
from app.domains.students.schema.studies import OPEN_STUDENTS, Enrolment, Programme, SchoolClass
from app.domains.students.service import describe_student

_of_student = any_scope(OPEN_STUDENTS)
_of_details = any_scope([Scope.STUDENTS_DETAILS_READ, Scope.STUDENTS_WRITE])


@strawberry.enum(name="StudentStatus", description="Where a student stands with the school.")
class StudentStatus(Enum):
    active = strawberry.enum_value("active", description="Studies here.")
    suspended = strawberry.enum_value("suspended", description="Kept away for a time.")
    graduated = strawberry.enum_value("graduated", description="Finished with a diploma.")
    left = strawberry.enum_value("left", description="Gone without a diploma.")


@strawberry.type(description="A student, as of today in the school's time zone.")
class Student(Node):
    id: strawberry.Private[UUID]
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
    birth_date: date | None = _of_details(
        description="Day of birth; null where it is not known.", personal=True, example="2004-05-17"
    )
    email: str | None = _of_details(
        description="E-mail address; null where it is not known.", personal=True, example="aissatou@etu.demo.example"
    )

    @classmethod
    def of(cls, record: StudentRecord) -> Self:
        enrolments = [Enrolment.of(enrolment) for enrolment in record.enrolments]
        return cls(
            id=record.identity.id,
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
            birth_date=record.birth_date,
            email=record.email,
        )


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


@strawberry.type
class StudentQuery:
    student: Student | None = scoped(
        Scope.STUDENTS_READ, description="The student with this matricule; null for nobody.", resolver=_student
    )


def _show(record: StudentRecord, context: Context) -> Student:
    context.saw(record.identity.id)
    return Student.of(record)


STUDENT_NODE = NodeKind(Student, (Scope.STUDENTS_READ, Scope.STUDENTS_LIST), students_by_id, _show)
