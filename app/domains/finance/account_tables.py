"""Which accounts a school posts to: its chart, and for each use of Skooly's the account and the journal it chose."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.core.tables import Table, Walled, belongs_to, moment, one_of, words

ACCOUNT_USES = (
    "receivable",
    "wallet",
    "tuition",
    "canteen",
    "other",
    "deferred_income",
    "bank",
    "mobile_money",
    "cash",
    "bank_fees",
    "adjustment",
)
JOURNAL_USES = ("sales", "bank", "mobile_money", "cash", "canteen", "general")


class LedgerAccount(Walled, table=True):
    """An account of the school's chart."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        UniqueConstraint("school_id", "code"),
        CheckConstraint("code <> ''", name="code"),
    )

    code: str = words()
    label: str = words()


class AccountMap(Table, table=True):
    """A school that has one has its invoices, payments and wallets posted, from `chosen_at` on."""

    __tablename__ = "account_map"

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    chart: str = words()
    chosen_at: datetime = moment(default_now=True)


class AccountUse(Table, table=True):
    """The account that takes what is posted for a use."""

    __tablename__ = "account_use"
    __table_args__ = (
        one_of("use", *ACCOUNT_USES),
        ForeignKeyConstraint(["school_id", "account"], ["ledger_account.school_id", "ledger_account.code"]),
    )

    school_id: UUID = Field(primary_key=True, foreign_key="account_map.school_id")
    use: str = Field(primary_key=True, sa_type=Text)
    account: str = words()


class JournalUse(Table, table=True):
    """The journal in which it is posted."""

    __tablename__ = "journal_use"
    __table_args__ = (one_of("use", *JOURNAL_USES), belongs_to("journal", "journal_id"))

    school_id: UUID = Field(primary_key=True, foreign_key="account_map.school_id")
    use: str = Field(primary_key=True, sa_type=Text)
    journal_id: UUID


class WaitingFact(Table, table=True):
    """A fact that no open period takes yet: posted as soon as one is opened."""

    __tablename__ = "waiting_fact"

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    source_id: UUID = Field(primary_key=True)
    source_type: str = Field(primary_key=True, sa_type=Text)
    dated: date
    fact: dict[str, Any] = Field(sa_type=JSONB)
