"""Sealing the audit: entries that can no longer change are put into their school's chain, in batches.

Idempotent and resumable: a batch is one transaction that holds the chain's row, seals what has no seal yet and moves
the chain on. Two workers queue; one that dies leaves nothing behind.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import Database, Wall
from app.core.ids import first_id_at
from app.domains.audit.links import FORGOTTEN, SALT_BYTES, Entry, commitment, first_link, next_link
from app.domains.audit.statements import (
    ADVANCE_CHAIN,
    ENTRIES_TO_SEAL,
    INSERT_SALTS,
    INSERT_SEAL,
    INSERT_SUBJECTS,
    LOCK_CHAIN,
    OPEN_CHAIN,
    SALTS_OF,
    SCHOOLS_TO_SEAL,
)

SETTLED = timedelta(seconds=60)
"""After this long no transaction that writes an entry can still be open: `transaction_timeout` is 30 s."""
OVERLAP = timedelta(minutes=2)
"""Ids come from the clocks of many machines: an entry may turn up behind the place where sealing stopped."""
STRAYS = timedelta(days=3)
BATCH = 2_000


class _Chain(NamedTuple):
    """A school's chain, locked; `now` is the database's."""

    position: int
    link: bytes
    sealed_until: UUID
    now: datetime


class _Sealed(NamedTuple):
    """What a batch came to; the next one goes on at the request `last`."""

    entries: int
    last: UUID


async def seal_audit(database: Database, *, settled: timedelta = SETTLED) -> int:
    """Seals what has settled in every school and returns how many entries that were."""
    async with database.transaction(Wall.worker()) as session:
        now: datetime = (await session.execute(text("SELECT now()"))).scalar_one()
        schools = list(await session.scalars(SCHOOLS_TO_SEAL, {"until": first_id_at(now - settled)}))
    return sum([await seal_school(database, school_id, settled=settled) for school_id in schools])


async def seal_strays(database: Database, *, settled: timedelta = SETTLED, back: timedelta = STRAYS) -> int:
    """Seals entries whose ids lie behind the place where sealing had stopped: some machine's clock was wrong."""
    async with database.transaction(Wall.worker()) as session:
        schools = list(await session.scalars(text("SELECT school_id FROM audit_chain")))
    return sum([await seal_school(database, school_id, settled=settled, overlap=back) for school_id in schools])


async def seal_school(
    database: Database,
    school_id: UUID,
    *,
    settled: timedelta = SETTLED,
    overlap: timedelta = OVERLAP,
    batch: int = BATCH,
) -> int:
    """Seals what has settled in one school, oldest first, and returns how many entries that were."""
    total = 0
    since: UUID | None = None
    while True:
        async with database.transaction(Wall.worker(school_id)) as session:
            chain = await _lock(session, school_id)
            since = since or before(chain.sealed_until, overlap)
            sealed = await _seal_batch(session, school_id, chain, settled, since, batch)
        total, since = total + sealed.entries, sealed.last
        if sealed.entries < batch:
            return total


async def _lock(session: AsyncSession, school_id: UUID) -> _Chain:
    await session.execute(OPEN_CHAIN, {"school_id": school_id, "link": first_link(school_id)})
    return _Chain(*(await session.execute(LOCK_CHAIN, {"school_id": school_id})).one())


def before(request_id: UUID, overlap: timedelta) -> UUID:
    """The smallest id of a request that came that long before: never less than none."""
    milliseconds = (request_id.int >> 80) - int(overlap.total_seconds() * 1000)
    return UUID(int=max(0, milliseconds) << 80)


async def _seal_batch(
    session: AsyncSession, school_id: UUID, chain: _Chain, settled: timedelta, since: UUID, most: int
) -> _Sealed:
    until = first_id_at(chain.now - settled)
    window = {"since": since, "until": until, "settled": chain.now - settled, "most": most}
    found = await session.execute(ENTRIES_TO_SEAL, {"school_id": school_id, **window})
    entries = [Entry(*row) for row in found]
    if entries:
        await _note_subjects(session, school_id, entries)
    position, link = await _append(session, school_id, chain, entries, await _salts(session, school_id, entries))
    full = len(entries) == most
    reached = entries[-1].request_id if full else until
    await session.execute(ADVANCE_CHAIN, {"school_id": school_id, "position": position, "link": link, "until": reached})
    return _Sealed(len(entries), reached)


async def _salts(session: AsyncSession, school_id: UUID, entries: Sequence[Entry]) -> Mapping[UUID, bytes]:
    """A salt for each subject, the one it has or a new one."""
    subjects = sorted({subject for entry in entries for subject in entry.subjects} - {FORGOTTEN})
    known: dict[UUID, bytes] = {}
    for row in await session.execute(SALTS_OF, {"school_id": school_id, "subjects": subjects}):
        known[row.id] = row.salt
    new = {subject: secrets.token_bytes(SALT_BYTES) for subject in subjects if subject not in known}
    if new:
        values = {"school_id": school_id, "subjects": list(new), "salts": list(new.values())}
        await session.execute(INSERT_SALTS, values)
    return known | new


async def _append(
    session: AsyncSession, school_id: UUID, chain: _Chain, entries: Sequence[Entry], salts: Mapping[UUID, bytes]
) -> tuple[int, bytes]:
    """Links the entries to the chain's end; returns its new position and link."""
    seals = list(_seals(chain, entries, salts))
    if not seals:
        return chain.position, chain.link
    await session.execute(INSERT_SEAL, [{"school_id": school_id, **seal} for seal in seals])
    return seals[-1]["position"], seals[-1]["link"]


def _seals(chain: _Chain, entries: Sequence[Entry], salts: Mapping[UUID, bytes]) -> Iterator[dict[str, Any]]:
    link = chain.link
    for position, entry in enumerate(entries, chain.position + 1):
        commitments = [_commitment(salts, entry, subject) for subject in entry.subjects]
        link = next_link(link, position, entry, commitments)
        yield {
            "operation": entry.operation,
            "request_id": entry.request_id,
            "partner_id": entry.partner_id,
            "key_id": entry.key_id,
            "position": position,
            "commitments": commitments,
            "link": link,
        }


def _commitment(salts: Mapping[UUID, bytes], entry: Entry, subject: UUID) -> bytes:
    """Who was forgotten before the entry was sealed has no salt any more: one that nobody keeps."""
    return commitment(salts.get(subject) or secrets.token_bytes(SALT_BYTES), entry, subject)


async def _note_subjects(session: AsyncSession, school_id: UUID, entries: Sequence[Entry]) -> None:
    noted = [(each, entry) for entry in entries for each in entry.subjects if each != FORGOTTEN]
    if noted:
        values = {
            "subjects": [subject for subject, _ in noted],
            "requests": [entry.request_id for _, entry in noted],
            "operations": [entry.operation for _, entry in noted],
        }
        await session.execute(INSERT_SUBJECTS, {"school_id": school_id, **values})
