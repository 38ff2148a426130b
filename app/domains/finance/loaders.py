"""Batch functions: what items of lists ask for one by one is read together."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from app.core.graph.context import Context
from app.core.graph.paging import OfOwner, pages_of_owners
from app.core.pagination import Page
from app.domains.finance import service
from app.domains.finance.invoice_records import CreditNoteRecord, InvoiceRecord, SettlementRecord
from app.domains.finance.journal_records import EntryRecord, LedgerEntryRecord
from app.domains.finance.records import PaymentRecord, RefundRecord, WalletEntryRecord, WalletRecord
from app.domains.finance.service import documents, fees, ledgers, listing, settling
from app.domains.finance.service.fees import FeeScheduleRecord
from app.domains.finance.service.ledgers import LedgerPage


async def payments_by_id(context: Context, ids: Sequence[UUID]) -> list[PaymentRecord | None]:
    async with context.read() as session:
        found = await service.describe_payments(session, ids)
    return [found.get(id) for id in ids]


async def entries_by_id(context: Context, ids: Sequence[UUID]) -> list[EntryRecord | None]:
    """Says itself whose data the entries show: that takes a statement for all of them."""
    async with context.read() as session:
        found = await service.entries_by_id(session, ids)
        context.saw(*await service.students_in(session, found.values()))
    return [found.get(id) for id in ids]


async def ledger_entries_by_id(context: Context, ids: Sequence[UUID]) -> list[LedgerEntryRecord | None]:
    async with context.read() as session:
        found = {entry.id: entry for entry in await service.ledger_entries(session, ids)}
    return [found.get(id) for id in ids]


async def invoices_by_id(context: Context, ids: Sequence[UUID]) -> list[InvoiceRecord | None]:
    async with context.read() as session:
        found = await settling.require_invoices(session, ids)
    return [found.get(id) for id in ids]


async def credit_notes_by_id(context: Context, ids: Sequence[UUID]) -> list[CreditNoteRecord | None]:
    async with context.read() as session:
        found = await documents.credit_notes_by_id(session, ids)
    return [found.get(id) for id in ids]


async def credit_notes_of_invoices(context: Context, invoices: Sequence[UUID]) -> list[list[CreditNoteRecord]]:
    async with context.read() as session:
        found = await documents.credit_notes_of(session, invoices)
    return [found.get(invoice, []) for invoice in invoices]


async def settlements_of_invoices(context: Context, invoices: Sequence[UUID]) -> list[list[SettlementRecord]]:
    async with context.read() as session:
        found = await documents.settlements_of(session, invoices)
    return [found.get(invoice, []) for invoice in invoices]


async def refunds_by_id(context: Context, ids: Sequence[UUID]) -> list[RefundRecord | None]:
    async with context.read() as session:
        found = await documents.refunds_by_id(session, ids)
    return [found.get(id) for id in ids]


async def refunds_of_payments(context: Context, payments: Sequence[UUID]) -> list[list[RefundRecord]]:
    async with context.read() as session:
        found = await documents.refunds_of(session, payments)
    return [found.get(payment, []) for payment in payments]


async def fee_schedules_by_id(context: Context, ids: Sequence[UUID]) -> list[FeeScheduleRecord | None]:
    async with context.read() as session:
        found = await fees.fee_schedules_by_id(session, ids)
    return [found.get(id) for id in ids]


async def wallets_by_id(context: Context, ids: Sequence[UUID]) -> list[WalletRecord | None]:
    async with context.read() as session:
        found = await ledgers.wallets_by_id(session, ids)
    return [found.get(id) for id in ids]


async def wallets_of_students(context: Context, students: Sequence[UUID]) -> list[WalletRecord | None]:
    async with context.read() as session:
        found = await ledgers.wallets_of(session, students)
    return [found.get(student) for student in students]


async def wallet_entries_by_id(context: Context, ids: Sequence[UUID]) -> list[WalletEntryRecord | None]:
    async with context.read() as session:
        found = await ledgers.wallet_entries_by_id(session, ids)
    return [found.get(id) for id in ids]


async def ledger_pages(context: Context, asked: Sequence[tuple[UUID, LedgerPage]]) -> list[Page[WalletEntryRecord]]:
    """One statement for all the wallets of which the same page is asked."""
    of_page: defaultdict[LedgerPage, list[UUID]] = defaultdict(list)
    for wallet, page in asked:
        of_page[page].append(wallet)
    found: dict[tuple[UUID, LedgerPage], Page[WalletEntryRecord]] = {}
    async with context.read() as session:
        for page, wallets in of_page.items():
            read = await ledgers.ledger_pages(session, wallets, page)
            found |= {(wallet, page): entries for wallet, entries in read.items()}
    return [found[each] for each in asked]


async def invoices_of_students(context: Context, asked: Sequence[OfOwner]) -> list[Page[InvoiceRecord]]:
    return await pages_of_owners(context, asked, listing.invoices_of)


async def payments_of_students(context: Context, asked: Sequence[OfOwner]) -> list[Page[PaymentRecord]]:
    return await pages_of_owners(context, asked, listing.payments_of)
