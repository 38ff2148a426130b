"""Writing the books: journals and entries. What an entry must be is held by the database alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Result, Row, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.money import exponent
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance.errors import (
    BooksError,
    EntryAlreadyReversed,
    EntryImmutable,
    EntryNotFound,
    EntryNumberFollowed,
    FiscalYearClosed,
    FiscalYearHasOpenPeriods,
    FiscalYearOutOfOrder,
    FiscalYearOverlaps,
    JournalNotFound,
    LineNotOneSided,
    NoFiscalPeriod,
    PeriodClosed,
    PeriodHasDrafts,
    PeriodOutOfOrder,
    UnbalancedEntry,
)
from app.domains.finance.facts import entry_facts
from app.domains.finance.journal_records import Line, PostedEntry, Source
from app.domains.finance.journal_tables import FiscalPeriod, FiscalYear, Journal, JournalEntry
from app.domains.finance.service.checks import LABEL, REFERENCE
from app.domains.finance.statements import HOLD_ENTRY, INSERT_LINES, VALIDATE_ENTRY

_REFUSALS: dict[str, tuple[type[BooksError], str]] = {
    "journal_entry_balanced": (UnbalancedEntry, "lines"),
    "ck_journal_line_one_side": (LineNotOneSided, "lines"),
    "journal_entry_open_period": (PeriodClosed, "entryDate"),
    "journal_entry_immutable": (EntryImmutable, "entryId"),
    "journal_entry_gapless": (EntryNumberFollowed, "entryId"),
    "uq_journal_entry_reverses": (EntryAlreadyReversed, "entryId"),
    "fiscal_period_drafts": (PeriodHasDrafts, "period"),
    "fiscal_period_in_order": (PeriodOutOfOrder, "period"),
    "fiscal_period_year_open": (FiscalYearClosed, "period"),
    "fiscal_year_overlap": (FiscalYearOverlaps, "startsOn"),
    "fiscal_year_periods_closed": (FiscalYearHasOpenPeriods, "fiscalYear"),
    "fiscal_year_in_order": (FiscalYearOutOfOrder, "fiscalYear"),
}
"""How the database refuses, what that is called, and the input at fault."""


async def ensure_journal(session: AsyncSession, *, code: str, label: str) -> UUID:
    """The journal of that code, made where there is none; its label is then left alone."""
    values = {"code": normalise_code(code, "code"), "label": LABEL.read(label, "label")}
    made = insert(Journal).values(school_id=THIS_SCHOOL, **values).on_conflict_do_nothing()
    await session.execute(made)
    found = select(col(Journal.id)).where(col(Journal.school_id) == THIS_SCHOOL, col(Journal.code) == values["code"])
    return (await session.execute(found)).scalar_one()


async def post_entry(
    session: AsyncSession,
    *,
    journal_code: str,
    entry_date: date,
    piece_ref: str,
    piece_date: date,
    label: str,
    currency: str,
    lines: Sequence[Line],
    source: Source | None = None,
    reverses_entry_id: UUID | None = None,
) -> PostedEntry:
    """Posts a draft under the next number of its journal and fiscal year; nobody else numbers there until the end.

    Raises JournalNotFound, NoFiscalPeriod, PeriodClosed, UnbalancedEntry, LineNotOneSided, and InvalidInput for
    unusable texts. Where the database refused, the transaction is over.
    """
    if len(lines) < 2:
        raise UnbalancedEntry(field="lines")
    exponent(currency)
    journal_id = await lock_journal(session, journal_code)
    period = await period_of(session, entry_date)
    values: dict[str, Any] = {
        "piece_ref": REFERENCE.read(piece_ref, "pieceRef"),
        "piece_date": piece_date,
        "label": LABEL.read(label, "label"),
        "currency": currency,
        "entry_date": entry_date,
        "source_type": source.type if source else None,
        "source_id": source.id if source else None,
        "reverses_entry_id": reverses_entry_id,
    }
    with named_refusals():
        entry_id, number = await _insert_entry(session, journal_id, period, values)
        await write_lines(session, entry_id, lines, values["label"])
    return PostedEntry(entry_id, normalise_code(journal_code, "journalCode"), number, period.year, period.code)


async def write_lines(session: AsyncSession, entry_id: UUID, lines: Sequence[Line], label: str) -> None:
    """The lines of an entry, in one statement. Those without a label get the entry's."""
    rows = [line.row(line_no, label) for line_no, line in enumerate(lines, start=1)]
    await session.execute(INSERT_LINES, {"entry_id": entry_id, "lines": orjson.dumps(rows).decode()})


