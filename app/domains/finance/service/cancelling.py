"""Cancelling an invoice that should never have been."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance import pieces
from app.domains.finance.errors import InvoiceCancelled, InvoiceNotFound, InvoiceSettled
from app.domains.finance.facts import cancellation_facts
from app.domains.finance.invoice_records import CancelledInvoice, FreeingRule, InvoiceRecord
from app.domains.finance.invoice_statements import ALLOCATIONS_OF_INVOICE, INVOICE_BY_NUMBER
from app.domains.finance.service.checks import LABEL, REFERENCE
from app.domains.finance.service.posting import post_piece
from app.domains.finance.service.settling import free, hold_account, require_invoices, take
from app.domains.finance.tables import Invoice


async def cancel_invoice(
    session: AsyncSession, *, number: str, reason: str, allocations: FreeingRule = "refuse", now: datetime
) -> CancelledInvoice:
    """Nothing is left to pay on it. Money that settled it refuses the cancellation, or is freed, as `allocations` says.

    Raises InvoiceNotFound, InvoiceCancelled, InvoiceSettled, and InvalidInput for unusable texts.
    """
    because = LABEL.read(reason, "reason")
    invoice = await hold_invoice(session, number, field="number")
    found = await session.execute(ALLOCATIONS_OF_INVOICE, {"invoice_id": invoice.id})
    settled = take(found.all(), invoice.paid)
    if settled and allocations == "refuse":
        raise InvoiceSettled(field="allocations", number=invoice.number, student_id=invoice.student_id)
    freed = await free(session, settled)
    values: dict[str, Any] = {"cancelled_at": now, "cancelled_because": because}
    mine = (col(Invoice.school_id) == THIS_SCHOOL, col(Invoice.id) == invoice.id)
    await session.execute(update(Invoice).where(*mine).values(values))
    cancelled = (await require_invoices(session, [invoice.id]))[invoice.id]
    record_event(session, Topic.INVOICE_CANCELLED, subject=invoice.id, facts=cancellation_facts(cancelled, freed))
    if invoice.total > invoice.credited:
        post_piece(session, pieces.of_cancellation(invoice, at=now))
    return CancelledInvoice(cancelled, freed)


async def hold_invoice(session: AsyncSession, number: str, *, field: str) -> InvoiceRecord:
    """The invoice as it stands, with its student's account held. Raises InvoiceNotFound, InvoiceCancelled."""
    cleaned = REFERENCE.read(number, field)
    found = (await session.execute(INVOICE_BY_NUMBER, {"number": cleaned})).one_or_none()
    if found is None:
        raise InvoiceNotFound(field=field, number=cleaned)
    await hold_account(session, found.student_id)
    invoice = (await require_invoices(session, [found.id]))[found.id]
    if invoice.cancelled_at is not None:
        raise InvoiceCancelled(field=field, number=invoice.number, student_id=invoice.student_id)
    return invoice
