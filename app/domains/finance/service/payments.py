"""Recording money that came in, and what it settles."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance import pieces
from app.domains.finance.errors import CurrencyMismatch, InvoiceNotFound, PaymentConflict
from app.domains.finance.facts import invoice_facts, payment_facts
from app.domains.finance.records import AllocationRecord, PaymentRecord
from app.domains.finance.service.checks import REFERENCE, amount_of, instant_of, one_of
from app.domains.finance.service.posting import post_piece
from app.domains.finance.service.settling import hold_account
from app.domains.finance.statements import (
    DESCRIBE_PAYMENT,
    DESCRIBE_PAYMENTS,
    FIND_INVOICE,
    OPEN_INSTALMENTS,
    OPEN_INSTALMENTS_OF_INVOICE,
    PAID_INVOICES,
)
from app.domains.finance.tables import PROVIDERS, Allocation, Payment
from app.domains.students.records import StudentIdentity
from app.domains.students.service import require_student


async def record_payment(
    session: AsyncSession,
    actor: Actor,
    *,
    matricule: str,
    provider: str,
    reference: str,
    amount: int,
    currency: str,
    received_at: datetime,
    invoice_number: str | None = None,
) -> PaymentRecord:
    """Settles the named invoice, or what the student owes in that currency, oldest due first; the rest stays free.

    A provider's reference is one payment: the second time answers the first. `amount` is in minor units, `received_at`
    carries an offset. Raises StudentNotFound, InvoiceNotFound, CurrencyMismatch, PaymentConflict for a reference with
    another student, amount or currency, and InvalidInput for unusable texts.
    """
    values: dict[str, Any] = {
        "provider": one_of(provider, PROVIDERS, "provider"),
        "reference": REFERENCE.read(reference, "reference"),
        "amount": amount_of(amount, currency),
        "currency": currency,
        "received_at": instant_of(received_at, "receivedAt"),
    }
    student = await require_student(session, matricule)
    await hold_account(session, student.id)
    invoice_id = await _named_invoice(session, student, invoice_number, currency)
    made = insert(Payment).values(school_id=actor.school_id, student_id=student.id, **values)
    made = made.on_conflict_do_nothing(constraint="uq_payment_school_id_provider_reference")
    payment_id = await session.scalar(made.returning(col(Payment.id)))
    if payment_id is None:
        return await _first(session, student, values)
    record_event(
        session, Topic.PAYMENT_RECORDED, subject=payment_id, facts=payment_facts(matricule=student.matricule, **values)
    )
    post_piece(session, pieces.of_payment(student.id, payment_id, **values))
    touched = await _allocate(session, actor, student, payment_id, amount, currency, invoice_id)
    await _note_paid(session, student, touched)
    return await _described(session, values)


async def _named_invoice(
    session: AsyncSession, student: StudentIdentity, number: str | None, currency: str
) -> UUID | None:
    if number is None:
        return None
    cleaned = REFERENCE.read(number, "invoiceNumber")
    found = await session.execute(FIND_INVOICE, {"number": cleaned, "student_id": student.id})
    invoice = found.one_or_none()
    if invoice is None:
        raise InvoiceNotFound(field="invoiceNumber", number=cleaned, student_id=student.id)
    if invoice.currency != currency:
        raise CurrencyMismatch(field="currency", given=currency, expected=invoice.currency, student_id=student.id)
    invoice_id: UUID = invoice.id
    return invoice_id


async def _first(session: AsyncSession, student: StudentIdentity, asked: dict[str, Any]) -> PaymentRecord:
    """What the reference already stands for."""
    payment = await _described(session, asked)
    same = (payment.student_id, payment.amount, payment.currency) == (student.id, asked["amount"], asked["currency"])
    if not same:
        raise PaymentConflict(field="reference", reference=payment.reference, student_id=student.id)
    return payment


async def _allocate(
    session: AsyncSession,
    actor: Actor,
    student: StudentIdentity,
    payment_id: UUID,
    amount: int,
    currency: str,
    invoice_id: UUID | None,
) -> set[UUID]:
    """Returns the invoices that were settled, wholly or in part."""
    values: dict[str, Any] = {"student_id": student.id, "currency": currency}
    if invoice_id is None:
        found = await session.execute(OPEN_INSTALMENTS, values)
    else:
        found = await session.execute(OPEN_INSTALMENTS_OF_INVOICE, {**values, "invoice_id": invoice_id})
    shares = list(_shares(amount, found.all()))
    rows = [
        {"school_id": actor.school_id, "payment_id": payment_id, "instalment_id": instalment.id, "amount": share}
        for instalment, share in shares
    ]
    if rows:
        await session.execute(insert(Allocation).values(rows))
    return {instalment.invoice_id for instalment, _ in shares}


def _shares(amount: int, instalments: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[tuple[Row[*tuple[Any, ...]], int]]:
    """What each of them gets, in their order, until the money is gone."""
    for instalment in instalments:
        if not amount:
            return
        share = min(amount, instalment.owed)
        yield instalment, share
        amount -= share


async def _note_paid(session: AsyncSession, student: StudentIdentity, touched: set[UUID]) -> None:
    if not touched:
        return
    for invoice in await session.scalars(PAID_INVOICES, {"invoices": sorted(touched)}):
        facts = invoice_facts(
            number=invoice.number,
            matricule=student.matricule,
            kind=invoice.kind,
            label=invoice.label,
            currency=invoice.currency,
            total=invoice.total,
            issued_on=invoice.issued_on,
        )
        record_event(session, Topic.INVOICE_PAID, subject=invoice.id, facts=facts)


async def _described(session: AsyncSession, named: dict[str, Any]) -> PaymentRecord:
    found = await session.execute(DESCRIBE_PAYMENT, {"provider": named["provider"], "reference": named["reference"]})
    return _payment(found.all())


async def describe_payments(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, PaymentRecord]:
    """Those of the payments that are there, by id."""
    rows: defaultdict[UUID, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in await session.execute(DESCRIBE_PAYMENTS, {"ids": list(ids)}):
        rows[row.Payment.id].append(row)
    return {id: _payment(of_one) for id, of_one in rows.items()}


def _payment(rows: Sequence[Row[*tuple[Any, ...]]]) -> PaymentRecord:
    """From the rows of one payment, oldest due first."""
    payment, matricule = rows[0].Payment, rows[0].matricule
    return PaymentRecord(
        payment.id,
        payment.student_id,
        matricule,
        payment.provider,
        payment.reference,
        payment.amount,
        payment.currency,
        payment.received_at,
        tuple(
            AllocationRecord(row.invoice_number, row.instalment, row.due_on, row.settled)
            for row in rows
            if row.settled is not None
        ),
        payment.refunded,
    )
