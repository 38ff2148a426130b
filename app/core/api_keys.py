"""The text of an API key, and what is stored of it.

    sk_live_Ab3dEf6hIj9k_<30 random characters><6 characters of checksum>
            └── key id: public, shown in lists and logs

All characters are base62. The checksum (CRC32 of everything before it) lets a mistyped or invented key be refused
without the database, and lets secret scanners recognise a leaked one.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEY_ID_LENGTH = 12
SECRET_LENGTH = 30
CHECKSUM_LENGTH = 6

Mode = Literal["live", "test"]
_SHAPE = re.compile(r"sk_(live|test)_([0-9A-Za-z]{12})_[0-9A-Za-z]{36}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. `text` is shown once and kept nowhere."""

    key_id: str
    text: str = field(repr=False)


def make_key(mode: Mode = "live") -> NewKey:
    key_id = _random(KEY_ID_LENGTH)
    body = f"sk_{mode}_{key_id}_{_random(SECRET_LENGTH)}"
    return NewKey(key_id, body + checksum(body))


def key_id_of(text: str) -> str | None:
    """The public id inside a key; None for what has not the shape or the checksum of one."""
    shape = _SHAPE.fullmatch(text)
    if shape is None or checksum(text[:-CHECKSUM_LENGTH]) != text[-CHECKSUM_LENGTH:]:
        return None
    return shape[2]


def checksum(body: str) -> str:
    """CRC32 in six base62 digits, most significant first."""
    number = zlib.crc32(body.encode())
    digits = []
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def digest(text: str, pepper: bytes) -> bytes:
    """What is stored. The key is random and long, so it needs no slow derivation; the pepper is not in the database."""
    return hmac.digest(pepper, text.encode(), hashlib.sha256)


def matches(text: str, stored: bytes, pepper: bytes) -> bool:
    """In constant time."""
    return hmac.compare_digest(digest(text, pepper), stored)


def newest(peppers: Mapping[int, bytes]) -> int:
    """The version that new keys use."""
    return max(peppers)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
