"""Taking money out of a wallet, and putting a wallet right."""

from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import InvalidInput
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance import pieces
from app.domains.finance.errors import InsufficientBalance, WalletNotFound
from app.domains.finance.facts import wallet_entry_facts
from app.domains.finance.records import WalletEntryRecord
from app.domains.finance.service.checks import LABEL, REFERENCE, amount_of, instant_of
from app.domains.finance.service.posting import post_piece
from app.domains.finance.service.wallets import add_line, find_wallet
from app.domains.finance.wallet_statements import LEDGER_ENTRY
from app.domains.students.service import require_student

OVERDRAWS = "wallet_entry_overdraws"
"""How the database refuses a debit, under the wallet's own lock: a meal may have come in between."""


async def debit_wallet(
    session: AsyncSession,
    *,
    matricule: str,
    amount: int,
    currency: str,
    reference: str,
    occurred_at: datetime,
    reason: str | None = None,
    forced: bool = False,
) -> WalletEntryRecord:
    """Takes `amount` out; below zero only where it is `forced`, with a reason. A reference is one debit.

    Raises StudentNotFound, WalletNotFound, CurrencyMismatch, InsufficientBalance, WalletConflict for a reference with
    another student or amount, and InvalidInput for unusable texts, or force without a reason.
    """
    because = None if reason is None else LABEL.read(reason, "reason")
    if forced and because is None:
        raise InvalidInput(
            field="reason",
            reason_fr="un débit forcé a un motif",
            reason_en="a forced debit has a reason",
        )
    line = _line("debit", -amount_of(amount, currency), reference, because, occurred_at, forced=forced)
    return await _write(session, matricule, currency, line, Topic.WALLET_DEBITED)


async def correct_wallet(
    session: AsyncSession,
    *,
    matricule: str,
    amount: int,
    currency: str,
    reference: str,
    reason: str,
    occurred_at: datetime,
) -> WalletEntryRecord:
    """Puts right what was wrong, for a reason: `amount` is added, or taken where it is negative, also below zero.

    A reference is one correction. Raises StudentNotFound, WalletNotFound, CurrencyMismatch, WalletConflict for a
    reference with another student or amount, and InvalidInput for unusable texts.
    """
    amount_of(abs(amount), currency)
    line = _line("correction", amount, reference, LABEL.read(reason, "reason"), occurred_at)
    return await _write(session, matricule, currency, line, Topic.WALLET_CORRECTED)


def _line(
    kind: str, amount: int, reference: str, reason: str | None, occurred_at: datetime, *, forced: bool = False
) -> dict[str, Any]:
    return {
        "kind": kind,
        "amount": amount,
        "provider": None,
        "reference": REFERENCE.read(reference, "reference"),
        "reason": reason,
        "forced": forced,
        "occurred_at": instant_of(occurred_at, "occurredAt"),
    }


async def _write(
    session: AsyncSession, matricule: str, currency: str, line: dict[str, Any], topic: Topic
) -> WalletEntryRecord:
    student = await require_student(session, matricule)
    wallet = await find_wallet(session, student.id, currency)
    if wallet is None:
        raise WalletNotFound(field="matricule", student_id=student.id)
    try:
        async with session.begin_nested():
            entry_id, is_new = await add_line(session, student.id, wallet.id, line)
    except IntegrityError as error:
        if getattr(error.orig.__cause__, "constraint_name", None) != OVERDRAWS:  # type: ignore[union-attr]
            raise
        raise InsufficientBalance(field="amount", student_id=student.id) from error
    record = WalletEntryRecord(**(await session.execute(LEDGER_ENTRY, {"entry_id": entry_id})).one()._mapping)
    if is_new:
        record_event(session, topic, subject=wallet.id, facts=wallet_entry_facts(record))
        post_piece(session, pieces.of_wallet_entry(record))
    return record
