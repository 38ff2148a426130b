"""Expected failures as data: members of result unions that say what went wrong and where."""

from typing import Self

import strawberry

from app.core.errors import Language, SkoolyError
from app.core.graph.scoped import any_scope
from app.core.scopes import Scope

_told_to_everyone = any_scope(list(Scope))


@strawberry.interface(description="An expected failure: part of the answer, not an error of the request.")
class Failure:
    code: str = _told_to_everyone(description="Stable, machine-readable code of the failure.")
    message: str = _told_to_everyone(description="What went wrong, for a person, in the language asked for.")
    field: str | None = _told_to_everyone(description="The input at fault, as a path; null where there is none.")

    @classmethod
    def of(cls, error: SkoolyError, language: Language) -> Self:
        return cls(code=error.code, message=error.message(language), field=error.field)
