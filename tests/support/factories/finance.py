"""Invoices, wallets and books."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.domains.finance.journal_records import Line, PostedEntry
from app.domains.finance.records import Due, IssuedInvoice, PaymentRecord, TopUpRecord
from app.domains.finance.service import (
    ensure_journal,
    issue_invoice,
    open_fiscal_year,
    post_entry,
    record_payment,
    top_up_wallet,
    validate_entry,
)

VALIDATED_AT = datetime(2024, 12, 31, 18, tzinfo=UTC)


async def make_invoice(
    session: AsyncSession,
    matricule: str,
    *dues: tuple[date, int],
    number: str | None = None,
    kind: str = "tuition",
    currency: str = "XOF",
) -> IssuedInvoice:
    """`dues` are (due date, minor units) of the instalments."""
    return await issue_invoice(
        session,
        number=number or f"F-{uuid4().hex[:10]}",
        matricule=matricule,
        kind=kind,
        label="Scolarité",
        currency=currency,
        issued_on=date(2024, 10, 1),
        instalments=[Due(due_on, amount) for due_on, amount in dues],
    )


async def make_payment(
    session: AsyncSession,
    actor: Actor,
    matricule: str,
    amount: int,
    *,
    reference: str | None = None,
    currency: str = "XOF",
    invoice_number: str | None = None,
) -> PaymentRecord:
    return await record_payment(
        session,
        actor,
        matricule=matricule,
        provider="wave",
        reference=reference or f"P-{uuid4().hex[:10]}",
        amount=amount,
        currency=currency,
        received_at=datetime(2025, 1, 13, 9, tzinfo=UTC),
        invoice_number=invoice_number,
    )


async def make_top_up(
    session: AsyncSession, actor: Actor, matricule: str, amount: int, *, currency: str = "XOF"
) -> TopUpRecord:
    reference = f"T-{uuid4().hex[:10]}"
    return await top_up_wallet(
        session, actor, matricule=matricule, amount=amount, currency=currency, reference=reference
    )


async def make_books(session: AsyncSession) -> None:
    """The calendar year 2024 and the journals VE (sales) and BQ (bank)."""
    await open_fiscal_year(session, code="2024", starts_on=date(2024, 1, 1), ends_on=date(2024, 12, 31))
    await ensure_journal(session, code="VE", label="Ventes")
    await ensure_journal(session, code="BQ", label="Banque")


def sale(amount: int = 150_000, aux_account: str | None = None) -> list[Line]:
    """The two lines of an invoice: what a student owes, what the school earns."""
    return [
        Line("4111", "Étudiants", debit=amount, aux_account=aux_account, due_date=date(2025, 1, 5)),
        Line("7061", "Scolarité", credit=amount),
    ]


async def make_draft(
    session: AsyncSession,
    *,
    journal_code: str = "VE",
    entry_date: date = date(2024, 12, 31),
    currency: str = "XOF",
    lines: Sequence[Line] | None = None,
) -> PostedEntry:
    return await post_entry(
        session,
        journal_code=journal_code,
        entry_date=entry_date,
        piece_ref=f"F-{uuid4().hex[:10]}",
        piece_date=entry_date,
        label="Facture de scolarité",
        currency=currency,
        lines=sale() if lines is None else lines,
    )


async def make_entry(
    session: AsyncSession,
    *,
    journal_code: str = "VE",
    entry_date: date = date(2024, 12, 31),
    currency: str = "XOF",
    lines: Sequence[Line] | None = None,
) -> PostedEntry:
    """A validated one."""
    entry = await make_draft(session, journal_code=journal_code, entry_date=entry_date, currency=currency, lines=lines)
    await validate_entry(session, entry.id, now=VALIDATED_AT)
    return entry
