"""Credit notes (avoirs): less to pay on an invoice that stays."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.errors import InvalidInput
from app.core.money import to_decimal_string
from app.core.tables import THIS_SCHOOL
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance import pieces
from app.domains.finance.credit_tables import CreditLine, CreditNote
from app.domains.finance.errors import CreditTooLarge, CurrencyMismatch, InvoiceSettled
from app.domains.finance.facts import credit_facts
from app.domains.finance.invoice_records import (
    CreditedInvoice,
    CreditLineRecord,
    CreditNoteRecord,
    FreeingRule,
    InstalmentRecord,
    InvoiceRecord,
    Share,
)
from app.domains.finance.invoice_statements import ALLOCATIONS_OF_INVOICE
from app.domains.finance.service.cancelling import hold_invoice
from app.domains.finance.service.checks import LABEL, amount_of
from app.domains.finance.service.numbers import take_numbers
from app.domains.finance.service.posting import post_piece
from app.domains.finance.service.settling import Taken, free, require_invoices, take, tell_standing

Lines = list[tuple[InstalmentRecord, int]]
"""Instalments, and how much is taken off each."""


async def credit_invoice(
    session: AsyncSession,
    *,
    invoice_number: str,
    reason: str,
    issued_on: date,
    currency: str,
    amount: int | None = None,
    shares: Sequence[Share] = (),
    allocations: FreeingRule = "refuse",
) -> CreditedInvoice:
    """Takes `amount` off what is left to pay, last due first; or `shares`, by instalment; or, without both, everything.

    Where that is more than is left to pay, it is refused, or the payments that settled the rest are freed, as
    `allocations` says. Raises InvoiceNotFound, InvoiceCancelled, InvoiceSettled, CreditTooLarge, CurrencyMismatch, and
    InvalidInput for unusable texts and amounts.
    """
    because = LABEL.read(reason, "reason")
    invoice = await hold_invoice(session, invoice_number, field="invoiceNumber")
    if invoice.currency != currency:
        raise CurrencyMismatch(
            field="currency", given=currency, expected=invoice.currency, student_id=invoice.student_id
        )
    lines = _asked(invoice, shares) if shares else _last_due_first(invoice, amount)
    excess = await _excess(session, invoice, lines)
    if excess and allocations == "refuse":
        raise InvoiceSettled(field="allocations", number=invoice.number, student_id=invoice.student_id)
    freed = await free(session, excess)
    [number] = await take_numbers(session, "credit_note", issued_on.year)
    total = sum(part for _, part in lines)
    note = {"number": number, "amount": total, "reason": because, "issued_on": issued_on}
    note_id = await _write(session, invoice, note, lines)
    after = await require_invoices(session, [invoice.id])
    credited = after[invoice.id]
    facts = credit_facts(credited, credit_number=number, amount=total, reason=because, freed=freed)
    record_event(session, Topic.INVOICE_CREDITED, subject=invoice.id, facts=facts)
    post_piece(session, pieces.of_credit(invoice, note_id, number=number, amount=total, issued_on=issued_on))
    tell_standing(session, {invoice.id: invoice}, after)
    record = CreditNoteRecord(
        note_id,
        invoice.id,
        invoice.student_id,
        invoice.number,
        number,
        total,
        currency,
        because,
        issued_on,
        tuple(CreditLineRecord(one.number, one.due_on, part) for one, part in _in_order(lines)),
    )
    return CreditedInvoice(record, credited, freed)


def _asked(invoice: InvoiceRecord, shares: Sequence[Share]) -> Lines:
    """The lines as they were asked for, by instalment. Raises InvalidInput, CreditTooLarge."""
    by_number = {one.number: one for one in invoice.instalments}
    asked: dict[int, int] = {}
    for nth, share in enumerate(shares):
        field = f"instalments.{nth}"
        if share.instalment not in by_number or share.instalment in asked:
            raise InvalidInput(
                field=f"{field}.number",
                reason_fr="le numéro d'une échéance de la facture, une seule fois",
                reason_en="the number of an instalment of the invoice, and once",
            )
        one = by_number[share.instalment]
        asked[one.number] = amount_of(share.amount, invoice.currency, f"{field}.amount")
        _require(share.amount, one.amount - one.credited, invoice, f"{field}.amount")
    return [(by_number[number], part) for number, part in asked.items()]


def _last_due_first(invoice: InvoiceRecord, amount: int | None) -> Lines:
    """What is left to pay goes first, of all instalments; only then what has been paid. Raises CreditTooLarge."""
    most = invoice.total - invoice.credited
    left = most if amount is None else amount_of(amount, invoice.currency)
    _require(left or 1, most, invoice, "amount")
    parts = dict.fromkeys((one.number for one in invoice.instalments), 0)
    latest = sorted(invoice.instalments, key=lambda one: (one.due_on, one.number), reverse=True)
    for room in ({one.number: one.owed for one in latest}, {one.number: one.paid for one in latest}):
        for number, most_here in room.items():
            part = min(left, most_here)
            parts[number] += part
            left -= part
    return [(one, parts[one.number]) for one in invoice.instalments if parts[one.number]]


def _require(amount: int, most: int, invoice: InvoiceRecord, field: str) -> None:
    if amount > most:
        shown = to_decimal_string(most, invoice.currency)
        raise CreditTooLarge(field=field, most=shown, currency=invoice.currency, student_id=invoice.student_id)


async def _excess(session: AsyncSession, invoice: InvoiceRecord, lines: Lines) -> list[Taken]:
    """What has to be taken back from payments, newest first, so that each line finds room."""
    over = {one.id: part - one.owed for one, part in lines if part > one.owed}
    if not over:
        return []
    found = await session.execute(ALLOCATIONS_OF_INVOICE, {"invoice_id": invoice.id})
    excess: list[Taken] = []
    for instalment_id, of_one in groupby(found.all(), key=lambda row: row.instalment_id):
        excess += take(of_one, over.get(instalment_id, 0))
    return excess


async def _write(session: AsyncSession, invoice: InvoiceRecord, note: dict[str, Any], lines: Lines) -> UUID:
    made = insert(CreditNote).values(school_id=THIS_SCHOOL, invoice_id=invoice.id, **note)
    note_id: UUID = (await session.execute(made.returning(col(CreditNote.id)))).scalar_one()
    rows = [
        {"school_id": THIS_SCHOOL, "credit_note_id": note_id, "instalment_id": one.id, "amount": part}
        for one, part in lines
    ]
    await session.execute(insert(CreditLine).values(rows))
    return note_id


def _in_order(lines: Lines) -> Iterable[tuple[InstalmentRecord, int]]:
    return sorted(lines, key=lambda line: line[0].number)
