"""Invoices as the API shows them, with their instalments, credit notes and what settles them."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

import strawberry

from app.core.clock import today
from app.core.graph.context import Context, Info
from app.core.graph.node import Node, NodeKind, node_id_field, node_id_of
from app.core.graph.scoped import any_scope
from app.core.money import to_decimal_string
from app.domains.finance.invoice_records import (
    CreditLineRecord,
    CreditNoteRecord,
    InstalmentRecord,
    InvoiceRecord,
    SettlementRecord,
)
from app.domains.finance.loaders import (
    credit_notes_by_id,
    credit_notes_of_invoices,
    invoices_by_id,
    settlements_of_invoices,
)
from app.domains.finance.schema.words import AN_ID, INVOICE_SCOPES, InvoiceKind, InvoiceStatus, PaymentProvider, local
from app.domains.students.loaders import students_by_id
from app.domains.students.schema import Student

_of_invoice = any_scope(INVOICE_SCOPES)


@strawberry.type(description="A part of an invoice with its due date. Amounts are decimals in the invoice's currency.")
class Instalment:
    number: int = _of_invoice(description="Its number in the invoice, from 1.", example=1)
    due_on: date = _of_invoice(description="The last day to pay, in the school's time zone.", example="2025-01-05")
    amount: str = _of_invoice(description="What was billed.", personal=True, example="150000")
    paid: str = _of_invoice(description="What payments settle of it.", personal=True, example="100000")
    credited: str = _of_invoice(description="What credit notes take off it.", personal=True, example="20000")
    owed: str = _of_invoice(description="What is left to pay.", personal=True, example="30000")

    @classmethod
    def of(cls, record: InstalmentRecord, currency: str) -> Self:
        return cls(
            number=record.number,
            due_on=record.due_on,
            amount=to_decimal_string(record.amount, currency),
            paid=to_decimal_string(record.paid, currency),
            credited=to_decimal_string(record.credited, currency),
            owed=to_decimal_string(record.owed, currency),
        )


@strawberry.type(description="How much of a payment settles an instalment of the invoice.")
class Settlement:
    payment_id: UUID = _of_invoice(description="The payment.", example=AN_ID)
    provider: PaymentProvider = _of_invoice(description="Through whom it came in.", example="wave")
    reference: str = _of_invoice(description="The provider's reference.", example="WAVE-8841")
    instalment: int = _of_invoice(description="The instalment's number, from 1.", example=1)
    due_on: date = _of_invoice(description="When the instalment is due.", example="2025-01-05")
    amount: str = _of_invoice(description="How much, a decimal.", personal=True, example="100000")

    @classmethod
    def of(cls, record: SettlementRecord) -> Self:
        return cls(
            payment_id=record.payment_id,
            provider=PaymentProvider(record.provider),
            reference=record.reference,
            instalment=record.instalment,
            due_on=record.due_on,
            amount=to_decimal_string(record.amount, record.currency),
        )


@strawberry.type(description="How much a credit note takes off an instalment.")
class CreditLine:
    instalment: int = _of_invoice(description="The instalment's number, from 1.", example=3)
    due_on: date = _of_invoice(description="When the instalment is due.", example="2025-04-05")
    amount: str = _of_invoice(description="How much, a decimal.", personal=True, example="20000")

    @classmethod
    def of(cls, record: CreditLineRecord, currency: str) -> Self:
        amount = to_decimal_string(record.amount, currency)
        return cls(instalment=record.instalment, due_on=record.due_on, amount=amount)


async def _invoice_of_note(root: "CreditNote", info: Info) -> "Invoice":
    record = await info.context.load(invoices_by_id, root.invoice_id)
    assert record is not None
    return show_invoice(record, info.context)


@strawberry.type(description="A credit note (avoir): less to pay on an invoice, as a document of its own.")
class CreditNote(Node):
    node_id: strawberry.ID = node_id_field(_of_invoice)
    id: UUID = _of_invoice(description="Its identifier.", example=AN_ID)
    number: str = _of_invoice(description="Its number, gapless in the school and year.", example="AV-2025-000007")
    invoice_number: str = _of_invoice(description="The invoice's number.", example="FA-2025-000042")
    amount: str = _of_invoice(description="How much, a decimal.", personal=True, example="20000")
    currency: str = _of_invoice(description="ISO 4217 code.", example="XOF")
    reason: str = _of_invoice(description="Why.", personal=True, example="Bourse d'excellence")
    issued_on: date = _of_invoice(description="Its date, in the school's time zone.", example="2025-01-13")
    lines: list[CreditLine] = _of_invoice(description="What it takes off which instalments.", size=3)
    invoice: "Invoice" = _of_invoice(description="The invoice, as it is now.", resolver=_invoice_of_note)
    invoice_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, record: CreditNoteRecord) -> Self:
        return cls(
            node_id=node_id_of("CreditNote", record.id),
            id=record.id,
            number=record.number,
            invoice_number=record.invoice_number,
            amount=to_decimal_string(record.amount, record.currency),
            currency=record.currency,
            reason=record.reason,
            issued_on=record.issued_on,
            lines=[CreditLine.of(line, record.currency) for line in record.lines],
            invoice_id=record.invoice_id,
        )


async def _credit_notes(root: "Invoice", info: Info) -> list[CreditNote]:
    return [CreditNote.of(record) for record in await info.context.load(credit_notes_of_invoices, root.id)]


async def _settlements(root: "Invoice", info: Info) -> list[Settlement]:
    return [Settlement.of(record) for record in await info.context.load(settlements_of_invoices, root.id)]


async def student_of(root: "Invoice", info: Info) -> Student:
    record = await info.context.load(students_by_id, root.student_id)
    assert record is not None
    return Student.of(record)


@strawberry.type(description="What a student is billed. Amounts are decimals in its currency.")
class Invoice(Node):
    node_id: strawberry.ID = node_id_field(_of_invoice)
    id: UUID = _of_invoice(description="Its identifier.", example=AN_ID)
    number: str = _of_invoice(description="Its number, unique in the school.", example="FA-2025-000042")
    matricule: str = _of_invoice(description="Who is billed.", personal=True, example="2024/INF/0123")
    kind: InvoiceKind = _of_invoice(description="What is billed.", example="tuition")
    label: str = _of_invoice(description="What it says.", example="Scolarité 2024-2025, Informatique")
    currency: str = _of_invoice(description="ISO 4217 code.", example="XOF")
    total: str = _of_invoice(description="The sum of its instalments.", personal=True, example="450000")
    paid: str = _of_invoice(description="What payments settle of it.", personal=True, example="150000")
    credited: str = _of_invoice(description="What credit notes take off it.", personal=True, example="20000")
    owed: str = _of_invoice(description="What is left to pay; nothing once cancelled.", personal=True, example="280000")
    status: InvoiceStatus = _of_invoice(description="Where it stands today.", personal=True, example="open")
    issued_on: date = _of_invoice(description="Its date, in the school's time zone.", example="2024-10-01")
    next_due_on: date | None = _of_invoice(
        description="The oldest due date with something left to pay; null where there is none.",
        personal=True,
        example="2025-01-05",
    )
    cancelled_at: datetime | None = _of_invoice(
        description="When it was cancelled, in the school's time zone.", example="2025-01-13T09:00:00+00:00"
    )
    cancelled_because: str | None = _of_invoice(description="Why it was cancelled.", example="Émise deux fois")
    updated_at: datetime = _of_invoice(
        description="When it last changed, payments included.", example="2025-01-13T09:00:00+00:00"
    )
    instalments: list[Instalment] = _of_invoice(description="Its parts, in the order of their numbers.", size=3)
    credit_notes: list[CreditNote] = _of_invoice(
        description="Its credit notes, the oldest first.", resolver=_credit_notes, size=1
    )
    settlements: list[Settlement] = _of_invoice(
        description="What settles it, instalment by instalment.", resolver=_settlements, size=3
    )
    student: Student = _of_invoice(description="Who is billed.", resolver=student_of)
    student_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, record: InvoiceRecord, context: Context) -> Self:
        currency, timezone = record.currency, context.actor.timezone
        return cls(
            node_id=node_id_of("Invoice", record.id),
            id=record.id,
            number=record.number,
            matricule=record.matricule,
            kind=InvoiceKind(record.kind),
            label=record.label,
            currency=currency,
            total=to_decimal_string(record.total, currency),
            paid=to_decimal_string(record.paid, currency),
            credited=to_decimal_string(record.credited, currency),
            owed=to_decimal_string(record.owed, currency),
            status=InvoiceStatus(record.status(today(context.clock, timezone))),
            issued_on=record.issued_on,
            next_due_on=record.next_due_on,
            cancelled_at=record.cancelled_at and local(record.cancelled_at, timezone),
            cancelled_because=record.cancelled_because,
            updated_at=local(record.updated_at, timezone),
            instalments=[Instalment.of(instalment, currency) for instalment in record.instalments],
            student_id=record.student_id,
        )


def show_invoice(record: InvoiceRecord, context: Context) -> Invoice:
    context.saw(record.student_id)
    return Invoice.of(record, context)


def _show_credit_note(record: CreditNoteRecord, context: Context) -> CreditNote:
    context.saw(record.student_id)
    return CreditNote.of(record)


INVOICES = NodeKind(Invoice, INVOICE_SCOPES, invoices_by_id, show_invoice)
CREDIT_NOTES = NodeKind(CreditNote, INVOICE_SCOPES, credit_notes_by_id, _show_credit_note)
