"""Payments as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry
from strawberry import argument

from app.core.graph.context import Context, Info
from app.core.graph.failure import expected
from app.core.graph.inputs import plain
from app.core.graph.node import Node, NodeKind, node_id_field, node_id_of
from app.core.graph.scoped import any_scope, scoped
from app.core.money import to_decimal_string, to_minor
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance.loaders import payments_by_id, refunds_by_id, refunds_of_payments
from app.domains.finance.records import AllocationRecord, PaymentRecord, RefundRecord
from app.domains.finance.schema.failures import CurrencyMismatchFailure, InvoiceNotFoundFailure, PaymentConflictFailure
from app.domains.finance.schema.words import AN_ID, PAYMENT_SCOPES, PaymentProvider, local
from app.domains.finance.service import record_payment
from app.domains.finance.service.checks import REFERENCE
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.students.loaders import students_by_id
from app.domains.students.schema import Student, StudentNotFoundFailure

_of_payment = any_scope(PAYMENT_SCOPES)
_to_record = any_scope([Scope.PAYMENTS_WRITE])


@strawberry.type(description="How much of a payment settles which instalment.")
class PaymentAllocation:
    invoice_number: str = _of_payment(description="The invoice's number.", example="F-2024-0001")
    instalment: int = _of_payment(description="The instalment's number in its invoice, from 1.", example=1)
    due_on: date = _of_payment(description="When the instalment is due.", example="2025-01-05")
    amount: str = _of_payment(
        description="The part of the payment, a decimal in the payment's currency.", personal=True, example="150000"
    )

    @classmethod
    def of(cls, record: AllocationRecord, currency: str) -> Self:
        amount = to_decimal_string(record.amount, currency)
        return cls(
            invoice_number=record.invoice_number, instalment=record.instalment, due_on=record.due_on, amount=amount
        )


@strawberry.type(description="Money of a payment given back.")
class Refund(Node):
    node_id: strawberry.ID = node_id_field(_of_payment)
    id: UUID = _of_payment(description="Its identifier.", example=AN_ID)
    payment_id: UUID = _of_payment(description="The payment whose money it was.", example=AN_ID)
    matricule: str = _of_payment(description="Who had paid.", personal=True, example="2024/INF/0123")
    provider: PaymentProvider = _of_payment(description="Through whom it went back.", example="orange_money")
    reference: str = _of_payment(description="The provider's reference of the refund.", example="OM-R-5512")
    amount: str = _of_payment(description="How much, a decimal.", personal=True, example="50000")
    currency: str = _of_payment(description="ISO 4217 code.", example="XOF")
    reason: str = _of_payment(description="Why.", personal=True, example="Trop perçu")
    refunded_at: datetime = _of_payment(
        description="When it was given back, in the school's time zone.", example="2025-01-20T09:00:00+00:00"
    )

    @classmethod
    def of(cls, record: RefundRecord, timezone: str) -> Self:
        return cls(
            node_id=node_id_of("Refund", record.id),
            id=record.id,
            payment_id=record.payment_id,
            matricule=record.matricule,
            provider=PaymentProvider(record.provider),
            reference=record.reference,
            amount=to_decimal_string(record.amount, record.currency),
            currency=record.currency,
            reason=record.reason,
            refunded_at=local(record.refunded_at, timezone),
        )


async def _refunds(root: "Payment", info: Info) -> list[Refund]:
    timezone = info.context.actor.timezone
    return [Refund.of(record, timezone) for record in await info.context.load(refunds_of_payments, root.id)]


async def _student(root: "Payment", info: Info) -> Student:
    record = await info.context.load(students_by_id, root.student_id)
    assert record is not None
    return Student.of(record)


@strawberry.type(description="Money received from a student.")
class Payment(Node):
    node_id: strawberry.ID = node_id_field(_of_payment)
    id: UUID = _of_payment(description="Its identifier.", example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e")
    matricule: str = _of_payment(description="Who paid.", personal=True, example="2024/INF/0123")
    provider: PaymentProvider = _of_payment(description="Through whom.", example="orange_money")
    reference: str = _of_payment(description="The provider's reference.", example="MP250113.0900.A12345")
    amount: str = _of_payment(description="How much, a decimal.", personal=True, example="150000")
    currency: str = _of_payment(description="ISO 4217 code.", example="XOF")
    received_at: datetime = _of_payment(
        description="When it was received, in the school's time zone.", example="2025-01-13T09:00:00+00:00"
    )
    unallocated: str = _of_payment(
        description="What settles nothing yet, a decimal: an advance or an overpayment.", personal=True, example="0"
    )
    allocations: list[PaymentAllocation] = _of_payment(description="What it settles, oldest due first.", size=3)
    refunded: str = _of_payment(description="What was given back, a decimal.", personal=True, example="0")
    refunds: list[Refund] = _of_payment(
        description="What was given back, in the order of time.", resolver=_refunds, size=1
    )
    student: Student = _of_payment(description="Who paid.", resolver=_student)
    student_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, record: PaymentRecord, timezone: str) -> Self:
        currency = record.currency
        return cls(
            node_id=node_id_of("Payment", record.id),
            id=record.id,
            matricule=record.matricule,
            provider=PaymentProvider(record.provider),
            reference=record.reference,
            amount=to_decimal_string(record.amount, currency),
            currency=currency,
            received_at=local(record.received_at, timezone),
            unallocated=to_decimal_string(record.unallocated, currency),
            allocations=[PaymentAllocation.of(allocation, currency) for allocation in record.allocations],
            refunded=to_decimal_string(record.refunded, currency),
            student_id=record.student_id,
        )


RecordPaymentResult = Annotated[
    Payment | StudentNotFoundFailure | InvoiceNotFoundFailure | CurrencyMismatchFailure | PaymentConflictFailure,
    strawberry.union("RecordPaymentResult", description="The payment, or why there is none."),
]


@strawberry.input(description="A payment to record.")
class RecordPaymentInput:
    matricule: str = _to_record(
        description="Who paid, in any case.", personal=True, example="2024/INF/0123", form=IDENTIFIER
    )
    provider: PaymentProvider = _to_record(description="Through whom.", example="orange_money")
    reference: str = _to_record(
        description="The provider's reference: given twice, it is still one payment.",
        example="MP250113.0900.A12345",
        form=REFERENCE,
    )
    amount: str = _to_record(description="How much: a decimal like `150000` or `10.50`.", example="150000")
    currency: str = _to_record(description="ISO 4217 code.", example="XOF")
    received_at: datetime = _to_record(
        description="When it was received, with its offset.", example="2025-01-13T09:00:00+00:00"
    )
    invoice_number: str | None = _to_record(
        description="The invoice it is for. Null settles what is open in that currency, oldest due first.",
        example="F-2024-0001",
        optional=True,
        form=REFERENCE,
    )


@expected(RecordPaymentResult)
async def _record_payment(
    info: Info,
    input: Annotated[RecordPaymentInput, argument(description="The payment.")],
    idempotency_key: IdempotencyKey = None,
) -> RecordPaymentResult:
    context = info.context
    asked = plain(input)
    minor = to_minor(input.amount, input.currency)
    record = await perform_once(
        context,
        "recordPayment",
        idempotency_key,
        asked,
        lambda session: record_payment(session, context.actor, **{**asked, "amount": minor}),
        PaymentRecord,
        concerns=lambda made: [made.student_id],
    )
    return Payment.of(record, context.actor.timezone)


@strawberry.type
class PaymentMutation:
    record_payment: RecordPaymentResult = scoped(
        Scope.PAYMENTS_WRITE,
        description="Records money received and settles what it is for. A provider's reference is one payment.",
        resolver=_record_payment,
        cost=10,
    )


def show_payment(record: PaymentRecord, context: Context) -> Payment:
    context.saw(record.student_id)
    return Payment.of(record, context.actor.timezone)


def _show_refund(record: RefundRecord, context: Context) -> Refund:
    context.saw(record.student_id)
    return Refund.of(record, context.actor.timezone)


PAYMENTS = NodeKind(Payment, PAYMENT_SCOPES, payments_by_id, show_payment)
REFUNDS = NodeKind(Refund, PAYMENT_SCOPES, refunds_by_id, _show_refund)
