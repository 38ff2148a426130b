"""Enrolling students, ending that early, moving them from class to class."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry import argument

from app.core.graph.context import Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.partners.mutations import IdempotencyKey
from app.domains.students import commands
from app.domains.students.schema.changing import change_student
from app.domains.students.schema.failures import (
    AlreadyEnrolledFailure,
    ClassNotFoundFailure,
    ClosedToEnrolmentFailure,
    EnrolmentNotFoundFailure,
    OtherProgrammeFailure,
    SchoolYearNotFoundFailure,
    StudentGoneFailure,
    StudentNotFoundFailure,
)
from app.domains.students.schema.student import Student

_writes = any_scope([Scope.ENROLMENTS_WRITE])

EnrolStudentResult = Annotated[
    Student
    | StudentNotFoundFailure
    | StudentGoneFailure
    | ClassNotFoundFailure
    | SchoolYearNotFoundFailure
    | ClosedToEnrolmentFailure
    | AlreadyEnrolledFailure
    | InvalidInputFailure,
    strawberry.union("EnrolStudentResult", description="The student as enrolled, or why not."),
]
EndEnrolmentResult = Annotated[
    Student
    | StudentNotFoundFailure
    | ClassNotFoundFailure
    | SchoolYearNotFoundFailure
    | EnrolmentNotFoundFailure
    | InvalidInputFailure,
    strawberry.union("EndEnrolmentResult", description="The student whose enrolment ends, or why it does not."),
]
MoveStudentResult = Annotated[
    Student
    | StudentNotFoundFailure
    | ClassNotFoundFailure
    | SchoolYearNotFoundFailure
    | EnrolmentNotFoundFailure
    | OtherProgrammeFailure
    | ClosedToEnrolmentFailure
    | InvalidInputFailure,
    strawberry.union("MoveStudentResult", description="The student in the other class, or why not."),
]


def _whose() -> str:
    matricule: str = _writes(
        description="The student's number, in any case.", personal=True, example="2024/INF/0123", form=IDENTIFIER
    )
    return matricule


def _code(description: str, example: str, name: str | None = None) -> str:
    code: str = _writes(description=description, example=example, form=IDENTIFIER, name=name)
    return code


@strawberry.input(description="A student to put into a class, and so into its programme.")
class EnrolStudentInput:
    matricule: str = _whose()
    school_class: str = _code("Code of the class.", "INF-L2-DK", "class")
    school_year: str = _code("Code of the school year.", "2024-2025")
    starts_on: date | None = _writes(
        description="First day, within the school year; null for the year's first.",
        example="2024-11-04",
        optional=True,
    )
    ends_on: date | None = _writes(
        description="Last day, inclusive, within the school year; null for the year's last.",
        example="2025-06-30",
        optional=True,
    )


@strawberry.input(description="An enrolment that ends before its time.")
class EndEnrolmentInput:
    matricule: str = _whose()
    school_class: str = _code("Code of the class.", "INF-L2-DK", "class")
    school_year: str = _code("Code of the school year.", "2024-2025")
    on: date | None = _writes(
        description="The last day, inclusive, within the enrolment; null for today.",
        example="2025-03-14",
        optional=True,
    )


@strawberry.input(description="A student to take from one class of a programme into another one.")
class MoveStudentInput:
    matricule: str = _whose()
    school_class: str = _code("Code of the class to leave.", "INF-L2-DK", "class")
    to_class: str = _code("Code of the class to join, of the same programme.", "INF-L2-TH")
    school_year: str = _code("Code of the school year.", "2024-2025")


@expected(EnrolStudentResult)
async def _enrol_student(
    info: Info,
    input: Annotated[EnrolStudentInput, argument(description="Who, where, and when.")],
    idempotency_key: IdempotencyKey = None,
) -> EnrolStudentResult:
    return await change_student(info, "enrolStudent", idempotency_key, plain(input), commands.enrol_student)


@expected(EndEnrolmentResult)
async def _end_enrolment(
    info: Info,
    input: Annotated[EndEnrolmentInput, argument(description="The enrolment, and its last day.")],
    idempotency_key: IdempotencyKey = None,
) -> EndEnrolmentResult:
    return await change_student(info, "endEnrolment", idempotency_key, plain(input), commands.end_enrolment)


@expected(MoveStudentResult)
async def _move_student(
    info: Info,
    input: Annotated[MoveStudentInput, argument(description="Who, from where, and where to.")],
    idempotency_key: IdempotencyKey = None,
) -> MoveStudentResult:
    return await change_student(info, "moveStudent", idempotency_key, plain(input), commands.move_student)


@strawberry.type
class EnrolmentMutation:
    enrol_student: EnrolStudentResult = scoped(
        Scope.ENROLMENTS_WRITE,
        description="Puts a student into a class for a school year; several programmes at a time are possible.",
        resolver=_enrol_student,
        cost=10,
    )
    end_enrolment: EndEnrolmentResult = scoped(
        Scope.ENROLMENTS_WRITE,
        description="Ends an enrolment before its time; the student's other enrolments go on.",
        resolver=_end_enrolment,
        cost=10,
    )
    move_student: MoveStudentResult = scoped(
        Scope.ENROLMENTS_WRITE,
        description="Takes a student into another class of the programme, for the whole of the school year.",
        resolver=_move_student,
        cost=10,
    )
