"""Writing the books: fiscal years, journals, entries. What an entry must be is held by the database alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Result, Row, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.errors import InvalidInput
from app.core.money import exponent
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance.errors import (
    BooksError,
    EntryImmutable,
    EntryNotFound,
    FiscalYearTaken,
    JournalNotFound,
    LineNotOneSided,
    NoFiscalPeriod,
    PeriodClosed,
    UnbalancedEntry,
)
from app.domains.finance.facts import entry_facts
from app.domains.finance.journal_records import Line, PostedEntry, Source
from app.domains.finance.journal_tables import FiscalPeriod, FiscalYear, Journal, JournalEntry
from app.domains.finance.service.checks import LABEL, REFERENCE
from app.domains.finance.statements import INSERT_LINES, VALIDATE_ENTRY

_REFUSALS: dict[str, type[BooksError]] = {
    "journal_entry_balanced": UnbalancedEntry,
    "ck_journal_line_one_side": LineNotOneSided,
    "journal_entry_open_period": PeriodClosed,
    "journal_entry_immutable": EntryImmutable,
}


async def open_fiscal_year(session: AsyncSession, *, code: str, starts_on: date, ends_on: date) -> UUID:
    """Opens a year with a period for each month it touches. Both days belong to it.

    A period is called after its month, 2024-12, or after its first day where a year begins inside a month. Raises
    FiscalYearTaken, and InvalidInput when the year ends first.
    """
    if ends_on <= starts_on:
        raise InvalidInput(
            field="endsOn", reason_fr="la fin doit venir après le début", reason_en="the end must come after the start"
        )
    year = normalise_code(code, "code")
    try:
        async with session.begin_nested():
            made = insert(FiscalYear).values(school_id=THIS_SCHOOL, code=year, starts_on=starts_on, ends_on=ends_on)
            year_id = (await session.execute(made.returning(col(FiscalYear.id)))).scalar_one()
            periods = [
                {"school_id": THIS_SCHOOL, "fiscal_year_id": year_id, "code": name, "starts_on": first, "ends_on": last}
                for name, first, last in _months(starts_on, ends_on)
            ]
            await session.execute(insert(FiscalPeriod).values(periods))
    except IntegrityError as error:
        raise FiscalYearTaken(field="code", fiscal_year=year) from error
    return year_id


def _months(starts_on: date, ends_on: date) -> Iterator[tuple[str, date, date]]:
    first = starts_on
    while first <= ends_on:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        name = f"{first:%Y-%m}" if first.day == 1 else first.isoformat()
        yield name, first, min(following - timedelta(days=1), ends_on)
        first = following


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
    journal_id = await _lock_journal(session, journal_code)
    period = await _period(session, entry_date)
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
    with _named_refusals():
        entry_id, number = await _insert_entry(session, journal_id, period, values)
        rows = [line.row(line_no, values["label"]) for line_no, line in enumerate(lines, start=1)]
        await session.execute(INSERT_LINES, {"entry_id": entry_id, "lines": orjson.dumps(rows).decode()})
    return PostedEntry(entry_id, normalise_code(journal_code, "journalCode"), number, period.year, period.code)


async def validate_entry(session: AsyncSession, entry_id: UUID, *, now: datetime) -> None:
    """Makes a draft final. Raises EntryNotFound, EntryImmutable for a validated one, PeriodClosed."""
    with _named_refusals():
        found = await session.execute(VALIDATE_ENTRY, {"entry_id": entry_id, "now": now})
    entry = found.one_or_none()
    if entry is None:
        raise EntryNotFound
    facts = entry_facts(**entry._mapping)
    record_event(session, Topic.JOURNAL_ENTRY_VALIDATED, subject=entry_id, facts=facts)


async def _lock_journal(session: AsyncSession, code: str) -> UUID:
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


async def _period(session: AsyncSession, entry_date: date) -> Row[*tuple[Any, ...]]:
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
def _named_refusals() -> Iterator[None]:
    """Gives the database's refusals their names; what has none stays as it is."""
    try:
        yield
    except DBAPIError as error:
        cause = getattr(error.orig, "__cause__", None)
        refusal = _REFUSALS.get(getattr(cause, "constraint_name", None) or "")
        if refusal is None:
            raise
        raise refusal from error