async def validate_entry(session: AsyncSession, entry_id: UUID, *, now: datetime) -> None:
    """Makes a draft final, under the next number of its journal and fiscal year if it has none yet.

    Raises EntryNotFound, EntryImmutable for a validated one, PeriodClosed.
    """
    await session.execute(HOLD_ENTRY, {"entry_id": entry_id})
    with named_refusals():
        found = await session.execute(VALIDATE_ENTRY, {"entry_id": entry_id, "now": now})
    entry = found.one_or_none()
    if entry is None:
        raise EntryNotFound(field="entryId")
    facts = entry_facts(**entry._mapping)
    record_event(session, Topic.JOURNAL_ENTRY_VALIDATED, subject=entry_id, facts=facts)


async def lock_journal(session: AsyncSession, code: str) -> UUID:
    """Numbers are gapless because whoever takes the next one holds the journal until the transaction ends."""
    locked = (
        select(col(Journal.id))
        .where(col(Journal.school_id) == THIS_SCHOOL, col(Journal.code) == normalise_code(code, "journalCode"))
        .with_for_update(key_share=True)
    )
    journal_id: UUID | None = await session.scalar(locked)
    if journal_id is None:
        raise JournalNotFound(field="journalCode", journal=code)
    return journal_id


async def period_of(session: AsyncSession, entry_date: date) -> Row[*tuple[Any, ...]]:
    """Locked against being closed meanwhile; whether it is closed already, the database says."""
    found: Result[*tuple[Any, ...]] = await session.execute(
        select(
            col(FiscalPeriod.id),
            col(FiscalPeriod.code),
            col(FiscalPeriod.fiscal_year_id),
            col(FiscalYear.code).label("year"),
        )
        .join(
            FiscalYear,
            (col(FiscalYear.school_id) == FiscalPeriod.school_id) & (col(FiscalYear.id) == FiscalPeriod.fiscal_year_id),
        )
        .where(
            col(FiscalPeriod.school_id) == THIS_SCHOOL,
            col(FiscalPeriod.starts_on) <= entry_date,
            col(FiscalPeriod.ends_on) >= entry_date,
        )
        .limit(1)
        .with_for_update(read=True, of=FiscalPeriod)
    )
    period = found.one_or_none()
    if period is None:
        raise NoFiscalPeriod(field="entryDate", entry_date=entry_date)
    return period


async def _insert_entry(
    session: AsyncSession, journal_id: UUID, period: Row[*tuple[Any, ...]], values: dict[str, Any]
) -> tuple[UUID, int]:
    last = (
        select(func.coalesce(func.max(col(JournalEntry.number)), 0))
        .where(
            col(JournalEntry.school_id) == THIS_SCHOOL,
            col(JournalEntry.journal_id) == journal_id,
            col(JournalEntry.fiscal_year_id) == period.fiscal_year_id,
        )
        .scalar_subquery()
    )
    made = insert(JournalEntry).values(
        school_id=THIS_SCHOOL,
        journal_id=journal_id,
        fiscal_year_id=period.fiscal_year_id,
        period_id=period.id,
        number=last + 1,
        **values,
    )
    row = (await session.execute(made.returning(col(JournalEntry.id), col(JournalEntry.number)))).one()
    return row.id, row.number


@contextmanager
def named_refusals(**facts: object) -> Iterator[None]:
    """Gives the database's refusals their names, and `facts` for their words; what has none stays as it is."""
    try:
        yield
    except DBAPIError as error:
        cause = getattr(error.orig, "__cause__", None)
        found = _REFUSALS.get(getattr(cause, "constraint_name", None) or "")
        if found is None:
            raise
        refusal, field = found
        raise refusal(field=field, **facts) from error
