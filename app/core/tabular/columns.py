"""The columns a kind of file may have, and matching them with the titles a school wrote.

Case, accents, spaces, underscores and punctuation do not count: "N° de badge", "no_de_badge" and "NO DE BADGE"
are one title.
"""

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.tabular.errors import DuplicateColumn, Missing, MissingColumns, SpreadsheetError, UnknownColumn

Cell = Callable[[str], Any]
_ERRORS = frozenset(
    ("#N/A", "#N/D", "#REF!", "#NOM?", "#NAME?", "#VALEUR!", "#VALUE!", "#DIV/0!", "#NUL!", "#NULL!", "#NUM!")
)


def fold(title: str) -> str:
    """ "Prénom(s)" → "prenoms"."""
    decomposed = unicodedata.normalize("NFKD", title.replace("°", "o")).casefold()
    return "".join(character for character in decomposed if character.isalnum())


def tidy(text: str) -> str:
    """A cell as it was meant: trimmed (no-break spaces too) and without Excel's ="…" around a number kept as text."""
    text = text.strip()
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        return text[2:-1].strip()
    return text


@dataclass(frozen=True)
class Column:
    """One column. `name` is the key in code; `fr` and `en` are its titles, `aliases` other accepted ones.

    `cell` turns a tidied, non-empty text into a value and raises SkoolyError. A `required` column must be in the
    file; a `filled` one must have a value on every line.
    """

    name: str
    fr: str
    en: str
    cell: Cell
    aliases: Sequence[str] = ()
    required: bool = False
    filled: bool = False

    def titles(self) -> set[str]:
        return {fold(title) for title in (self.name, self.fr, self.en, *self.aliases)}

    def read(self, raw: str) -> Any:
        """The value, or None for an empty cell. Raises SkoolyError."""
        text = tidy(raw)
        if not text:
            if self.filled:
                raise Missing
            return None
        if text.startswith("#") and (text.upper() in _ERRORS or text.startswith("##")):
            raise SpreadsheetError(text=text)
        return self.cell(text)


class Columns:
    """The columns of one kind of file, in the order in which rows give their values."""

    def __init__(self, *columns: Column) -> None:
        self.all = columns
        self._by_title: dict[str, Column] = {}
        for column in columns:
            for title in column.titles():
                if title in self._by_title:
                    raise ValueError(f"the title {title!r} is claimed by two columns")
                self._by_title[title] = column

    def __len__(self) -> int:
        return len(self.all)

    def find(self, title: str) -> Column | None:
        return self._by_title.get(fold(title))

    def match(self, titles: Sequence[str], line: int) -> list[Column | None]:
        """The column under each title; None under an empty title. Raises FileRefused."""
        matched: list[Column | None] = []
        for position, title in enumerate(titles, start=1):
            column = self.find(title)
            if column is None and title.strip():
                raise self._unknown(title, line, position)
            if column is not None and column in matched:
                first = titles[matched.index(column)]
                raise DuplicateColumn(first=first.strip(), second=title.strip(), line=line)
            matched.append(column)
        self._require(matched, titles, line)
        return matched

    def _unknown(self, title: str, line: int, position: int) -> UnknownColumn:
        close = difflib.get_close_matches(fold(title), self._by_title, n=1, cutoff=0.75)
        guess = self._by_title[close[0]] if close else None
        return UnknownColumn(
            header=title.strip(),
            line=line,
            position=position,
            hint_fr=f" Vouliez-vous dire « {guess.fr} » ?" if guess else "",
            hint_en=f" Did you mean “{guess.en}”?" if guess else "",
            known_fr=_listed(column.fr for column in self.all),
            known_en=_listed(column.en for column in self.all),
        )

    def _require(self, matched: Sequence[Column | None], titles: Sequence[str], line: int) -> None:
        missing = [column for column in self.all if column.required and column not in matched]
        if missing:
            raise MissingColumns(
                missing_fr=_listed(column.fr for column in missing),
                missing_en=_listed(column.en for column in missing),
                found=_listed(title.strip() for title in titles if title.strip()) or "–",
                line=line,
                known_fr=_listed(column.fr for column in self.all),
                known_en=_listed(column.en for column in self.all),
            )


def _listed(titles: Iterable[str]) -> str:
    return ", ".join(titles)
