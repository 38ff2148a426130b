"""Readers of text, choices and numbers: from a tidied, non-empty cell to a value, or a CellRefused."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from app.core.tabular.columns import fold
from app.core.tabular.errors import (
    NotABoolean,
    NotAnEmail,
    NotANumber,
    NotOneOf,
    ScientificNotation,
    TooLong,
    UnreadableCharacter,
)

# U+FFFD is what a damaged encoding leaves behind; the rest cannot be seen and would make two equal texts differ.
_UNREADABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd\ufffe\uffff\ud800-\udfff]"
)
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?[Ee][+-]\d{1,3}", re.ASCII)
_EMAIL = re.compile(r"[^\s@,;<>()\"]+@[^\s@,;<>()\".]+(\.[^\s@,;<>()\".]+)+")
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)
_YES = frozenset(("oui", "o", "yes", "y", "vrai", "true", "1", "x"))
_NO = frozenset(("non", "n", "no", "faux", "false", "0"))


def text(longest: int) -> Callable[[str], str]:
    """Text of at most `longest` characters, in NFC, with single plain spaces."""

    def read(cell: str) -> str:
        if found := _UNREADABLE.search(cell):
            raise UnreadableCharacter(character=f"U+{ord(found.group()):04X}")
        value = " ".join(unicodedata.normalize("NFC", cell).split())
        if len(value) > longest:
            raise TooLong(length=len(value), longest=longest)
        return value

    return read


def identifier(normalise: Callable[[str], str], longest: int = 64) -> Callable[[str], str]:
    """A number that is not one: matricule, badge, reference. Refuses what Excel rounded."""
    plain = text(longest)

    def read(cell: str) -> str:
        if _SCIENTIFIC.fullmatch(cell):
            raise ScientificNotation(text=cell)
        return normalise(plain(cell))

    return read


def choice(words: Mapping[str, Sequence[str]]) -> Callable[[str], str]:
    """One of the keys of `words`; the first word of each is its French name, the others are accepted too."""
    by_word = {fold(word): value for value, accepted in words.items() for word in (value, *accepted)}
    choices_fr = ", ".join(accepted[0] for accepted in words.values())
    choices_en = ", ".join(words)

    @lru_cache(256)
    def read(cell: str) -> str:
        value = by_word.get(fold(cell))
        if value is None:
            raise NotOneOf(text=shown(cell), choices_fr=choices_fr, choices_en=choices_en)
        return value

    return read


def boolean(cell: str) -> bool:
    word = fold(cell)
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise NotABoolean(text=shown(cell))


def whole_number(smallest: int, largest: int) -> Callable[[str], int]:
    def read(cell: str) -> int:
        if _WHOLE.fullmatch(cell) and smallest <= int(cell) <= largest:
            return int(cell)
        raise NotANumber(text=shown(cell), smallest=smallest, largest=largest)

    return read


def email(cell: str) -> str:
    """An address as typed; whether it exists is not ours to know."""
    value = text(254)(cell)
    if not _EMAIL.fullmatch(value):
        raise NotAnEmail(text=shown(value))
    return value


def shown(cell: str) -> str:
    """A cell as an error quotes it: short, and without anything that would disturb a terminal."""
    clean = _UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", cell)
    return clean if len(clean) <= 40 else clean[:39] + "…"
