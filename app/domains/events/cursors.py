"""A place in the log of a school, as every channel gives and takes it: opaque and signed, without any filter in it."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from app.core.pagination import LONGEST_CURSOR, BadCursor


@dataclass(frozen=True, slots=True)
class Place:
    """What was read last: everything up to `position`, as that was counted in `epoch`."""

    epoch: int
    position: int


class LogCursors:
    """Signs and reads cursors of the log. One per process, with the secret that every process shares."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def write(self, school_id: UUID, place: Place) -> str:
        return str(self._serializer(school_id).dumps([place.epoch, place.position]))

    def read(self, school_id: UUID, cursor: str, field: str = "after") -> Place:
        """Raises BadCursor for a forged one, and for one of another school or of a list."""
        if len(cursor) > LONGEST_CURSOR:
            raise BadCursor(field=field)
        try:
            return Place(*self._serializer(school_id).loads(cursor))
        except (BadData, UnicodeError):
            raise BadCursor(field=field) from None

    def _serializer(self, school_id: UUID) -> URLSafeSerializer:
        return URLSafeSerializer(
            self._secret,
            salt=f"log:{school_id}",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )
