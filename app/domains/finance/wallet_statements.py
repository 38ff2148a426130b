"""The statements about wallets and their ledgers."""

from typing import Any

from sqlalchemy import BigInteger, Select, Uuid, bindparam, cast, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.domains.finance.invoice_statements import same
from app.domains.finance.tables import Wallet, WalletEntry
from app.domains.students.tables import Student

_OF_ENTRY = ("id", "wallet_id", "kind", "amount", "provider", "reference", "reason", "forced", "occurred_at")
_Earlier = aliased(WalletEntry)


def _entries(balance: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            *(col(getattr(WalletEntry, name)) for name in _OF_ENTRY),
            col(Wallet.student_id),
            col(Wallet.currency),
            col(Student.matricule),
            cast(balance, BigInteger).label("balance"),
        )
        .join(Wallet, same(Wallet, WalletEntry.wallet_id))
        .join(Student, same(Student, Wallet.student_id))
        .where(col(WalletEntry.school_id) == THIS_SCHOOL)
    )


LEDGER_ENTRY = _entries(
    select(func.sum(col(_Earlier.amount)))
    .where(
        col(_Earlier.school_id) == THIS_SCHOOL,
        col(_Earlier.wallet_id) == WalletEntry.wallet_id,
        col(_Earlier.id) <= WalletEntry.id,
    )
    .scalar_subquery()
).where(col(WalletEntry.id) == bindparam("entry_id", type_=Uuid))
"""A line of a ledger, and what the wallet held once it was written. Takes `entry_id`."""
