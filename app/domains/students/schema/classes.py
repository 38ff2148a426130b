"""What is done to a whole class at once."""

from collections.abc import Awaitable, Callable
from datetime import date
from enum import Enum
from typing import Annotated, Any, Self

import strawberry
from strawberry import argument

from app.core.clock import today
from app.core.graph.context import Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.students.commands import graduate_class, suspend_class
from app.domains.students.records import ClassChange
from app.domains.students.schema.failures import (
    ClassNotFoundFailure,
    ClassTooLargeFailure,
    NotInClassFailure,
    SchoolYearNotFoundFailure,
)

_writes = any_scope([Scope.STUDENTS_WRITE])


@strawberry.enum(name="LeftOutReason", description="Why a change of a whole class was not made to somebody.")
class LeftOutReason(Enum):
    excepted = strawberry.enum_value("excepted", description="Named in `except`.")
    suspended = strawberry.enum_value("suspended", description="Suspended: that asks for a decision of its own.")
    graduated = strawberry.enum_value("graduated", description="Has graduated already.")
    left = strawberry.enum_value("left", description="Has left the school.")
    left_class = strawberry.enum_value("left_class", description="Left the class before that day and its end.")
    joins_later = strawberry.enum_value("joins_later", description="Joins the class only after that day.")


@strawberry.type(description="Somebody of a class to whom a change of the whole class was not made.")
class LeftOutStudent:
    matricule: str = _writes(description="Who.", personal=True, example="2024/INF/0123")
    reason: LeftOutReason = _writes(description="Why.", personal=True, example="suspended")


@strawberry.type(description="What was done to a class as a whole.")
class ClassChanged:
    school_class: str = _writes(name="class", description="Code of the class.", example="INF-L3-DK")
    school_year: str = _writes(description="Code of the school year.", example="2024-2025")
    changed_count: int = _writes(description="To how many students it was done.", example=28)
    left_out: list[LeftOutStudent] = _writes(description="To whom it was not done, and why.", size=20)

    @classmethod
    def of(cls, record: ClassChange) -> Self:
        return cls(
            school_class=record.school_class,
            school_year=record.school_year,
            changed_count=len(record.changed),
            left_out=[
                LeftOutStudent(matricule=each.matricule, reason=LeftOutReason(each.reason)) for each in record.left_out
            ],
        )


GraduateClassResult = Annotated[
    ClassChanged
    | ClassNotFoundFailure
    | SchoolYearNotFoundFailure
    | ClassTooLargeFailure
    | NotInClassFailure
    | InvalidInputFailure,
    strawberry.union("GraduateClassResult", description="Who graduated and who did not, or why nobody did."),
]
SuspendClassResult = Annotated[
    ClassChanged
    | ClassNotFoundFailure
    | SchoolYearNotFoundFailure
    | ClassTooLargeFailure
    | NotInClassFailure
    | InvalidInputFailure,
    strawberry.union("SuspendClassResult", description="Who was suspended and who was not, or why nobody was."),
]


def _code(description: str, example: str, name: str | None = None) -> str:
    code: str = _writes(description=description, example=example, form=IDENTIFIER, name=name)
    return code


def _except() -> list[str]:
    excepted: list[str] = _writes(
        name="except",
        description="Matricules of the class to which it is not done. One that is not in the class stops everything.",
        personal=True,
        example=["2024/INF/0123"],
        optional=True,
        default=strawberry.UNSET,
    )
    return excepted


@strawberry.input(description="A class to graduate: at most 1,000 students.")
class GraduateClassInput:
    school_class: str = _code("Code of the class.", "INF-L3-DK", "class")
    school_year: str = _code("Code of the school year.", "2024-2025")
    on: date | None = _writes(
        description="The last day, on which enrolments that run end; null for today. Not a day to come.",
        example="2025-07-15",
        optional=True,
    )
    except_: list[str] | None = _except()


@strawberry.input(description="A class to suspend: at most 1,000 students.")
class SuspendClassInput:
    school_class: str = _code("Code of the class.", "INF-L3-DK", "class")
    school_year: str = _code("Code of the school year.", "2024-2025")
    except_: list[str] | None = _except()


@expected(GraduateClassResult)
async def _graduate_class(
    info: Info,
    input: Annotated[GraduateClassInput, argument(description="Which class, when, and who not.")],
    idempotency_key: IdempotencyKey = None,
) -> GraduateClassResult:
    return await _change_class(info, "graduateClass", idempotency_key, plain(input), graduate_class)


@expected(SuspendClassResult)
async def _suspend_class(
    info: Info,
    input: Annotated[SuspendClassInput, argument(description="Which class, and who not.")],
    idempotency_key: IdempotencyKey = None,
) -> SuspendClassResult:
    return await _change_class(info, "suspendClass", idempotency_key, plain(input), suspend_class)


async def _change_class(
    info: Info, operation: str, key: str | None, asked: dict[str, Any], change: Callable[..., Awaitable[ClassChange]]
) -> ClassChanged:
    context = info.context
    day = today(context.clock, context.actor.timezone)
    made = await perform_once(
        context,
        operation,
        key,
        asked,
        lambda session: change(session, context.actor, **asked, today=day),
        ClassChange,
        concerns=lambda record: [*record.changed, *(each.student_id for each in record.left_out)],
    )
    return ClassChanged.of(made)


@strawberry.type
class ClassMutation:
    graduate_class: GraduateClassResult = scoped(
        Scope.STUDENTS_WRITE,
        description="Graduates a whole class, for good: everybody active who was in it until its end or that day.",
        resolver=_graduate_class,
        cost=100,
    )
    suspend_class: SuspendClassResult = scoped(
        Scope.STUDENTS_WRITE,
        description="Suspends everybody active who is in a class today.",
        resolver=_suspend_class,
        cost=100,
    )
