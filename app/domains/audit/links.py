"""What the links of the chain are made of. Pure: the same entry, salts and link before give the same link.

An entry is sealed by two digests. A *commitment* stands for each of its subjects: the digest of a salt that only this
school's database knows, and of the student. The *link* is the digest of the link before, of what the entry says, and
of its commitments. So an entry cannot be changed, moved or taken out without every later link showing it; and when a
student is to be forgotten, the salt is dropped: the commitments stay, the chain holds, and they say nothing of anybody.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

FORGOTTEN = UUID(int=0)
"""Stands in an entry where a student was who has been forgotten."""
SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """An audit entry. `subjects` keep their order: their commitments lie at the same places."""

    request_id: UUID
    operation: str
    partner_id: UUID
    key_id: str
    channel: str
    subjects: Sequence[UUID]
    at: datetime


def first_link(school_id: UUID) -> bytes:
    """What the first entry is linked to: a chain cannot be passed off as another school's."""
    return hashlib.sha256(b"skooly audit " + school_id.bytes).digest()


def commitment(salt: bytes, entry: Entry, subject: UUID) -> bytes:
    """It names the entry too: one cannot see that two commitments stand for the same student."""
    return hashlib.sha256(salt + entry.request_id.bytes + subject.bytes + entry.operation.encode()).digest()


def next_link(before: bytes, position: int, entry: Entry, commitments: Sequence[bytes]) -> bytes:
    said = [
        position,
        entry.request_id.hex,
        entry.operation,
        entry.partner_id.hex,
        entry.key_id,
        entry.channel,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        [each.hex() for each in commitments],
    ]
    return hashlib.sha256(before + orjson.dumps(said)).digest()
