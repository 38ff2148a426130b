"""Filling and emptying canteen wallets. The database keeps each balance from the wallet's ledger."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.tables import THIS_SCHOOL
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance import pieces
from app.domains.finance.errors import CurrencyMismatch, InsufficientBalance, WalletConflict
from app.domains.finance.facts import low_wallet_facts, top_up_facts
from app.domains.finance.records import TopUpRecord
from app.domains.finance.service.checks import REFERENCE, amount_of, instant_of, one_of
from app.domains.finance.service.posting import post_piece
from app.domains.finance.statements import FIND_WALLET
from app.domains.finance.tables import PROVIDERS, Wallet, WalletEntry
from app.domains.students.service import require_student


async def top_up_wallet(
    session: AsyncSession,
    actor: Actor,
    *,
    matricule: str,
    amount: int,
    currency: str,
    reference: str,
    provider: str = "cash",
    occurred_at: datetime | None = None,
) -> TopUpRecord:
    """Makes the wallet where there is none. A provider's reference is one top-up: the second time answers the first.

    `amount` is in minor units; `occurred_at` carries an offset and defaults to the transaction's time. Raises
    StudentNotFound, CurrencyMismatch for a wallet in another currency, WalletConflict for a reference with another
    student or amount, and InvalidInput for unusable texts.
    """
    line: dict[str, Any] = {
        "kind": "top_up",
        "amount": amount_of(amount, currency),
        "provider": one_of(provider, PROVIDERS, "provider"),
        "reference": REFERENCE.read(reference, "reference"),
        "occurred_at": func.now() if occurred_at is None else instant_of(occurred_at, "occurredAt"),
    }
    student = await require_student(session, matricule)
    wallet = await _wallet(session, student.id, currency)
    entry_id, is_new = await add_line(session, student.id, wallet.id, line)
    balance = (await _wallet(session, student.id, currency)).balance
    facts = top_up_facts(
        matricule=student.matricule,
        provider=provider,
        reference=line["reference"],
        amount=amount,
        currency=currency,
        balance=balance,
    )
    if is_new:
        record_event(session, Topic.WALLET_TOPPED_UP, subject=wallet.id, facts=facts)
        _post_top_up(session, student.id, entry_id, facts, occurred_at)
    return TopUpRecord(id=entry_id, student_id=student.id, **facts)


def _post_top_up(
    session: AsyncSession, student_id: UUID, entry_id: UUID, facts: dict[str, Any], at: datetime | None
) -> None:
    said = {name: facts[name] for name in ("provider", "reference", "amount", "currency")}
    post_piece(session, pieces.of_top_up(student_id, entry_id, occurred_at=at, **said))


async def debit_meal(
    session: AsyncSession,
    *,
    student_id: UUID,
    amount: int,
    currency: str,
    reference: str,
    occurred_at: datetime,
    offline: bool,
) -> UUID:
    """The ledger line that takes `amount` for a meal. A reference is one meal: the second time answers the first.

    Only a meal taken `offline` may bring the wallet below zero, or make one: it was eaten before anybody could say no.
    Raises InsufficientBalance, CurrencyMismatch, and WalletConflict for a reference with another student or amount; the
    transaction can go on afterwards.
    """
    line: dict[str, Any] = {
        "kind": "meal",
        "amount": -amount_of(amount, currency),
        "provider": None,
        "reference": reference,
        "occurred_at": instant_of(occurred_at, "occurredAt"),
    }
    async with session.begin_nested():
        wallet = await _wallet(session, student_id, currency)
        entry_id, is_new = await add_line(session, student_id, wallet.id, line)
        if is_new:
            await _judge(session, student_id, amount, currency, offline=offline)
    return entry_id


async def _judge(session: AsyncSession, student_id: UUID, price: int, currency: str, *, offline: bool) -> None:
    """Looks at the balance after the debit: the ledger's trigger holds the wallet's row lock until the end."""
    wallet = await _wallet(session, student_id, currency)
    if wallet.balance < 0 and not offline:
        raise InsufficientBalance
    if 0 <= wallet.balance < price:  # one more meal is out of reach, and was not before
        facts = low_wallet_facts(matricule=wallet.matricule, currency=currency, balance=wallet.balance, threshold=price)
        record_event(session, Topic.WALLET_LOW, subject=wallet.id, facts=facts)


async def _wallet(session: AsyncSession, student_id: UUID, currency: str) -> Row[*tuple[Any, ...]]:
    """A student's wallet, made where there is none. Raises CurrencyMismatch."""
    found = await find_wallet(session, student_id, currency)
    if found is None:
        made = insert(Wallet).values(school_id=THIS_SCHOOL, student_id=student_id, currency=currency)
        await session.execute(made.on_conflict_do_nothing(constraint="uq_wallet_school_id_student_id"))
        found = await find_wallet(session, student_id, currency)
        assert found is not None
    return found


async def find_wallet(session: AsyncSession, student_id: UUID, currency: str) -> Row[*tuple[Any, ...]] | None:
    """A student's wallet, where there is one. Raises CurrencyMismatch."""
    found = (await session.execute(FIND_WALLET, {"student_id": student_id})).one_or_none()
    if found is not None and found.currency != currency:
        raise CurrencyMismatch(field="currency", given=currency, expected=found.currency, student_id=student_id)
    return found


async def add_line(session: AsyncSession, student_id: UUID, wallet_id: UUID, line: dict[str, Any]) -> tuple[UUID, bool]:
    """The line of this kind, provider and reference, and whether it is new. Raises WalletConflict."""
    made = insert(WalletEntry).values(school_id=THIS_SCHOOL, wallet_id=wallet_id, **line)
    made = made.on_conflict_do_nothing(constraint="uq_wallet_entry_school_id_kind_provider_reference")
    entry_id: UUID | None = await session.scalar(made.returning(col(WalletEntry.id)))
    if entry_id is not None:
        return entry_id, True
    first = (
        await session.execute(
            select(col(WalletEntry.id), col(WalletEntry.wallet_id), col(WalletEntry.amount)).where(
                col(WalletEntry.school_id) == THIS_SCHOOL,
                col(WalletEntry.kind) == line["kind"],
                col(WalletEntry.provider).is_not_distinct_from(line["provider"]),
                col(WalletEntry.reference) == line["reference"],
            )
        )
    ).one()
    if (first.wallet_id, first.amount) != (wallet_id, line["amount"]):
        raise WalletConflict(field="reference", reference=line["reference"], student_id=student_id)
    return first.id, False
