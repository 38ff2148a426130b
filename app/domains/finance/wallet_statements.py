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


SELECT_WALLETS: Select[*tuple[Any, ...]] = (
    select(col(Wallet.id), col(Wallet.student_id), col(Student.matricule), col(Wallet.currency), col(Wallet.balance))
    .join(Student, same(Student, Wallet.student_id))
    .where(col(Wallet.school_id) == THIS_SCHOOL)
)
"""The columns of a WalletRecord, of every wallet of the transaction's school."""

LEDGER_ENTRIES = _entries(
    select(func.sum(col(_Earlier.amount)))
    .where(
        col(_Earlier.school_id) == THIS_SCHOOL,
        col(_Earlier.wallet_id) == WalletEntry.wallet_id,
        col(_Earlier.id) <= WalletEntry.id,
    )
    .scalar_subquery()
)
"""Single lines of ledgers, and what the wallet held once each was written."""

LEDGER_ENTRY = LEDGER_ENTRIES.where(col(WalletEntry.id) == bindparam("entry_id", type_=Uuid))
"""Takes `entry_id`."""

WHOLE_LEDGERS = _entries(
    func.sum(col(WalletEntry.amount)).over(partition_by=col(WalletEntry.wallet_id), order_by=col(WalletEntry.id))
)
"""Every line of ledgers with the balance running along: read once from the beginning, whatever page is shown."""
