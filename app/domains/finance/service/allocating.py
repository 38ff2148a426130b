"""Saying what a payment settles, and saying it anew."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.errors import InvalidInput
from app.core.money import to_decimal_string
from app.core.tables import THIS_SCHOOL
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance.errors import (
    AllocationTooLarge,
    CurrencyMismatch,
    InvoiceCancelled,
    InvoiceNotFound,
    PaymentNotFound,
)
from app.domains.finance.facts import allocation_facts
from app.domains.finance.invoice_records import InvoiceRecord, Share
from app.domains.finance.invoice_statements import ALLOCATIONS_OF_PAYMENT, FIND_PAYMENT, INVOICES_BY_NUMBER
from app.domains.finance.records import AllocationRecord, PaymentRecord
from app.domains.finance.service.checks import REFERENCE, amount_of
from app.domains.finance.service.settling import (
    Found,
    hold_account,
    invoices_with_instalments,
    require_invoices,
    settle,
    tell_standing,
)
from app.domains.finance.tables import Allocation


async def allocate_payment(
    session: AsyncSession, *, payment_id: UUID, currency: str, shares: Sequence[Share]
) -> PaymentRecord:
    """The payment then settles these invoices and no other: a share goes to one instalment, or to the oldest due first.

    No shares at all free the payment. Saying the same again changes nothing. Raises PaymentNotFound, InvoiceNotFound,
    InvoiceCancelled, CurrencyMismatch, AllocationTooLarge, and InvalidInput for unusable texts and amounts.
    """
    payment = await hold_payment(session, payment_id)
    if payment.currency != currency:
        raise CurrencyMismatch(
            field="currency", given=currency, expected=payment.currency, student_id=payment.student_id
        )
    _require(sum(share.amount for share in shares), payment.amount - payment.refunded, payment, "allocations")
    old = await allocations_of(session, payment_id)
    named = await _named(session, payment, shares)
    before = await require_invoices(session, {row.invoice_id for row in old} | {one.id for one in named.values()})
    wanted = _distribute(payment, named, _room(named.values(), old), shares)
    if wanted != {row.instalment_id: row.amount for row in old}:
        mine = (col(Allocation.school_id) == THIS_SCHOOL, col(Allocation.payment_id) == payment_id)
        await session.execute(delete(Allocation).where(*mine))
        await settle(session, {(payment_id, instalment_id): part for instalment_id, part in wanted.items()})
        record = payment_record(payment, await allocations_of(session, payment_id))
        record_event(session, Topic.PAYMENT_ALLOCATED, subject=payment_id, facts=allocation_facts(record))
        tell_standing(session, before, await require_invoices(session, before))
        return record
    return payment_record(payment, old)


async def hold_payment(session: AsyncSession, payment_id: UUID) -> Found:
    """The payment as it stands, with its student's account held. Raises PaymentNotFound."""
    found = (await session.execute(FIND_PAYMENT, {"payment_id": payment_id})).one_or_none()
    if found is None:
        raise PaymentNotFound(field="paymentId")
    await hold_account(session, found.student_id)
    return (await session.execute(FIND_PAYMENT, {"payment_id": payment_id})).one()


async def allocations_of(session: AsyncSession, payment_id: UUID) -> list[Found]:
    """Last due first."""
    return list((await session.execute(ALLOCATIONS_OF_PAYMENT, {"payment_id": payment_id})).all())


def payment_record(payment: Found, allocations: Sequence[Found]) -> PaymentRecord:
    """`allocations` come last due first."""
    told = tuple(
        AllocationRecord(row.invoice_number, row.instalment, row.due_on, row.amount) for row in reversed(allocations)
    )
    return PaymentRecord(
        payment.id,
        payment.student_id,
        payment.matricule,
        payment.provider,
        payment.reference,
        payment.amount,
        payment.currency,
        payment.received_at,
        told,
        payment.refunded,
    )


async def _named(session: AsyncSession, payment: Found, shares: Sequence[Share]) -> dict[int, InvoiceRecord]:
    """The invoice of each share, by the share's place. Raises what is wrong with the first that will not do."""
    numbers = [
        REFERENCE.read(share.invoice_number or "", f"allocations.{nth}.invoiceNumber")
        for nth, share in enumerate(shares)
    ]
    found = await session.execute(INVOICES_BY_NUMBER, {"numbers": numbers})
    invoices = {one.number: one for one in await invoices_with_instalments(session, found.all())}
    for nth, number in enumerate(numbers):
        _judge(payment, invoices.get(number), number, f"allocations.{nth}.invoiceNumber")
    return {nth: invoices[number] for nth, number in enumerate(numbers)}


def _judge(payment: Found, invoice: InvoiceRecord | None, number: str, field: str) -> None:
    student_id = payment.student_id
    if invoice is None or invoice.student_id != student_id:
        raise InvoiceNotFound(field=field, number=number, student_id=student_id)
    if invoice.cancelled_at is not None:
        raise InvoiceCancelled(field=field, number=number, student_id=student_id)
    if invoice.currency != payment.currency:
        raise CurrencyMismatch(field=field, given=payment.currency, expected=invoice.currency, student_id=student_id)


def _room(invoices: Iterable[InvoiceRecord], old: Sequence[Found]) -> dict[UUID, int]:
    """What each instalment could take once this payment has let go of it."""
    room = {one.id: one.owed for invoice in invoices for one in invoice.instalments}
    for row in old:
        if row.instalment_id in room:
            room[row.instalment_id] += row.amount
    return room


def _distribute(
    payment: Found, named: Mapping[int, InvoiceRecord], room: dict[UUID, int], shares: Sequence[Share]
) -> dict[UUID, int]:
    """How much each instalment gets; uses `room` up. Raises AllocationTooLarge."""
    wanted: dict[UUID, int] = defaultdict(int)
    for nth, share in enumerate(shares):
        left = amount_of(share.amount, payment.currency, f"allocations.{nth}.amount")
        targets = _targets(named[nth], share, f"allocations.{nth}.instalment")
        _require(left, sum(room[target] for target in targets), payment, f"allocations.{nth}.amount")
        for target in targets:
            part = min(left, room[target])
            if part:
                wanted[target] += part
                room[target] -= part
                left -= part
    return dict(wanted)


def _targets(invoice: InvoiceRecord, share: Share, field: str) -> list[UUID]:
    """Raises InvalidInput for an instalment that the invoice does not have."""
    oldest = sorted(invoice.instalments, key=lambda one: (one.due_on, one.number))
    targets = [one.id for one in oldest if share.instalment in (None, one.number)]
    if not targets:
        raise InvalidInput(
            field=field,
            reason_fr=f"la facture a {len(oldest)} échéances, numérotées depuis 1",
            reason_en=f"the invoice has {len(oldest)} instalments, numbered from 1",
        )
    return targets


def _require(amount: int, most: int, payment: Found, field: str) -> None:
    if amount > most:
        shown = to_decimal_string(most, payment.currency)
        raise AllocationTooLarge(field=field, most=shown, currency=payment.currency, student_id=payment.student_id)
