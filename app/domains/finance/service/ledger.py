"""Reading the books as those who keep them do: entries of any state, by what they are looked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.core.pagination import Page, Position, page_size
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code
from app.domains.finance.errors import EntryNotFound
from app.domains.finance.journal_records import LedgerEntryRecord, Line, Source
from app.domains.finance.journal_tables import FiscalPeriod, Journal, JournalEntry, JournalLine
from app.domains.finance.service.journals import line_of, students_named
from app.domains.finance.statements import ENTRIES, LINES

_Reversal = aliased(JournalEntry)
_REVERSED_BY = (
    select(col(_Reversal.id))
    .where(col(_Reversal.school_id) == THIS_SCHOOL, col(_Reversal.reverses_entry_id) == JournalEntry.id)
    .scalar_subquery()
)
_LEDGER: Select[*tuple[Any, ...]] = ENTRIES.add_columns(_REVERSED_BY.label("reversed_by"))


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What entries are looked for by; None asks nothing. Codes are those of people, in any case."""

    journal: str | None = None
    period: str | None = None
    status: str | None = None
    account: str | None = None
    aux_account: str | None = None
    piece_ref: str | None = None
    source_type: str | None = None
    source_id: UUID | None = None
    validated_since: datetime | None = None


async def require_entry(session: AsyncSession, entry_id: UUID) -> LedgerEntryRecord:
    """Raises EntryNotFound."""
    found = await ledger_entries(session, [entry_id])
    if not found:
        raise EntryNotFound(field="entryId")
    return found[0]


async def ledger_entries(session: AsyncSession, ids: Sequence[UUID]) -> list[LedgerEntryRecord]:
    """Those of them that are there, in the order of the days they count for."""
    asked = _LEDGER.where(col(JournalEntry.school_id) == THIS_SCHOOL, col(JournalEntry.id).in_(ids))
    return await _read(session, asked.order_by(col(JournalEntry.entry_date), col(JournalEntry.id)))


async def find_entries(
    session: AsyncSession, wanted: EntryFilter, *, first: int, after: Position | None
) -> Page[LedgerEntryRecord]:
    """By the day they count for, then in the order they were made. Raises InvalidInput."""
    return Page.cut(await _read(session, entries_page(wanted, page_size(first), after)), first)


def entries_page(wanted: EntryFilter, first: int, after: Position | None) -> Select[*tuple[Any, ...]]:
    """One entry more than the page has, to tell whether others follow. Raises InvalidInput."""
    asked = _LEDGER.where(col(JournalEntry.school_id) == THIS_SCHOOL, *_conditions(wanted))
    if after is not None:
        assert isinstance(after.key, date)
        asked = asked.where(
            or_(
                col(JournalEntry.entry_date) > after.key,
                and_(col(JournalEntry.entry_date) == after.key, col(JournalEntry.id) > after.id),
            ),
            col(JournalEntry.entry_date) >= after.key,
        )
    return asked.order_by(col(JournalEntry.entry_date), col(JournalEntry.id)).limit(first + 1)


def _conditions(wanted: EntryFilter) -> Iterable[Any]:
    for column, value in (
        (JournalEntry.status, wanted.status),
        (JournalEntry.piece_ref, wanted.piece_ref),
        (JournalEntry.source_type, wanted.source_type),
        (JournalEntry.source_id, wanted.source_id),
    ):
        if value is not None:
            yield col(column) == value
    if wanted.journal is not None:
        yield col(Journal.code) == normalise_code(wanted.journal, "journal")
    if wanted.period is not None:
        yield col(FiscalPeriod.code) == normalise_code(wanted.period, "period")
    if wanted.validated_since is not None:
        yield col(JournalEntry.validated_at) >= wanted.validated_since
    if wanted.account is not None:
        yield _has_line(col(JournalLine.account) == wanted.account)
    if wanted.aux_account is not None:
        yield _has_line(col(JournalLine.aux_account) == wanted.aux_account)


def _has_line(condition: Any) -> Any:
    of_entry = and_(col(JournalLine.school_id) == THIS_SCHOOL, col(JournalLine.entry_id) == JournalEntry.id)
    return exists().where(of_entry, condition)


async def _read(session: AsyncSession, asked: Select[*tuple[Any, ...]]) -> list[LedgerEntryRecord]:
    rows = (await session.execute(asked.execution_options(populate_existing=True))).all()
    ids = [row.JournalEntry.id for row in rows]
    found = await session.execute(
        LINES.where(col(JournalLine.school_id) == THIS_SCHOOL, col(JournalLine.entry_id).in_(ids))
    )
    lines = {entry_id: tuple(map(line_of, of_one)) for entry_id, of_one in groupby(found, key=lambda row: row.entry_id)}
    students = await students_named(session, (line for of_one in lines.values() for line in of_one))
    return [_record(row, lines.get(row.JournalEntry.id, ()), students) for row in rows]


def _record(row: Row[*tuple[Any, ...]], lines: tuple[Line, ...], students: dict[str, UUID]) -> LedgerEntryRecord:
    entry: JournalEntry = row.JournalEntry
    named = {line.aux_account for line in lines if line.aux_account}
    return LedgerEntryRecord(
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
        reversed_by=row.reversed_by,
        lines=lines,
        students=tuple(sorted(students[account] for account in named if account in students)),
    )
