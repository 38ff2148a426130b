"""What belongs to many invoices or payments at once: credit notes, settlements and refunds."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.domains.finance.credit_tables import CreditLine, CreditNote, Refund
from app.domains.finance.invoice_records import CreditLineRecord, CreditNoteRecord, SettlementRecord
from app.domains.finance.invoice_statements import same
from app.domains.finance.records import RefundRecord
from app.domains.finance.tables import Allocation, Instalment, Invoice, Payment
from app.domains.students.tables import Student

Record = TypeVar("Record")

_CREDIT_NOTES: Select[*tuple[Any, ...]] = (
    select(
        col(CreditNote.id),
        col(CreditNote.invoice_id),
        col(Invoice.student_id),
        col(Invoice.number).label("invoice_number"),
        col(CreditNote.number),
        col(CreditNote.amount),
        col(Invoice.currency),
        col(CreditNote.reason),
        col(CreditNote.issued_on),
        col(Instalment.number).label("instalment"),
        col(Instalment.due_on),
        col(CreditLine.amount).label("part"),
    )
    .join(Invoice, same(Invoice, CreditNote.invoice_id))
    .join(CreditLine, (col(CreditLine.school_id) == THIS_SCHOOL) & (col(CreditLine.credit_note_id) == CreditNote.id))
    .join(Instalment, same(Instalment, CreditLine.instalment_id))
    .where(col(CreditNote.school_id) == THIS_SCHOOL)
    .order_by(col(CreditNote.id), col(Instalment.number))
)
_SETTLEMENTS: Select[*tuple[Any, ...]] = (
    select(
        col(Instalment.invoice_id),
        col(Payment.id),
        col(Payment.provider),
        col(Payment.reference),
        col(Instalment.number),
        col(Instalment.due_on),
        col(Allocation.amount),
        col(Payment.currency),
    )
    .join(Allocation, (col(Allocation.school_id) == THIS_SCHOOL) & (col(Allocation.instalment_id) == Instalment.id))
    .join(Payment, same(Payment, Allocation.payment_id))
    .where(col(Instalment.school_id) == THIS_SCHOOL)
    .order_by(col(Instalment.number), col(Payment.received_at), col(Payment.id))
)
_REFUNDS: Select[*tuple[Any, ...]] = (
    select(
        col(Refund.id),
        col(Refund.payment_id),
        col(Payment.student_id),
        col(Student.matricule),
        col(Payment.provider),
        col(Payment.reference),
        col(Refund.provider).label("refund_provider"),
        col(Refund.reference).label("refund_reference"),
        col(Refund.amount),
        col(Payment.currency),
        col(Refund.reason),
        col(Refund.refunded_at),
    )
    .join(Payment, same(Payment, Refund.payment_id))
    .join(Student, same(Student, Payment.student_id))
    .where(col(Refund.school_id) == THIS_SCHOOL)
    .order_by(col(Refund.refunded_at), col(Refund.id))
)


async def credit_notes_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, CreditNoteRecord]:
    found = await session.execute(_CREDIT_NOTES.where(col(CreditNote.id).in_(ids)))
    return {note.id: note for note in _notes(found.all())}


async def credit_notes_of(session: AsyncSession, invoices: Sequence[UUID]) -> dict[UUID, list[CreditNoteRecord]]:
    """By invoice, in the order in which they were issued."""
    found = await session.execute(_CREDIT_NOTES.where(col(CreditNote.invoice_id).in_(invoices)))
    return _gathered(_notes(found.all()), lambda note: note.invoice_id)


async def settlements_of(session: AsyncSession, invoices: Sequence[UUID]) -> dict[UUID, list[SettlementRecord]]:
    """By invoice: instalment by instalment, in the order in which the payments were received."""
    found = await session.execute(_SETTLEMENTS.where(col(Instalment.invoice_id).in_(invoices)))
    return _gathered((SettlementRecord(*row) for row in found), lambda settlement: settlement.invoice_id)


async def refunds_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, RefundRecord]:
    found = await session.execute(_REFUNDS.where(col(Refund.id).in_(ids)))
    return {refund.id: refund for refund in (RefundRecord(*row) for row in found)}


async def refunds_of(session: AsyncSession, payments: Sequence[UUID]) -> dict[UUID, list[RefundRecord]]:
    """By payment, in the order of time."""
    found = await session.execute(_REFUNDS.where(col(Refund.payment_id).in_(payments)))
    return _gathered((RefundRecord(*row) for row in found), lambda refund: refund.payment_id)


def _notes(rows: Sequence[Any]) -> Iterable[CreditNoteRecord]:
    """From the rows of credit notes, a row for each line, those of one note together."""
    for _, of_one in groupby(rows, key=lambda row: row.id):
        lines = list(of_one)
        told = tuple(CreditLineRecord(row.instalment, row.due_on, row.part) for row in lines)
        note = lines[0]
        yield CreditNoteRecord(
            note.id,
            note.invoice_id,
            note.student_id,
            note.invoice_number,
            note.number,
            note.amount,
            note.currency,
            note.reason,
            note.issued_on,
            told,
        )


def _gathered(records: Iterable[Record], key: Callable[[Record], UUID]) -> dict[UUID, list[Record]]:
    gathered: defaultdict[UUID, list[Record]] = defaultdict(list)
    for record in records:
        gathered[key(record)].append(record)
    return gathered
