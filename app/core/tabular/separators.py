"""Finding out which character separates the cells: the one under which most titles are known."""

import csv
from collections.abc import Callable, Iterable

from app.core.tabular.errors import UnknownSeparator

SEPARATORS = (";", ",", "\t", "|")
_NAMES = {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ",", "pipe": "|"}


def named_separator(given: str) -> str:
    """What `--separator` means: the character itself or its English name. Raises UnknownSeparator."""
    separator = _NAMES.get(given.lower(), given)
    if separator not in SEPARATORS:
        raise UnknownSeparator
    return separator


def declared_separator(line: str) -> str | None:
    """Excel's own first line `sep=;`, which it writes and obeys."""
    text = line.strip("\r\n\"' ")
    return text[4] if text[:4].lower() == "sep=" and text[4:] in SEPARATORS else None


def find_separator(lines: Iterable[str], known: Callable[[str], bool]) -> str:
    """`lines` start at the titles; `known` says whether a title is one of the expected ones."""
    head = list(lines)
    return max(SEPARATORS, key=lambda separator: _merit(head, separator, known))


def _merit(head: list[str], separator: str, known: Callable[[str], bool]) -> tuple[int, int]:
    try:
        titles = next(csv.reader(head, delimiter=separator), [])
    except csv.Error:
        return 0, 0
    return sum(known(title) for title in titles), len(titles)
