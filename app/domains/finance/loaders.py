"""Payments and entries by id, many at a time."""

from collections.abc import Sequence
from uuid import UUID

from app.core.graph.context import Context
from app.domains.finance import service
from app.domains.finance.journal_records import EntryRecord, LedgerEntryRecord
from app.domains.finance.records import PaymentRecord


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
