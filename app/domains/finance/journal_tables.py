"""Double-entry books. The database itself holds: debit = credit, one side a line, one currency, immutability."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.core.tables import Table, Walled, belongs_to, moment, one_of, words


class FiscalYear(Walled, table=True):
    __tablename__ = "fiscal_year"
    __table_args__ = (
        UniqueConstraint("school_id", "code"),
        CheckConstraint("starts_on < ends_on", name="order"),
    )

    code: str = words()
    starts_on: date
    ends_on: date
    closed_at: datetime | None = moment(nullable=True)


class FiscalPeriod(Walled, table=True):
    """A month of a fiscal year. Nothing is posted into a closed one."""

    __tablename__ = "fiscal_period"
    __table_args__ = (
        UniqueConstraint("school_id", "code"),
        belongs_to("fiscal_year", "fiscal_year_id"),
        CheckConstraint("starts_on <= ends_on", name="order"),
    )

    fiscal_year_id: UUID
    code: str = words()
    starts_on: date
    ends_on: date
    closed_at: datetime | None = moment(nullable=True)


class Journal(Walled, table=True):
    __table_args__ = (UniqueConstraint("school_id", "code"),)

    code: str = words()
    label: str = words()


class JournalEntry(Walled, table=True):
    """An entry (écriture). One currency, hence on the entry. Immutable once validated.

    A draft needs no number: it gets the next one of its journal and fiscal year when it is validated. What an entry is
    made from (`source_id`) has one entry, and what is reversed is reversed once.
    """

    __tablename__ = "journal_entry"
    __table_args__ = (
        UniqueConstraint("school_id", "journal_id", "fiscal_year_id", "number"),
        belongs_to("journal", "journal_id"),
        belongs_to("fiscal_year", "fiscal_year_id"),
        belongs_to("fiscal_period", "period_id"),
        belongs_to("journal_entry", "reverses_entry_id"),
        one_of("status", "draft", "validated"),
        CheckConstraint("(status = 'validated') = (validated_at IS NOT NULL)", name="validated_at"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("status = 'draft' OR number IS NOT NULL", name="numbered"),
        Index("ix_journal_entry_school_id_entry_date", "school_id", "entry_date", "id"),
        Index("ix_journal_entry_school_id_period_id", "school_id", "period_id"),
        Index("ix_journal_entry_school_id_piece_ref", "school_id", "piece_ref"),
        Index("ix_journal_entry_school_id_validated_at", "school_id", "validated_at"),
        Index(
            "uq_journal_entry_source",
            "school_id",
            "source_id",
            "source_type",
            unique=True,
            postgresql_where=text("source_id IS NOT NULL"),
        ),
        Index(
            "uq_journal_entry_reverses",
            "school_id",
            "reverses_entry_id",
            unique=True,
            postgresql_where=text("reverses_entry_id IS NOT NULL"),
        ),
    )

    journal_id: UUID
    fiscal_year_id: UUID
    period_id: UUID
    number: int | None = None
    entry_date: date
    piece_ref: str = words()
    piece_date: date
    label: str = words()
    currency: str = words()
    status: str = words(default="draft")
    validated_at: datetime | None = moment(nullable=True)
    source_type: str | None = words(nullable=True)
    source_id: UUID | None = None
    reverses_entry_id: UUID | None = None


class JournalLine(Table, table=True):
    """One side of an entry. The lines of an entry are inserted by one statement, which the balance check sees."""

    __tablename__ = "journal_line"
    __table_args__ = (
        belongs_to("journal_entry", "entry_id"),
        CheckConstraint("line_no > 0", name="line_no"),
        CheckConstraint("(debit > 0 AND credit = 0) OR (credit > 0 AND debit = 0)", name="one_side"),
        Index("ix_journal_line_school_id_account", "school_id", "account", "entry_id"),
        Index(
            "ix_journal_line_school_id_aux_account",
            "school_id",
            "aux_account",
            "entry_id",
            postgresql_where=text("aux_account IS NOT NULL"),
        ),
    )

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    entry_id: UUID = Field(primary_key=True)
    line_no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    account: str = words()
    account_label: str = words()
    aux_account: str | None = words(nullable=True)
    aux_label: str | None = words(nullable=True)
    label: str = words()
    debit: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    credit: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    due_date: date | None = None
    payment_mode: str | None = words(nullable=True)
    lettering: str | None = words(nullable=True)
    lettered_at: date | None = None
    analytic: list[dict[str, Any]] = Field(sa_type=JSONB, sa_column_kwargs={"server_default": text("'[]'")})
