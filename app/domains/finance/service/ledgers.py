"""Reading wallets and their ledgers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.pagination import Page
from app.core.text import normalise_matricule
from app.domains.finance.records import WalletEntryRecord, WalletRecord
from app.domains.finance.tables import Wallet, WalletEntry
from app.domains.finance.wallet_statements import LEDGER_ENTRIES, SELECT_WALLETS, WHOLE_LEDGERS
from app.domains.students.tables import Student


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """A page of a wallet's ledger: `after` is the id of the last line shown before. Lines are never dated back."""

    first: int
    newest: bool
    after: UUID | None = None


async def find_wallet_of(session: AsyncSession, matricule: str) -> WalletRecord | None:
    """None for nobody, and for a student without one. Raises InvalidInput for what cannot be a matricule."""
    named = SELECT_WALLETS.where(col(Student.matricule_key) == normalise_matricule(matricule))
    row = (await session.execute(named)).one_or_none()
    return WalletRecord(*row) if row else None


async def wallets_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, WalletRecord]:
    found = await session.execute(SELECT_WALLETS.where(col(Wallet.id).in_(ids)))
    return {wallet.id: wallet for wallet in (WalletRecord(*row) for row in found)}


async def wallets_of(session: AsyncSession, students: Sequence[UUID]) -> dict[UUID, WalletRecord]:
    """By student, of those who have one."""
    found = await session.execute(SELECT_WALLETS.where(col(Wallet.student_id).in_(students)))
    return {wallet.student_id: wallet for wallet in (WalletRecord(*row) for row in found)}


async def wallet_entries_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, WalletEntryRecord]:
    found = await session.execute(LEDGER_ENTRIES.where(col(WalletEntry.id).in_(ids)))
    return {entry.id: entry for entry in (WalletEntryRecord(**row._mapping) for row in found)}


async def ledger_pages(
    session: AsyncSession, wallets: Sequence[UUID], page: LedgerPage
) -> dict[UUID, Page[WalletEntryRecord]]:
    """The same page of each wallet's ledger: one statement for them all."""
    found: dict[UUID, list[WalletEntryRecord]] = {wallet: [] for wallet in wallets}
    for row in await session.execute(ledger_lines(wallets, page)):
        found[row.wallet_id].append(WalletEntryRecord(**row._mapping))
    return {wallet: Page.cut(entries, page.first) for wallet, entries in found.items()}


def ledger_lines(wallets: Sequence[UUID], page: LedgerPage) -> Select[*tuple[Any, ...]]:
    """The statement behind `ledger_pages`: one line more than asked for of each wallet."""
    theirs = func.any(bindparam("wallets", list(wallets), type_=ARRAY(Uuid)))
    lines: Any = WHOLE_LEDGERS.where(col(WalletEntry.wallet_id) == theirs).subquery()
    kept = select(*lines.c)
    if page.after is not None:
        kept = kept.where(lines.c.id < page.after if page.newest else lines.c.id > page.after)
    order = lines.c.id.desc() if page.newest else lines.c.id
    place = func.row_number().over(partition_by=lines.c.wallet_id, order_by=order).label("place")
    ranked = kept.add_columns(place).subquery()
    shown = select(*(each for each in ranked.c if each.name != "place")).where(ranked.c.place <= page.first + 1)
    return shown.order_by(ranked.c.place)
