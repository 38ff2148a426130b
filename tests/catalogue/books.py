"""How the events of the books come about."""

from datetime import date
from typing import Any

from app.domains.events.topics import Topic
from app.domains.finance.journal_records import DraftLine, LedgerEntryRecord
from app.domains.finance.service import (
    change_entry,
    choose_chart,
    close_fiscal_year,
    close_period,
    create_account,
    create_journal,
    delete_entry,
    open_fiscal_year,
    post_draft,
    rename_journal,
    reopen_fiscal_year,
    reopen_period,
    reverse_entry,
    validate_draft,
)
from tests.catalogue.money import pay
from tests.catalogue.world import NOW, Happenings, World

DAY = date(2024, 12, 31)
PIECE: dict[str, Any] = {
    "journal_code": "OD",
    "entry_date": DAY,
    "piece_date": DAY,
    "piece_ref": "OD-1",
    "label": "Divers",
    "currency": "XOF",
    "lines": [DraftLine("4111", debit=100, account_label="Étudiants"), DraftLine("7061", 0, 100, "Scolarité")],
}


async def open_books(world: World) -> None:
    async with world.write() as session:
        await create_journal(session, code="OD", label="Opérations diverses")
        await open_fiscal_year(session, code="2024", starts_on=date(2024, 12, 1), ends_on=DAY)


async def rename(world: World) -> None:
    await open_books(world)
    async with world.write() as session:
        await rename_journal(session, code="OD", label="Divers")


async def draft(world: World) -> LedgerEntryRecord:
    await open_books(world)
    async with world.write() as session:
        return await post_draft(session, **PIECE)


async def change(world: World) -> None:
    entry = await draft(world)
    async with world.write() as session:
        await change_entry(session, entry.id, **PIECE | {"label": "Autre chose"})


async def delete(world: World) -> None:
    entry = await draft(world)
    async with world.write() as session:
        await delete_entry(session, entry.id)


async def validate(world: World) -> LedgerEntryRecord:
    entry = await draft(world)
    async with world.write() as session:
        return await validate_draft(session, entry.id, now=NOW)


async def reverse(world: World) -> None:
    entry = await validate(world)
    async with world.write() as session:
        await reverse_entry(session, entry.id, entry_date=DAY, now=NOW)


async def close(world: World) -> None:
    await open_books(world)
    async with world.write() as session:
        await close_period(session, "2024-12", now=NOW)
        await close_fiscal_year(session, "2024", now=NOW)


async def open_again(world: World) -> None:
    await close(world)
    async with world.write() as session:
        await reopen_fiscal_year(session, "2024", reason="Facture oubliée")
        await reopen_period(session, "2024-12", reason="Facture oubliée")


async def choose(world: World) -> None:
    """What is paid afterwards posts itself."""
    async with world.write() as session:
        await choose_chart(session, "syscohada")
        await create_account(session, code="5211", label="Banque Atlantique")
        await open_fiscal_year(session, code="2025", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
    await pay(world)


BOOKS: Happenings = {
    Topic.JOURNAL_ENTRY_POSTED: draft,
    Topic.JOURNAL_ENTRY_CHANGED: change,
    Topic.JOURNAL_ENTRY_DELETED: delete,
    Topic.JOURNAL_ENTRY_VALIDATED: validate,
    Topic.JOURNAL_ENTRY_REVERSED: reverse,
    Topic.JOURNAL_CREATED: open_books,
    Topic.JOURNAL_UPDATED: rename,
    Topic.PERIOD_CLOSED: close,
    Topic.PERIOD_OPENED: open_again,
    Topic.FISCAL_YEAR_OPENED: open_again,
    Topic.FISCAL_YEAR_CLOSED: close,
    Topic.ACCOUNT_CREATED: choose,
    Topic.ACCOUNT_MAP_CHANGED: choose,
}
