"""Wallets and their ledgers as the API shows them."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Self
from uuid import UUID

import strawberry

from app.core.graph.connection import After, Chronology, Connection, First, Order, read_cursor
from app.core.graph.context import Context, Info
from app.core.graph.extending import extends
from app.core.graph.node import Node, NodeKind, node_id_field, node_id_of
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.money import to_decimal_string
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance.loaders import ledger_pages, wallet_entries_by_id, wallets_by_id, wallets_of_students
from app.domains.finance.records import WalletEntryRecord, WalletRecord
from app.domains.finance.schema.words import AN_ID, WALLET_SCOPES, PaymentProvider, local
from app.domains.finance.service.ledgers import LedgerPage, find_wallet_of
from app.domains.students.schema import Student

_of_wallet = any_scope(WALLET_SCOPES)


@strawberry.enum(description="What a line of a wallet's ledger is.")
class WalletEntryKind(Enum):
    top_up = strawberry.enum_value("top_up", description="Money put in.")
    meal = strawberry.enum_value("meal", description="A meal, debited when its eater passed.")
    debit = strawberry.enum_value("debit", description="Money taken out by the school.")
    correction = strawberry.enum_value("correction", description="An error put right, in either direction.")


@strawberry.type(description="A line of a wallet's ledger. It is never changed: an error is put right by another line.")
class WalletEntry(Node):
    node_id: strawberry.ID = node_id_field(_of_wallet)
    id: UUID = _of_wallet(description="Its identifier.", example=AN_ID)
    matricule: str = _of_wallet(description="Whose wallet.", personal=True, example="2024/INF/0123")
    kind: WalletEntryKind = _of_wallet(description="What it is.", personal=True, example="top_up")
    amount: str = _of_wallet(
        description="A decimal: positive fills the wallet, negative empties it.", personal=True, example="-750"
    )
    currency: str = _of_wallet(description="ISO 4217 code.", example="XOF")
    balance: str = _of_wallet(description="What the wallet then held, a decimal.", personal=True, example="4250")
    provider: PaymentProvider | None = _of_wallet(
        description="Through whom a top-up came in; null for the other kinds.", example="wave"
    )
    reference: str = _of_wallet(description="The provider's reference, or Skooly's own.", example="WAVE-8841")
    reason: str | None = _of_wallet(
        description="Why, where it was told.", personal=True, example="Repas compté deux fois"
    )
    forced: bool = _of_wallet(description="Whether it was to be debited whatever the balance.", example=False)
    occurred_at: datetime = _of_wallet(
        description="When it happened, in the school's time zone.", personal=True, example="2025-01-13T12:30:00+00:00"
    )

    @classmethod
    def of(cls, record: WalletEntryRecord, timezone: str) -> Self:
        return cls(
            node_id=node_id_of("WalletEntry", record.id),
            id=record.id,
            matricule=record.matricule,
            kind=WalletEntryKind(record.kind),
            amount=to_decimal_string(record.amount, record.currency),
            currency=record.currency,
            balance=to_decimal_string(record.balance, record.currency),
            provider=None if record.provider is None else PaymentProvider(record.provider),
            reference=record.reference,
            reason=record.reason,
            forced=record.forced,
            occurred_at=local(record.occurred_at, timezone),
        )


async def _entries(
    root: "Wallet", info: Info, first: First = DEFAULT_PAGE, after: After = None, order: Order = Chronology.newest
) -> Connection[WalletEntry]:
    context, name = info.context, f"entries of {root.id} {order.value}"
    position = read_cursor(context, name, after)
    asked = LedgerPage(page_size(first), order is Chronology.newest, None if position is None else position.id)
    page = await context.load(ledger_pages, (root.id, asked))
    return Connection[WalletEntry].of(
        context,
        name,
        page,
        show=lambda record: show_wallet_entry(record, context),
        position=lambda record: Position(0, record.id),
    )


@strawberry.type(description="A student's canteen money.")
class Wallet(Node):
    node_id: strawberry.ID = node_id_field(_of_wallet)
    id: UUID = _of_wallet(description="Its identifier.", example=AN_ID)
    matricule: str = _of_wallet(description="Whose wallet.", personal=True, example="2024/INF/0123")
    currency: str = _of_wallet(description="ISO 4217 code.", example="XOF")
    balance: str = _of_wallet(description="What it holds, a decimal.", personal=True, example="4250")
    entries: Connection[WalletEntry] = _of_wallet(
        description="Its ledger, in the order in which it was written.", resolver=_entries, cost=2
    )

    @classmethod
    def of(cls, record: WalletRecord) -> Self:
        return cls(
            node_id=node_id_of("Wallet", record.id),
            id=record.id,
            matricule=record.matricule,
            currency=record.currency,
            balance=to_decimal_string(record.balance, record.currency),
        )


def show_wallet(record: WalletRecord, context: Context) -> Wallet:
    context.saw(record.student_id)
    return Wallet.of(record)


def show_wallet_entry(record: WalletEntryRecord, context: Context) -> WalletEntry:
    context.saw(record.student_id)
    return WalletEntry.of(record, context.actor.timezone)


async def _wallet(
    info: Info,
    matricule: Annotated[
        str, takes(IDENTIFIER, description="The student's number, in any case.", example="2024/INF/0123")
    ],
) -> Wallet | None:
    async with info.context.read() as session:
        record = await find_wallet_of(session, matricule)
    return None if record is None else show_wallet(record, info.context)


@strawberry.type
class WalletQuery:
    wallet: Wallet | None = scoped(
        Scope.WALLETS_READ,
        description="The wallet of the student with this matricule; null for nobody and where there is none.",
        resolver=_wallet,
    )


async def _wallet_of(root: Student, info: Info) -> Wallet | None:
    record = await info.context.load(wallets_of_students, root.id)
    return None if record is None else show_wallet(record, info.context)


@extends(Student)
class StudentWallet:
    wallet: Wallet | None = scoped(
        Scope.WALLETS_READ,
        description="The student's canteen money; null where there is no wallet.",
        resolver=_wallet_of,
    )


WALLETS = NodeKind(Wallet, WALLET_SCOPES, wallets_by_id, show_wallet)
WALLET_ENTRIES = NodeKind(WalletEntry, WALLET_SCOPES, wallet_entries_by_id, show_wallet_entry)
