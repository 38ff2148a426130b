"""What students owe and have paid, and their canteen wallets. Amounts are integers of minor units."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index, UniqueConstraint, text
from sqlmodel import Field

from app.core.tables import Walled, belongs_to, moment, one_of, words

KINDS = ("tuition", "canteen", "other")
PROVIDERS = ("orange_money", "wave", "mtn", "bank", "cash")
LEDGER = ("top_up", "meal", "debit", "correction")


def kept_sum() -> Any:
    """An amount that only the triggers of the database write."""
    return Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class Invoice(Walled, table=True):
    """`paid`, `credited` and `next_due_on`, the oldest due date with something left to pay, are its instalments'.

    A fee schedule bills a student once, unless that invoice is cancelled.
    """

    __table_args__ = (
        UniqueConstraint("school_id", "number"),
        belongs_to("student", "student_id"),
        belongs_to("fee_schedule", "fee_schedule_id"),
        one_of("kind", *KINDS),
        CheckConstraint("total > 0", name="total"),
        Index("ix_invoice_school_id_student_id", "school_id", "student_id", "issued_on", "id"),
        Index("ix_invoice_school_id_issued_on", "school_id", "issued_on", "id"),
        Index("ix_invoice_school_id_updated_at", "school_id", "updated_at", "id"),
        Index("ix_invoice_unpaid", "school_id", "next_due_on", "id", postgresql_where=text("next_due_on IS NOT NULL")),
        Index(
            "ix_invoice_fee_schedule",
            "school_id",
            "fee_schedule_id",
            "student_id",
            unique=True,
            postgresql_where=text("fee_schedule_id IS NOT NULL AND cancelled_at IS NULL"),
        ),
    )

    number: str = words()
    student_id: UUID
    kind: str = words(default="tuition")
    label: str = words()
    currency: str = words()
    total: int = Field(sa_type=BigInteger)
    issued_on: date
    cancelled_at: datetime | None = moment(nullable=True)
    cancelled_because: str | None = words(nullable=True)
    fee_schedule_id: UUID | None = None
    paid: int = kept_sum()
    credited: int = kept_sum()
    next_due_on: date | None = None
    updated_at: datetime = moment(default_now=True)


_OWED = "CASE WHEN cancelled THEN 0 ELSE amount - credited - paid END"


class Instalment(Walled, table=True):
    """A part of an invoice with its due date. The database keeps what is `owed`, left to pay.

    That is `amount` without `paid`, the sum of its allocations, and `credited`, that of its credits; nothing where it
    is `cancelled`, which goes with its invoice.
    """

    __table_args__ = (
        UniqueConstraint("school_id", "invoice_id", "number"),
        belongs_to("invoice", "invoice_id"),
        belongs_to("student", "student_id"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("paid >= 0 AND paid + credited <= amount", name="paid"),
        CheckConstraint("credited >= 0", name="credited"),
        CheckConstraint("NOT cancelled OR paid = 0", name="cancelled"),
        Index("ix_instalment_unpaid", "school_id", "student_id", "due_on", postgresql_where=text("owed > 0")),
    )

    invoice_id: UUID
    student_id: UUID
    number: int
    due_on: date
    amount: int = Field(sa_type=BigInteger)
    paid: int = kept_sum()
    credited: int = kept_sum()
    owed: int = Field(
        default=None, nullable=False, sa_type=BigInteger, sa_column_args=(Computed(_OWED, persisted=True),)
    )
    tuition: bool = Field(sa_column_kwargs={"server_default": text("true")})
    cancelled: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class Payment(Walled, table=True):
    """Money received. An operator's callback that comes twice has one (provider, reference)."""

    __table_args__ = (
        UniqueConstraint("school_id", "provider", "reference"),
        belongs_to("student", "student_id"),
        one_of("provider", *PROVIDERS),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("allocated >= 0 AND allocated + refunded <= amount", name="allocated"),
        CheckConstraint("refunded >= 0", name="refunded"),
        Index("ix_payment_school_id_student_id", "school_id", "student_id", "received_at", "id"),
        Index("ix_payment_school_id_received_at", "school_id", "received_at", "id"),
    )

    student_id: UUID
    provider: str = words()
    reference: str = words()
    amount: int = Field(sa_type=BigInteger)
    currency: str = words()
    allocated: int = kept_sum()
    refunded: int = kept_sum()
    received_at: datetime = moment()


class Allocation(Walled, table=True):
    """How much of a payment settles which instalment. Both sums are checked by the database."""

    __table_args__ = (
        UniqueConstraint("school_id", "payment_id", "instalment_id"),
        belongs_to("payment", "payment_id"),
        belongs_to("instalment", "instalment_id"),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_allocation_school_id_instalment_id", "school_id", "instalment_id"),
    )

    payment_id: UUID
    instalment_id: UUID
    amount: int = Field(sa_type=BigInteger)


class Wallet(Walled, table=True):
    """A student's canteen money. `balance` is kept by the database from the ledger."""

    __table_args__ = (UniqueConstraint("school_id", "student_id"), belongs_to("student", "student_id"))

    student_id: UUID
    currency: str = words()
    balance: int = kept_sum()


class WalletEntry(Walled, table=True):
    """A line of a wallet's ledger: positive amounts fill it, negative ones empty it. Never changed.

    A top-up's `reference` is its `provider`'s; the other kinds have references of Skooly's own and no provider. A
    debit overdraws the wallet only where it is `forced`; that and a correction have a `reason`.
    """

    __tablename__ = "wallet_entry"
    __table_args__ = (
        UniqueConstraint("school_id", "kind", "provider", "reference", postgresql_nulls_not_distinct=True),
        belongs_to("wallet", "wallet_id"),
        one_of("kind", *LEDGER),
        one_of("provider", *PROVIDERS),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint(
            "CASE kind WHEN 'top_up' THEN amount > 0 WHEN 'correction' THEN true ELSE amount < 0 END", name="sign"
        ),
        CheckConstraint("reason IS NOT NULL OR NOT (forced OR kind = 'correction')", name="reason"),
        CheckConstraint("NOT forced OR kind = 'debit'", name="forced"),
        Index("ix_wallet_entry_school_id_wallet_id", "school_id", "wallet_id", "id"),
    )

    wallet_id: UUID
    kind: str = words()
    amount: int = Field(sa_type=BigInteger)
    provider: str | None = words(nullable=True)
    reference: str = words()
    occurred_at: datetime = moment(default_now=True)
    reason: str | None = words(nullable=True)
    forced: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
