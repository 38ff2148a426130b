"""Giving money of a payment back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.money import to_decimal_string
from app.core.tables import THIS_SCHOOL
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance import pieces
from app.domains.finance.credit_tables import Refund
from app.domains.finance.errors import CurrencyMismatch, RefundConflict, RefundTooLarge
from app.domains.finance.facts import refund_facts
from app.domains.finance.invoice_statements import FIND_REFUND
from app.domains.finance.records import RefundRecord
from app.domains.finance.service.allocating import allocations_of, hold_payment
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
) -> RefundRecord:
    """Gives `amount` back, or all that is left; what the payment no longer covers is owed again, last due first.

    A provider's reference is one refund: the second time answers the first, without what it freed. Raises
    PaymentNotFound, CurrencyMismatch, RefundTooLarge, RefundConflict for a reference with another payment or amount,
    and InvalidInput for unusable texts and amounts.
    """
    provider, reference = one_of(provider, PROVIDERS, "provider"), REFERENCE.read(reference, "reference")
    because, moment = LABEL.read(reason, "reason"), instant_of(refunded_at, "refundedAt")
    payment = await hold_payment(session, payment_id)
    if payment.currency != currency:
        raise CurrencyMismatch(
            field="currency", given=currency, expected=payment.currency, student_id=payment.student_id
        )
    given = None if amount is None else amount_of(amount, currency)
    if (first := await _first(session, provider, reference)) is not None:
        if first.payment_id != payment_id or given not in (None, first.amount):
            raise RefundConflict(field="reference", reference=reference, student_id=payment.student_id)
        return RefundRecord(
            first.id,
            payment_id,
            *_of(payment),
            provider,
            reference,
            first.amount,
            currency,
            first.reason,
            first.refunded_at,
        )
    most = payment.amount - payment.refunded
    part = most if given is None else given
    if not 0 < part <= most:
        shown = to_decimal_string(most, currency)
        raise RefundTooLarge(field="amount", most=shown, currency=currency, student_id=payment.student_id)
    allocations = await allocations_of(session, payment_id)
    before = await require_invoices(session, {row.invoice_id for row in allocations})
    freed = await free(session, take(allocations, max(0, part - (most - payment.allocated))))
    made = insert(Refund).values(
        school_id=THIS_SCHOOL,
        payment_id=payment_id,
        provider=provider,
        reference=reference,
        amount=part,
        reason=because,
        refunded_at=moment,
    )
    made = made.on_conflict_do_nothing(constraint="uq_refund_school_id_provider_reference")
    refund_id = await session.scalar(made.returning(col(Refund.id)))
    if refund_id is None:  # of another student's payment, this very moment
        raise RefundConflict(field="reference", reference=reference, student_id=payment.student_id)
    record = RefundRecord(
        refund_id, payment_id, *_of(payment), provider, reference, part, currency, because, moment, freed
    )
    record_event(session, Topic.PAYMENT_REFUNDED, subject=payment_id, facts=refund_facts(record))
    post_piece(session, pieces.of_refund(record))
    tell_standing(session, before, await require_invoices(session, before))
    return record


async def _first(session: AsyncSession, provider: str, reference: str) -> Found | None:
    found = await session.execute(FIND_REFUND, {"provider": provider, "reference": reference})
    return found.one_or_none()


def _of(payment: Found) -> tuple[UUID, str, str, str]:
    return payment.student_id, payment.matricule, payment.provider, payment.reference
