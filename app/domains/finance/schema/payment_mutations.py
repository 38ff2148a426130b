"""Saying what a payment settles, and giving it back, over the API."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import argument

from app.core.graph.context import Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.money import to_minor
from app.core.scopes import Scope
from app.domains.finance.invoice_records import Share
from app.domains.finance.records import PaymentRecord
from app.domains.finance.records import RefundedPayment as RefundedRecord
from app.domains.finance.schema.failures import (
    AllocationTooLargeFailure,
    CurrencyMismatchFailure,
    InvoiceCancelledFailure,
    InvoiceNotFoundFailure,
    PaymentNotFoundFailure,
    RefundConflictFailure,
    RefundTooLargeFailure,
)
from app.domains.finance.schema.freed import FreedMoney
from app.domains.finance.schema.payments import Payment, Refund
from app.domains.finance.schema.words import AN_ID, PaymentProvider
from app.domains.finance.service import allocate_payment, refund_payment
from app.domains.finance.service.checks import LABEL, REFERENCE
from app.domains.partners.mutations import IdempotencyKey, perform_once

_to_write = any_scope([Scope.PAYMENTS_WRITE])
_to_refund = any_scope([Scope.PAYMENTS_REFUND])


@strawberry.input(description="A part of a payment for an invoice, or for one of its instalments.")
class AllocationInput:
    invoice_number: str = _to_write(description="The invoice's number.", example="FA-2025-000042", form=REFERENCE)
    amount: str = _to_write(description="How much: a decimal.", example="75000")
    instalment: int | None = _to_write(
        description="The instalment's number, from 1. Null settles the invoice oldest due first.",
        example=2,
        optional=True,
    )


@strawberry.input(description="All that a payment settles from now on.")
class AllocatePaymentInput:
    payment_id: UUID = _to_write(description="The payment.", example=AN_ID)
    currency: str = _to_write(description="ISO 4217 code, the payment's own.", example="XOF")
    allocations: list[AllocationInput] = _to_write(
        description="For what; whatever else it settled is let go of. An empty list frees the payment."
    )


@strawberry.input(description="Money of a payment to give back.")
class RefundPaymentInput:
    payment_id: UUID = _to_refund(description="The payment.", example=AN_ID)
    provider: PaymentProvider = _to_refund(description="Through whom it goes back.", example="orange_money")
    reference: str = _to_refund(
        description="The provider's reference of the refund: given twice, it is still one refund.",
        example="OM-R-5512",
        form=REFERENCE,
    )
    reason: str = _to_refund(description="Why.", example="Trop perçu", form=LABEL)
    currency: str = _to_refund(description="ISO 4217 code, the payment's own.", example="XOF")
    refunded_at: datetime = _to_refund(
        description="When it was given back, with its offset.", example="2025-01-20T09:00:00+00:00"
    )
    amount: str | None = _to_refund(
        description="How much: a decimal. Null gives back all that is left.", example="50000", optional=True
    )


@strawberry.type(description="A refund, its payment, and what the payment no longer settles.")
class RefundedPayment:
    refund: Refund = _to_refund(description="The refund.")
    payment: Payment = _to_refund(description="The payment as it then stood.")
    freed: list[FreedMoney] = _to_refund(
        description="What is owed again: nothing where the money was free, or the refund known before.", size=3
    )


AllocatePaymentResult = Annotated[
    Payment
    | PaymentNotFoundFailure
    | InvoiceNotFoundFailure
    | InvoiceCancelledFailure
    | CurrencyMismatchFailure
    | AllocationTooLargeFailure
    | InvalidInputFailure,
    strawberry.union("AllocatePaymentResult", description="The payment, or why it settles what it did before."),
]
RefundPaymentResult = Annotated[
    RefundedPayment
    | PaymentNotFoundFailure
    | CurrencyMismatchFailure
    | RefundTooLargeFailure
    | RefundConflictFailure
    | InvalidInputFailure,
    strawberry.union("RefundPaymentResult", description="The refund, or why there is none."),
]


@expected(AllocatePaymentResult)
async def _allocate_payment(
    info: Info,
    input: Annotated[AllocatePaymentInput, argument(description="What it settles.")],
    idempotency_key: IdempotencyKey = None,
) -> AllocatePaymentResult:
    context = info.context
    shares = [
        Share(to_minor(each.amount, input.currency, f"allocations.{nth}.amount"), each.invoice_number, each.instalment)
        for nth, each in enumerate(input.allocations)
    ]
    record = await perform_once(
        context,
        "allocatePayment",
        idempotency_key,
        plain(input),
        lambda session: allocate_payment(session, payment_id=input.payment_id, currency=input.currency, shares=shares),
        PaymentRecord,
        concerns=lambda made: [made.student_id],
    )
    return Payment.of(record, context.actor.timezone)


@expected(RefundPaymentResult)
async def _refund_payment(
    info: Info,
    input: Annotated[RefundPaymentInput, argument(description="The refund.")],
    idempotency_key: IdempotencyKey = None,
) -> RefundPaymentResult:
    context, timezone = info.context, info.context.actor.timezone
    asked = plain(input)
    amount = None if input.amount is None else to_minor(input.amount, input.currency)
    record = await perform_once(
        context,
        "refundPayment",
        idempotency_key,
        asked,
        lambda session: refund_payment(session, **{**asked, "amount": amount}),
        RefundedRecord,
        concerns=lambda made: [made.refund.student_id],
    )
    return RefundedPayment(
        refund=Refund.of(record.refund, timezone),
        payment=Payment.of(record.payment, timezone),
        freed=[FreedMoney.of(each, record.payment.currency) for each in record.freed],
    )


@strawberry.type
class AllocationMutation:
    allocate_payment: AllocatePaymentResult = scoped(
        Scope.PAYMENTS_WRITE,
        description="Says what a payment settles: several invoices, or half of one. Saying it again changes nothing.",
        resolver=_allocate_payment,
        cost=10,
    )
    refund_payment: RefundPaymentResult = scoped(
        Scope.PAYMENTS_REFUND,
        description="Records that money of a payment was given back, and frees what it settled.",
        resolver=_refund_payment,
        cost=10,
    )
