"""What students owe and have paid, and their canteen wallets. Amounts are integers of minor units."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from app.core.tables import Walled, belongs_to, moment, one_of, words

KINDS = ("tuition", "canteen", "other")
PROVIDERS = ("orange_money", "wave", "mtn", "bank", "cash")


class Invoice(Walled, table=True):
    __table_args__ = (
        UniqueConstraint("school_id", "number"),
        belongs_to("student", "student_id"),
        one_of("kind", *KINDS),
        CheckConstraint("total > 0", name="total"),
        Index("ix_invoice_school_id_student_id", "school_id", "student_id"),
    )

    number: str = words()
    student_id: UUID
    kind: str = words(default="tuition")
    label: str = words()
    currency: str = words()
    total: int = Field(sa_type=BigInteger)
    issued_on: date
    cancelled_at: datetime | None = moment(nullable=True)


class Instalment(Walled, table=True):
    """A part of an invoice with its due date. `paid` is kept by the database from the allocations."""

    __table_args__ = (
        UniqueConstraint("school_id", "invoice_id", "number"),
        belongs_to("invoice", "invoice_id"),
        belongs_to("student", "student_id"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("paid BETWEEN 0 AND amount", name="paid"),
        Index(
            "ix_instalment_unpaid",
            "school_id",
            "student_id",
            "due_on",
            postgresql_where=text("paid < amount AND NOT cancelled"),
        ),
    )

    invoice_id: UUID
    student_id: UUID
    number: int
    due_on: date
    amount: int = Field(sa_type=BigInteger)
    paid: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    tuition: bool = Field(sa_column_kwargs={"server_default": text("true")})
    cancelled: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class Payment(Walled, table=True):
    """Money received. An operator's callback that comes twice has one (provider, reference)."""

    __table_args__ = (
        UniqueConstraint("school_id", "provider", "reference"),
        belongs_to("student", "student_id"),
        one_of("provider", *PROVIDERS),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("allocated BETWEEN 0 AND amount", name="allocated"),
        Index("ix_payment_school_id_student_id", "school_id", "student_id"),
    )

    student_id: UUID
    provider: str = words()
    reference: str = words()
    amount: int = Field(sa_type=BigInteger)
    currency: str = words()
    allocated: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
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
    balance: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class WalletEntry(Walled, table=True):
    """A line of a wallet's ledger: positive amounts fill it, negative ones empty it. Never changed.

    A top-up's `reference` is its `provider`'s; the other kinds have references of Skooly's own and no provider.
    """

    __tablename__ = "wallet_entry"
    __table_args__ = (
        UniqueConstraint("school_id", "kind", "provider", "reference", postgresql_nulls_not_distinct=True),
        belongs_to("wallet", "wallet_id"),
        one_of("kind", "top_up", "meal", "correction"),
        one_of("provider", *PROVIDERS),
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_wallet_entry_school_id_wallet_id", "school_id", "wallet_id", "id"),
    )

    wallet_id: UUID
    kind: str = words()
    amount: int = Field(sa_type=BigInteger)
    provider: str | None = words(nullable=True)
    reference: str = words()
    occurred_at: datetime = moment(default_now=True)
