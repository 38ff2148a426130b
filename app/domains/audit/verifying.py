"""Recomputing a school's chain: whether each entry still says what it said when it was sealed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import Database, Wall
from app.domains.audit.links import FORGOTTEN, Entry, commitment, first_link, next_link
from app.domains.audit.statements import CHAIN_HEAD_HERE, SALTS_OF, SEALED_ENTRIES, UNSEALED_ENTRIES

BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Broken:
    """The first link that does not hold. `request_id` is None where the link itself is missing."""

    position: int
    request_id: UUID | None
    operation: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place in the chain as somebody noted it outside the database."""

    position: int
    link: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found: `entries` links hold, up to and including `link`.

    `forgotten` counts the subjects that can no longer be checked, `unsealed` the entries that should have been sealed.
    """

    entries: int
    link: bytes
    forgotten: int
    unsealed: int
    broken: Broken | None


class _Break(Exception):
    def __init__(self, row: Any, reason: str) -> None:
        self.broken = Broken(row.position, row.request_id, row.operation, reason)


async def verify_chain(database: Database, school_id: UUID, anchor: Anchor | None = None) -> Verified:
    """Walks the chain from its beginning, in short transactions, up to where it ends now."""
    walk = _Walk(school_id, anchor)
    async with database.transaction(Wall.app(school_id)) as session:
        head = (await session.execute(CHAIN_HEAD_HERE)).one_or_none()
        if head is not None:
            walk.end, until = head, head.sealed_until
            walk.unsealed = await session.scalar(UNSEALED_ENTRIES, {"school_id": school_id, "until": until}) or 0
    while walk.goes_on:
        async with database.transaction(Wall.app(school_id)) as session:
            await walk.step(session)
    return Verified(walk.position, walk.link, walk.forgotten, walk.unsealed, walk.broken or walk.unanchored())


class _Walk:
    """How far the chain was found to hold."""

    def __init__(self, school_id: UUID, anchor: Anchor | None) -> None:
        self.school_id = school_id
        self.anchor = anchor
        self.end: Any = None
        self.position, self.link = 0, first_link(school_id)
        self.forgotten = self.unsealed = 0
        self.broken: Broken | None = None

    @property
    def goes_on(self) -> bool:
        return self.broken is None and self.end is not None and self.position < self.end.position

    async def step(self, session: AsyncSession) -> None:
        window = {"after": self.position, "until": self.end.position, "most": BATCH}
        rows = (await session.execute(SEALED_ENTRIES, {"school_id": self.school_id, **window})).all()
        subjects = sorted({subject for row in rows for subject in row.subjects or ()})
        found = await session.execute(SALTS_OF, {"school_id": self.school_id, "subjects": subjects})
        salts = {row.id: row.salt for row in found}
        try:
            for row in rows:
                self._check(row, salts)
        except _Break as error:
            self.broken = error.broken
        else:
            if not rows:
                self.broken = Broken(self.position + 1, None, None, "the link is missing")
            elif self.position == self.end.position and self.link != self.end.link:
                self.broken = Broken(self.position, None, None, "the end of the chain is another link")

    def _check(self, row: Any, salts: Mapping[UUID, bytes]) -> None:
        """Raises _Break."""
        if row.position != self.position + 1:
            raise _Break(row, f"links {self.position + 1} to {row.position - 1} are missing")
        if row.at is None:
            raise _Break(row, "the entry is missing")
        entry = Entry(row.request_id, row.operation, row.partner_id, row.key_id, row.channel, row.subjects, row.at)
        self._check_subjects(row, entry, salts)
        if (row.sealed_partner, row.sealed_key) != (row.partner_id, row.key_id):
            raise _Break(row, "the look-up says another key")
        link = next_link(self.link, row.position, entry, row.commitments)
        if link != row.link:
            raise _Break(row, "the entry was changed")
        if self.anchor is not None and self.anchor.position == row.position and self.anchor.link != link:
            raise _Break(row, "the anchor is another link: the chain was written anew")
        self.position, self.link = row.position, link

    def _check_subjects(self, row: Any, entry: Entry, salts: Mapping[UUID, bytes]) -> None:
        if len(entry.subjects) != len(row.commitments):
            raise _Break(row, "subjects were added or taken away")
        for subject, committed in zip(entry.subjects, row.commitments, strict=True):
            if subject == FORGOTTEN:
                self.forgotten += 1
            elif subject not in salts or commitment(salts[subject], entry, subject) != committed:
                raise _Break(row, "a subject was changed")

    def unanchored(self) -> Broken | None:
        if self.anchor is None or self.anchor.position <= self.position:
            return None
        return Broken(self.position + 1, None, None, "the chain ends before the anchor")
