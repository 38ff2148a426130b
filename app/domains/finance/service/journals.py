"""Reading a day of the books."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import InvalidInput
from app.core.text import normalise_matricule
from app.domains.finance.journal_records import Analytic, EntryRecord, JournalDayRecord, Line, Source
from app.domains.finance.statements import (
    ENTRIES_BY_ID,
    ENTRIES_OF_DAY,
    LINES_BY_ID,
    LINES_OF_DAY,
    STUDENTS_BY_MATRICULE,
)


async def journals_of(session: AsyncSession, on: date, *, today: date) -> JournalDayRecord:
    """The validated entries dated `on`, in two statements. `today` is the school's own date: the day is provisional
    until the school's next midnight."""
    lines = _by_entry(await session.execute(LINES_OF_DAY, {"on": on}))
    found = await session.execute(ENTRIES_OF_DAY, {"on": on})
    # An entry validated between both statements waits for the next reading, whole.
    entries = tuple(_entry(row, lines[row.JournalEntry.id]) for row in found if row.JournalEntry.id in lines)
    return JournalDayRecord(on, on >= today, entries)


async def entries_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, EntryRecord]:
    """The validated ones among these entries."""
    lines = _by_entry(await session.execute(LINES_BY_ID, {"ids": list(ids)}))
    found = await session.execute(ENTRIES_BY_ID, {"ids": list(ids)})
    entries = (_entry(row, lines[row.JournalEntry.id]) for row in found if row.JournalEntry.id in lines)
    return {entry.id: entry for entry in entries}


async def students_in(session: AsyncSession, entries: Iterable[EntryRecord]) -> list[UUID]:
    """Whose data the entries show: the students among their auxiliary accounts, in one statement."""
    named = await students_named(session, (line for entry in entries for line in entry.lines))
    return sorted(set(named.values()))


async def students_named(session: AsyncSession, lines: Iterable[Line]) -> dict[str, UUID]:
    """The students among the auxiliary accounts of `lines`, by account, in one statement."""
    return await students_named_by(session, (line.aux_account for line in lines))


async def students_named_by(session: AsyncSession, accounts: Iterable[str | None]) -> dict[str, UUID]:
    """The students whom these auxiliary accounts mean, by account."""
    given = {account for account in accounts if account}
    keys = {account: key for account in given if (key := _matricule_key(account))}
    if not keys:
        return {}
    found = await session.execute(STUDENTS_BY_MATRICULE, {"matricule_keys": sorted(set(keys.values()))})
    students = {row.matricule_key: row.id for row in found}
    return {account: students[key] for account, key in keys.items() if key in students}


def _matricule_key(account: str) -> str | None:
    """None for a supplier's account or whatever else cannot be a matricule."""
    try:
        return normalise_matricule(account)
    except InvalidInput:
        return None


def _by_entry(found: Iterable[Row[*tuple[Any, ...]]]) -> dict[UUID, tuple[Line, ...]]:
    return {entry_id: tuple(map(line_of, rows)) for entry_id, rows in groupby(found, key=lambda row: row.entry_id)}


def _entry(row: Row[*tuple[Any, ...]], lines: tuple[Line, ...]) -> EntryRecord:
    entry = row.JournalEntry
    return EntryRecord(
        id=entry.id,
        journal_code=row.journal_code,
        journal_label=row.journal_label,
        number=entry.number,
        entry_date=entry.entry_date,
        piece_ref=entry.piece_ref,
        piece_date=entry.piece_date,
        label=entry.label,
        currency=entry.currency,
        fiscal_year=row.fiscal_year,
        period=row.period,
        status=entry.status,
        validated_at=entry.validated_at,
        source=Source(entry.source_type, entry.source_id) if entry.source_type else None,
        reverses_entry_id=entry.reverses_entry_id,
        lines=lines,
    )


def line_of(row: Row[*tuple[Any, ...]]) -> Line:
    """From a row of `statements.LINES`."""
    _, *fields, analytic = row
    values = [*fields, tuple(Analytic(part["plan"], part["section"], part["amount"]) for part in analytic)]
    return Line(*values)
