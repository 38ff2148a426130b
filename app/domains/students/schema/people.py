"""Making students, changing what is known about them and where they stand with the school."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry import UNSET, argument

from app.core.graph.context import Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.partners.mutations import IdempotencyKey
from app.domains.students import commands
from app.domains.students.commands.checks import EMAIL, NAME
from app.domains.students.schema.changing import change_student
from app.domains.students.schema.failures import (
    MatriculeTakenFailure,
    StatusConflictFailure,
    StudentNotFoundFailure,
)
from app.domains.students.schema.student import Student

_writes = any_scope([Scope.STUDENTS_WRITE])

CreateStudentResult = Annotated[
    Student | MatriculeTakenFailure | InvalidInputFailure,
    strawberry.union("CreateStudentResult", description="The new student, or why there is none."),
]
UpdateStudentResult = Annotated[
    Student | StudentNotFoundFailure | MatriculeTakenFailure | InvalidInputFailure,
    strawberry.union("UpdateStudentResult", description="The student as changed, or why not."),
]
SuspendStudentResult = Annotated[
    Student | StudentNotFoundFailure | StatusConflictFailure | InvalidInputFailure,
    strawberry.union("SuspendStudentResult", description="The suspended student, or why not."),
]
ReinstateStudentResult = Annotated[
    Student | StudentNotFoundFailure | StatusConflictFailure | InvalidInputFailure,
    strawberry.union("ReinstateStudentResult", description="The student who is back, or why not."),
]
GraduateStudentResult = Annotated[
    Student | StudentNotFoundFailure | StatusConflictFailure | InvalidInputFailure,
    strawberry.union("GraduateStudentResult", description="The graduate, or why not."),
]
WithdrawStudentResult = Annotated[
    Student | StudentNotFoundFailure | StatusConflictFailure | InvalidInputFailure,
    strawberry.union("WithdrawStudentResult", description="The student who left, or why not."),
]


def _whose() -> str:
    matricule: str = _writes(
        description="The student's number, in any case.", personal=True, example="2024/INF/0123", form=IDENTIFIER
    )
    return matricule


def _last_day(description: str) -> date | None:
    day: date | None = _writes(description=description, example="2025-07-15", optional=True)
    return day


@strawberry.input(description="A student to create.")
class CreateStudentInput:
    matricule: str = _writes(
        description="The number, as the school writes it; unique in any case and spacing.",
        personal=True,
        example="2024/INF/0123",
        form=IDENTIFIER,
    )
    first_name: str = _writes(description="Given names.", personal=True, example="Aïssatou", form=NAME)
    last_name: str = _writes(description="Family name.", personal=True, example="N'Diaye", form=NAME)
    birth_date: date | None = _writes(
        description="Day of birth, from 1900 to today.", personal=True, example="2004-05-17", optional=True
    )
    email: str | None = _writes(
        description="E-mail address.",
        personal=True,
        example="aissatou@etu.demo.example",
        optional=True,
        form=EMAIL,
    )


@strawberry.input(description="What to change about a student; what is not given stays as it is.")
class UpdateStudentInput:
    matricule: str = _whose()
    new_matricule: str | None = _writes(
        description="Another number; null is refused.",
        personal=True,
        example="2024/INF/0124",
        optional=True,
        default=UNSET,
        form=IDENTIFIER,
    )
    first_name: str | None = _writes(
        description="Given names; null is refused.",
        personal=True,
        example="Aïssatou",
        optional=True,
        default=UNSET,
        form=NAME,
    )
    last_name: str | None = _writes(
        description="Family name; null is refused.",
        personal=True,
        example="N'Diaye",
        optional=True,
        default=UNSET,
        form=NAME,
    )
    birth_date: date | None = _writes(
        description="Day of birth, from 1900 to today; null forgets it.",
        personal=True,
        example="2004-05-17",
        optional=True,
        default=UNSET,
    )
    email: str | None = _writes(
        description="E-mail address; null forgets it.",
        personal=True,
        example="aissatou@etu.demo.example",
        optional=True,
        default=UNSET,
        form=EMAIL,
    )


@strawberry.input(description="A student to suspend.")
class SuspendStudentInput:
    matricule: str = _whose()


@strawberry.input(description="A student whose suspension ends.")
class ReinstateStudentInput:
    matricule: str = _whose()


@strawberry.input(description="A student to graduate.")
class GraduateStudentInput:
    matricule: str = _whose()
    on: date | None = _last_day("The last day, on which enrolments that run end; null for today. Not a day to come.")


@strawberry.input(description="A student who leaves without a diploma.")
class WithdrawStudentInput:
    matricule: str = _whose()
    on: date | None = _last_day("The last day, on which enrolments that run end; null for today. Not a day to come.")


@expected(CreateStudentResult)
async def _create_student(
    info: Info,
    input: Annotated[CreateStudentInput, argument(description="The student.")],
    idempotency_key: IdempotencyKey = None,
) -> CreateStudentResult:
    return await change_student(info, "createStudent", idempotency_key, plain(input), commands.create_student)


@expected(UpdateStudentResult)
async def _update_student(
    info: Info,
    input: Annotated[UpdateStudentInput, argument(description="Who changes, and what.")],
    idempotency_key: IdempotencyKey = None,
) -> UpdateStudentResult:
    return await change_student(info, "updateStudent", idempotency_key, plain(input), commands.update_student)


@expected(SuspendStudentResult)
async def _suspend_student(
    info: Info,
    input: Annotated[SuspendStudentInput, argument(description="Who.")],
    idempotency_key: IdempotencyKey = None,
) -> SuspendStudentResult:
    return await change_student(info, "suspendStudent", idempotency_key, plain(input), commands.suspend_student)


@expected(ReinstateStudentResult)
async def _reinstate_student(
    info: Info,
    input: Annotated[ReinstateStudentInput, argument(description="Who.")],
    idempotency_key: IdempotencyKey = None,
) -> ReinstateStudentResult:
    return await change_student(info, "reinstateStudent", idempotency_key, plain(input), commands.reinstate_student)


@expected(GraduateStudentResult)
async def _graduate_student(
    info: Info,
    input: Annotated[GraduateStudentInput, argument(description="Who, and when.")],
    idempotency_key: IdempotencyKey = None,
) -> GraduateStudentResult:
    return await change_student(info, "graduateStudent", idempotency_key, plain(input), commands.graduate_student)


@expected(WithdrawStudentResult)
async def _withdraw_student(
    info: Info,
    input: Annotated[WithdrawStudentInput, argument(description="Who, and when.")],
    idempotency_key: IdempotencyKey = None,
) -> WithdrawStudentResult:
    return await change_student(info, "withdrawStudent", idempotency_key, plain(input), commands.withdraw_student)


@strawberry.type
class PeopleMutation:
    create_student: CreateStudentResult = scoped(
        Scope.STUDENTS_WRITE,
        description="Makes a student, who is enrolled nowhere yet.",
        resolver=_create_student,
        cost=10,
    )
    update_student: UpdateStudentResult = scoped(
        Scope.STUDENTS_WRITE,
        description="Changes a student's number, names, day of birth or address.",
        resolver=_update_student,
        cost=10,
    )
    suspend_student: SuspendStudentResult = scoped(
        Scope.STUDENTS_WRITE,
        description="Keeps a student away for a time: enrolments stay, and access is denied.",
        resolver=_suspend_student,
        cost=10,
    )
    reinstate_student: ReinstateStudentResult = scoped(
        Scope.STUDENTS_WRITE, description="Ends a suspension.", resolver=_reinstate_student, cost=10
    )
    graduate_student: GraduateStudentResult = scoped(
        Scope.STUDENTS_WRITE,
        description="Graduates a student, for good: what runs ends.",
        resolver=_graduate_student,
        cost=10,
    )
    withdraw_student: WithdrawStudentResult = scoped(
        Scope.STUDENTS_WRITE,
        description="Records that a student left without a diploma, for good: what runs ends.",
        resolver=_withdraw_student,
        cost=10,
    )
