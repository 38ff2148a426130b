"""What people write into the books: drafts, which they change, delete and make final, and reversals (extournes)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.money import exponent
from app.core.tables import THIS_SCHOOL
from app.core.text import IDENTIFIER, normalise_code
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance.errors import (
    AccountNotFound,
    EntryAlreadyReversed,
    EntryImmutable,
    EntryMadeFromFact,
    EntryNotFound,
    EntryNotValidated,
    JournalNotFound,
    UnbalancedEntry,
)
from app.domains.finance.facts import ledger_entry_facts
from app.domains.finance.journal_records import DeletedEntryRecord, DraftLine, LedgerEntryRecord, Line
from app.domains.finance.journal_tables import Journal, JournalEntry, JournalLine
from app.domains.finance.service.accounts import list_accounts
from app.domains.finance.service.books import named_refusals, period_of, post_entry, validate_entry, write_lines
from app.domains.finance.service.checks import LABEL, REFERENCE
from app.domains.finance.service.ledger import require_entry


async def post_draft(
    session: AsyncSession,
    *,
    journal_code: str,
    entry_date: date,
    piece_ref: str,
    piece_date: date,
    label: str,
    currency: str,
    lines: Sequence[DraftLine],
) -> LedgerEntryRecord:
    """A draft without a number: it takes one when it is validated, so that drafts lock nobody and leave no gap.

    Raises JournalNotFound, NoFiscalPeriod, PeriodClosed, AccountNotFound, UnbalancedEntry, LineNotOneSided, and
    InvalidInput for unusable texts.
    """
    values = await _values(session, journal_code, entry_date, piece_ref, piece_date, label, currency)
    written = await _lines(session, lines)
    with named_refusals():
        made = insert(JournalEntry).values(school_id=THIS_SCHOOL, **values)
        entry_id: UUID = (await session.execute(made.returning(col(JournalEntry.id)))).scalar_one()
        await write_lines(session, entry_id, written, values["label"])
    return await _told(session, Topic.JOURNAL_ENTRY_POSTED, entry_id)


async def change_entry(
    session: AsyncSession,
    entry_id: UUID,
    *,
    journal_code: str,
    entry_date: date,
    piece_ref: str,
    piece_date: date,
    label: str,
    currency: str,
    lines: Sequence[DraftLine],
) -> LedgerEntryRecord:
    """The draft then says this, whole. Raises what `post_draft` raises, EntryNotFound, and EntryImmutable.

    A draft that came with a number keeps it in its journal and year; elsewhere it has none, if none follows it.
    """
    entry = await _hold_draft(session, entry_id)
    values = await _values(session, journal_code, entry_date, piece_ref, piece_date, label, currency)
    if (values["journal_id"], values["fiscal_year_id"]) != (entry.journal_id, entry.fiscal_year_id):
        values["number"] = None
    written = await _lines(session, lines)
    with named_refusals(number=entry.number):
        await session.execute(delete(JournalLine).where(*_lines_of(entry_id)))
        await session.execute(update(JournalEntry).where(*_same(entry_id)).values(values))
        await write_lines(session, entry_id, written, values["label"])
    return await _told(session, Topic.JOURNAL_ENTRY_CHANGED, entry_id)


async def delete_entry(session: AsyncSession, entry_id: UUID) -> DeletedEntryRecord:
    """A draft goes without a trace but its event. Raises EntryNotFound, EntryImmutable, EntryNumberFollowed."""
    entry = await _hold_draft(session, entry_id)
    record = await require_entry(session, entry_id)
    with named_refusals(number=entry.number):
        await session.execute(delete(JournalLine).where(*_lines_of(entry_id)))
        await session.execute(delete(JournalEntry).where(*_same(entry_id)))
    record_event(session, Topic.JOURNAL_ENTRY_DELETED, subject=entry_id, facts=ledger_entry_facts(record))
    return DeletedEntryRecord(entry_id, record.journal_code, record.piece_ref)


async def validate_draft(session: AsyncSession, entry_id: UUID, *, now: datetime) -> LedgerEntryRecord:
    """Raises EntryNotFound, EntryImmutable, PeriodClosed."""
    await validate_entry(session, entry_id, now=now)
    return await require_entry(session, entry_id)


async def reverse_entry(
    session: AsyncSession, entry_id: UUID, *, entry_date: date, label: str | None = None, now: datetime
) -> LedgerEntryRecord:
    """A validated entry with the sides swapped, dated `entry_date`, that refers to the reversed one. Once only.

    Raises EntryNotFound, EntryNotValidated, EntryAlreadyReversed, EntryMadeFromFact for what Skooly posts itself,
    NoFiscalPeriod, PeriodClosed, and InvalidInput for an unusable label.
    """
    await _hold(session, entry_id)
    entry = await require_entry(session, entry_id)
    _require_reversible(entry)
    words = f"Extourne de {entry.piece_ref}" if label is None else label
    swapped = [
        replace(line, debit=line.credit, credit=line.debit, lettering=None, lettered_at=None) for line in entry.lines
    ]
    posted = await post_entry(
        session,
        journal_code=entry.journal_code,
        entry_date=entry_date,
        piece_ref=entry.piece_ref,
        piece_date=entry.piece_date,
        label=words,
        currency=entry.currency,
        lines=swapped,
        reverses_entry_id=entry_id,
    )
    await validate_entry(session, posted.id, now=now)
    reversal = await require_entry(session, posted.id)
    facts = {**ledger_entry_facts(entry), "reversed_by": str(posted.id)}
    record_event(session, Topic.JOURNAL_ENTRY_REVERSED, subject=entry_id, facts=facts)
    return reversal


def _require_reversible(entry: LedgerEntryRecord) -> None:
    if entry.status != "validated":
        raise EntryNotValidated(field="entryId")
    if entry.reversed_by is not None:
        raise EntryAlreadyReversed(field="entryId")
    if entry.source is not None and entry.source.id is not None:
        raise EntryMadeFromFact(field="entryId", source=entry.source.type)


async def _values(
    session: AsyncSession,
    journal_code: str,
    entry_date: date,
    piece_ref: str,
    piece_date: date,
    label: str,
    currency: str,
) -> dict[str, Any]:
    """The columns of an entry. Raises JournalNotFound, NoFiscalPeriod, InvalidInput."""
    exponent(currency)
    code = normalise_code(journal_code, "journalCode")
    journal_id = await session.scalar(
        select(col(Journal.id)).where(col(Journal.school_id) == THIS_SCHOOL, col(Journal.code) == code)
    )
    if journal_id is None:
        raise JournalNotFound(field="journalCode", journal=code)
    period = await period_of(session, entry_date)
    return {
        "journal_id": journal_id,
        "fiscal_year_id": period.fiscal_year_id,
        "period_id": period.id,
        "entry_date": entry_date,
        "piece_ref": REFERENCE.read(piece_ref, "pieceRef"),
        "piece_date": piece_date,
        "label": LABEL.read(label, "label"),
        "currency": currency,
    }


async def _lines(session: AsyncSession, lines: Sequence[DraftLine]) -> list[Line]:
    """With the names of their accounts. Raises UnbalancedEntry, AccountNotFound, InvalidInput."""
    if len(lines) < 2 or sum(line.debit for line in lines) != sum(line.credit for line in lines):
        raise UnbalancedEntry(field="lines")
    known = {each.code: each.label for each in await list_accounts(session)}
    return [_line(line, known, f"lines.{nth}") for nth, line in enumerate(lines)]


def _line(line: DraftLine, known: dict[str, str], field: str) -> Line:
    account = IDENTIFIER.read(line.account, f"{field}.account")
    named = _read(line.account_label, f"{field}.accountLabel") or known.get(account)
    if named is None:
        raise AccountNotFound(field=f"{field}.account", account=account)
    return Line(
        account,
        named,
        debit=line.debit,
        credit=line.credit,
        label=_read(line.label, f"{field}.label"),
        aux_account=_read(line.aux_account, f"{field}.auxAccount"),
        aux_label=_read(line.aux_label, f"{field}.auxLabel"),
        due_date=line.due_date,
        payment_mode=_read(line.payment_mode, f"{field}.paymentMode"),
        analytic=tuple(line.analytic),
    )


def _read(text: str | None, field: str) -> str | None:
    return None if text is None else LABEL.read(text, field)


async def _hold(session: AsyncSession, entry_id: UUID) -> JournalEntry:
    held = select(JournalEntry).where(*_same(entry_id)).with_for_update()
    entry = (await session.execute(held.execution_options(populate_existing=True))).scalar_one_or_none()
    if entry is None:
        raise EntryNotFound(field="entryId")
    return entry


async def _hold_draft(session: AsyncSession, entry_id: UUID) -> JournalEntry:
    entry = await _hold(session, entry_id)
    if entry.status != "draft":
        raise EntryImmutable(field="entryId")
    return entry


def _same(entry_id: UUID) -> tuple[Any, ...]:
    return col(JournalEntry.school_id) == THIS_SCHOOL, col(JournalEntry.id) == entry_id


def _lines_of(entry_id: UUID) -> tuple[Any, ...]:
    return col(JournalLine.school_id) == THIS_SCHOOL, col(JournalLine.entry_id) == entry_id


async def _told(session: AsyncSession, topic: Topic, entry_id: UUID) -> LedgerEntryRecord:
    record = await require_entry(session, entry_id)
    record_event(session, topic, subject=entry_id, facts=ledger_entry_facts(record))
    return record
