"""Keyset pages: a cursor is the sort key of the last row that was shown, signed, so that nobody can aim it.

A cursor is good for one connection of one school; elsewhere it is as bad as a forged one.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from app.core.errors import InvalidInput, SkoolyError

LARGEST_PAGE = 100
DEFAULT_PAGE = 20
LONGEST_CURSOR = 512

Item = TypeVar("Item")


class BadCursor(SkoolyError):
    """Not a cursor of this connection and school, or one that somebody changed."""

    code = "BAD_CURSOR"
    fr = "Ce curseur n'est pas valable ici : reprenez celui que cette liste a donné, ou commencez sans curseur."
    en = "This cursor is not valid here: use one that this very list gave, or start without a cursor."


Key = datetime | date | str | int


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ends: what rows are sorted by (an instant, a day, a text or a number), then their id."""

    key: Key
    id: UUID


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """At most as many items as were asked for, and whether more follow."""

    items: Sequence[Item]
    has_next: bool

    @classmethod
    def cut(cls, found: Sequence[Item], first: int) -> "Page[Item]":
        """Of up to `first` + 1 rows: the extra one only says that more follow."""
        return cls(found[:first], len(found) > first)


_READERS: dict[str, Callable[[str], Key]] = {
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "i": int,
    "s": str,
}


def _written(key: Key) -> tuple[str, str]:
    if isinstance(key, datetime):
        return "t", key.isoformat()
    if isinstance(key, date):
        return "d", key.isoformat()
    return ("i", str(key)) if isinstance(key, int) else ("s", key)


class Cursors:
    """Signs and reads cursors. One per process, with the secret that every process of the deployment shares."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def write(self, school_id: UUID, connection: str, position: Position) -> str:
        return str(self._serializer(school_id, connection).dumps([*_written(position.key), position.id.hex]))

    def read(self, school_id: UUID, connection: str, cursor: str) -> Position:
        """Raises BadCursor."""
        if len(cursor) > LONGEST_CURSOR:
            raise BadCursor(field="after")
        try:
            kind, key, identity = self._serializer(school_id, connection).loads(cursor)
        except (BadData, UnicodeError):
            raise BadCursor(field="after") from None
        return Position(_READERS[kind](key), UUID(hex=identity))

    def _serializer(self, school_id: UUID, connection: str) -> URLSafeSerializer:
        return URLSafeSerializer(
            self._secret,
            salt=f"cursor:{connection}:{school_id}",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )


def page_size(first: int) -> int:
    """`first` itself. Raises InvalidInput outside 1 to 100."""
    if not 1 <= first <= LARGEST_PAGE:
        raise InvalidInput(
            field="first",
            reason_fr=f"de 1 à {LARGEST_PAGE} éléments par page",
            reason_en=f"1 to {LARGEST_PAGE} items a page",
        )
    return first
