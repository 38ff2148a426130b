"""Errors found in a file, by line and column: the first ones in full, the rest as a count."""

from dataclasses import dataclass, field

from app.core.errors import Language, SkoolyError

KEPT = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` counts physical lines from 1, as an editor shows them; `column` is the title as the file writes it.

    What concerns the whole file has neither.
    """

    line: int | None
    column: str | None
    error: SkoolyError

    def as_dict(self, language: Language = "fr") -> dict[str, object]:
        return {
            "line": self.line,
            "column": self.column,
            "code": self.error.code,
            "message": self.error.message(language),
        }


@dataclass(slots=True)
class Problems:
    """Holds at most `kept` problems, whatever the size of the file; `count` goes on."""

    kept: int = KEPT
    count: int = 0
    first: list[Problem] = field(default_factory=list)

    def add(self, line: int | None, column: str | None, error: SkoolyError) -> None:
        self.count += 1
        if len(self.first) < self.kept:
            self.first.append(Problem(line, column, error))

    def __bool__(self) -> bool:
        return self.count > 0
