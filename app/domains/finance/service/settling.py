"""What every command that moves money between payments and invoices shares.

A student's account is held first; then rows are read, changed and told. The database keeps the sums.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance.facts import facts_of_invoice
from app.domains.finance.invoice_records import FreedRecord, InstalmentRecord, InvoiceRecord
from app.domains.finance.invoice_statements import HOLD_ACCOUNT, INSTALMENTS, INVOICES_BY_ID
from app.domains.finance.tables import Allocation

Found = Row[*tuple[Any, ...]]


async def hold_account(session: AsyncSession, student_id: UUID) -> None:
    """One command at a time for a student, until the transaction ends: no two settle, free or credit one debt."""
    await session.execute(HOLD_ACCOUNT, {"account": str(student_id)})


async def invoices_with_instalments(session: AsyncSession, rows: Sequence[Found]) -> list[InvoiceRecord]:
    """The records of rows of SELECT_INVOICES, in their order."""
    of_invoice: dict[UUID, list[InstalmentRecord]] = {row.id: [] for row in rows}
    if of_invoice:
        for *values, invoice_id in await session.execute(INSTALMENTS, {"invoices": list(of_invoice)}):
            of_invoice[invoice_id].append(InstalmentRecord(*values))
    return [InvoiceRecord(**row._mapping, instalments=tuple(of_invoice[row.id])) for row in rows]


async def require_invoices(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, InvoiceRecord]:
    """The invoices as they stand now."""
    found = await session.execute(INVOICES_BY_ID, {"invoices": list(ids)})
    return {record.id: record for record in await invoices_with_instalments(session, found.all())}


@dataclass(frozen=True, slots=True)
class Taken:
    """How much is taken back from an allocation."""

    allocation: Found
    amount: int

    @property
    def record(self) -> FreedRecord:
        of = self.allocation
        return FreedRecord(of.payment_id, of.invoice_number, of.instalment, self.amount)


def take(allocations: Iterable[Found], amount: int) -> list[Taken]:
    """`amount` from the allocations, in their order; the last one may be taken in part."""
    taken = []
    for allocation in allocations:
        if not amount:
            break
        part = min(amount, allocation.amount)
        taken.append(Taken(allocation, part))
        amount -= part
    return taken


async def free(session: AsyncSession, taken: Sequence[Taken]) -> tuple[FreedRecord, ...]:
    """Gives what is taken back to the payments."""
    if taken:
        ids = [each.allocation.id for each in taken]
        await session.execute(
            delete(Allocation).where(col(Allocation.school_id) == THIS_SCHOOL, col(Allocation.id).in_(ids))
        )
        await settle(
            session,
            {
                (each.allocation.payment_id, each.allocation.instalment_id): each.allocation.amount - each.amount
                for each in taken
            },
        )
    return tuple(each.record for each in taken)


async def settle(session: AsyncSession, shares: dict[tuple[UUID, UUID], int]) -> None:
    """Allocates to (payment, instalment) the amounts that are not zero."""
    rows = [
        {"school_id": THIS_SCHOOL, "payment_id": payment_id, "instalment_id": instalment_id, "amount": amount}
        for (payment_id, instalment_id), amount in shares.items()
        if amount
    ]
    if rows:
        await session.execute(insert(Allocation).values(rows))


def tell_standing(
    session: AsyncSession, before: Mapping[UUID, InvoiceRecord], after: Mapping[UUID, InvoiceRecord]
) -> None:
    """Tells which invoices have become paid, and which are open again."""
    for invoice in sorted(after.values(), key=lambda one: one.number):
        was_open, is_open = before[invoice.id].next_due_on is not None, invoice.next_due_on is not None
        if was_open != is_open:
            topic = Topic.INVOICE_UPDATED if is_open else Topic.INVOICE_PAID
            record_event(session, topic, subject=invoice.id, facts=facts_of_invoice(invoice))
