"""Giving money of a payment back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.money import to_decimal_string
from app.core.tables import THIS_SCHOOL
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance import pieces
from app.domains.finance.credit_tables import Refund
from app.domains.finance.errors import CurrencyMismatch, RefundConflict, RefundTooLarge
from app.domains.finance.facts import refund_facts
from app.domains.finance.invoice_statements import FIND_REFUND
from app.domains.finance.records import RefundedPayment, RefundRecord
from app.domains.finance.service.allocating import allocations_of, hold_payment, payment_record
from app.domains.finance.service.checks import LABEL, REFERENCE, amount_of, instant_of, one_of
from app.domains.finance.service.posting import post_piece
from app.domains.finance.service.settling import Found, free, require_invoices, take, tell_standing
from app.domains.finance.tables import PROVIDERS


async def refund_payment(
    session: AsyncSession,
    *,
    payment_id: UUID,
    provider: str,
    reference: str,
    reason: str,
    currency: str,
    refunded_at: datetime,
    amount: int | None = None,
) -> RefundedPayment:
    """Gives `amount` back, or all that is left; what the payment no longer covers is owed again, last due first.

    A provider's reference is one refund: the second time answers the first. Raises PaymentNotFound, CurrencyMismatch,
    RefundTooLarge, RefundConflict for a reference with another payment or amount, and InvalidInput for unusable texts
    and amounts.
    """
    values: dict[str, Any] = {
        "provider": one_of(provider, PROVIDERS, "provider"),
        "reference": REFERENCE.read(reference, "reference"),
        "reason": LABEL.read(reason, "reason"),
        "refunded_at": instant_of(refunded_at, "refundedAt"),
    }
    payment = await hold_payment(session, payment_id)
    if payment.currency != currency:
        raise CurrencyMismatch(
            field="currency", given=currency, expected=payment.currency, student_id=payment.student_id
        )
    given = None if amount is None else amount_of(amount, currency)
    allocations = await allocations_of(session, payment_id)
    if (first := await _find(session, values)) is not None:
        if first.payment_id != payment_id or given not in (None, first.amount):
            raise RefundConflict(field="reference", reference=values["reference"], student_id=payment.student_id)
        return RefundedPayment(_record(first, payment), payment_record(payment, allocations), ())
    part = _part(payment, given)
    before = await require_invoices(session, {row.invoice_id for row in allocations})
    free_already = payment.amount - payment.refunded - payment.allocated
    freed = await free(session, take(allocations, max(0, part - free_already)))
    refund = _record(await _write(session, payment, {**values, "amount": part}), payment)
    now = payment_record(await hold_payment(session, payment_id), await allocations_of(session, payment_id))
    record_event(session, Topic.PAYMENT_REFUNDED, subject=payment_id, facts=refund_facts(refund, freed))
    post_piece(session, pieces.of_refund(refund))
    tell_standing(session, before, await require_invoices(session, before))
    return RefundedPayment(refund, now, freed)


def _part(payment: Found, given: int | None) -> int:
    """How much is given back. Raises RefundTooLarge, also where nothing is left."""
    most = payment.amount - payment.refunded
    part: int = most if given is None else given
    if not 0 < part <= most:
        shown = to_decimal_string(most, payment.currency)
        raise RefundTooLarge(field="amount", most=shown, currency=payment.currency, student_id=payment.student_id)
    return part


async def _write(session: AsyncSession, payment: Found, values: dict[str, Any]) -> Found:
    made = insert(Refund).values(school_id=THIS_SCHOOL, payment_id=payment.id, **values)
    await session.execute(made.on_conflict_do_nothing(constraint="uq_refund_school_id_provider_reference"))
    written = await _find(session, values)
    if written is None or written.payment_id != payment.id:  # another student's, at this very moment
        raise RefundConflict(field="reference", reference=values["reference"], student_id=payment.student_id)
    return written


async def _find(session: AsyncSession, named: dict[str, Any]) -> Found | None:
    values = {"provider": named["provider"], "reference": named["reference"]}
    return (await session.execute(FIND_REFUND, values)).one_or_none()


def _record(refund: Found, payment: Found) -> RefundRecord:
    return RefundRecord(
        refund.id,
        payment.id,
        payment.student_id,
        payment.matricule,
        payment.provider,
        payment.reference,
        refund.provider,
        refund.reference,
        refund.amount,
        payment.currency,
        refund.reason,
        refund.refunded_at,
    )
