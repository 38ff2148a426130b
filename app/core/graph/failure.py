"""Expected failures as data: members of result unions that say what went wrong and where.

A slice names its failures and the union they belong to; a resolver raises, and `expected` turns what it raised into
the member that stands for it:

    @failure(StudentNotFound, description="No student has this matricule.")
    class StudentNotFoundFailure(Failure):
        pass

    RecordAbsenceResult = Annotated[Absence | StudentNotFoundFailure, strawberry.union("RecordAbsenceResult", …)]

    @expected(RecordAbsenceResult)
    async def _record_absence(info: Info, …) -> RecordAbsenceResult: …
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ClassVar, Concatenate, ParamSpec, Self, TypeVar, dataclass_transform, get_args

import strawberry

from app.core.errors import InvalidInput, Language, SkoolyError
from app.core.graph.context import Info
from app.core.graph.scoped import any_scope
from app.core.scopes import Scope

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")
Kind = TypeVar("Kind", bound=type[Any])

_told_to_everyone = any_scope(list(Scope))


@strawberry.interface(description="An expected failure: part of the answer, not an error of the request.")
class Failure:
    stands_for: ClassVar[type[SkoolyError]]

    code: str = _told_to_everyone(
        description="Stable, machine-readable code of the failure.", example="STUDENT_NOT_FOUND"
    )
    message: str = _told_to_everyone(
        description="What went wrong, for a person, in the language asked for.",
        example="Aucun étudiant n'a le matricule 2024/INF/9999.",
    )
    field: str | None = _told_to_everyone(
        description="The input at fault, as a path; null where there is none.", example="matricule"
    )

    @classmethod
    def of(cls, error: SkoolyError, language: Language) -> Self:
        return cls(code=error.code, message=error.message(language), field=error.field)


@dataclass_transform()
def failure(error: type[SkoolyError], *, description: str) -> Callable[[Kind], Kind]:
    """Makes a class the type that stands for `error` and its kinds, under the error's own name."""

    def make(kind: Kind) -> Kind:
        kind.stands_for = error
        made: Kind = strawberry.type(kind, name=error.__name__, description=description)
        return made

    return make


@failure(InvalidInput, description="A value that is well typed but cannot be accepted; `field` names it.")
class InvalidInputFailure(Failure):
    """A member of the result unions of mutations that take texts, amounts or days."""


def expected(
    union: Any,
) -> Callable[
    [Callable[Concatenate[Info, Parameters], Coroutine[Any, Any, Answer]]],
    Callable[Concatenate[Info, Parameters], Coroutine[Any, Any, Answer]],
]:
    """Answers with the member of `union` that stands for what the resolver raised; raises what no member stands for."""
    members = _failures_of(union)

    def decorate(
        resolve: Callable[Concatenate[Info, Parameters], Coroutine[Any, Any, Answer]],
    ) -> Callable[Concatenate[Info, Parameters], Coroutine[Any, Any, Answer]]:
        @wraps(resolve)
        async def answer(info: Info, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
            try:
                return await resolve(info, *args, **kwargs)
            except SkoolyError as error:
                for member in members:
                    if isinstance(error, member.stands_for):
                        return member.of(error, info.context.language)  # type: ignore[return-value]
                raise

        return answer  # type: ignore[return-value]  # wraps() forgets that `info` is given by position

    return decorate


def _failures_of(union: Any) -> tuple[type[Failure], ...]:
    """The most specific first: an error is told under its own name before that of its group."""
    members = [member for member in get_args(get_args(union)[0]) if hasattr(member, "stands_for")]
    return tuple(sorted(members, key=lambda member: -len(member.stands_for.__mro__)))
