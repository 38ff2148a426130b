"""What takes an invoice or a payment back, wholly or in part: documents that are written once and never change."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.core.tables import Walled, belongs_to, moment, one_of, words
from app.domains.finance.tables import PROVIDERS


class CreditNote(Walled, table=True):
    """Less to pay on an invoice (un avoir). `amount` is the sum of its lines, which the database checks."""

    __tablename__ = "credit_note"
    __table_args__ = (
        UniqueConstraint("school_id", "number"),
        belongs_to("invoice", "invoice_id"),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_credit_note_school_id_invoice_id", "school_id", "invoice_id"),
    )

    number: str = words()
    invoice_id: UUID
    amount: int = Field(sa_type=BigInteger)
    reason: str = words()
    issued_on: date
    created_at: datetime = moment(default_now=True)


class CreditLine(Walled, table=True):
    """How much of a credit note is taken off which instalment."""

    __tablename__ = "credit_line"
    __table_args__ = (
        UniqueConstraint("school_id", "credit_note_id", "instalment_id"),
        belongs_to("credit_note", "credit_note_id"),
        belongs_to("instalment", "instalment_id"),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_credit_line_school_id_instalment_id", "school_id", "instalment_id"),
    )

    credit_note_id: UUID
    instalment_id: UUID
    amount: int = Field(sa_type=BigInteger)


class Refund(Walled, table=True):
    """Money of a payment given back. An operator's callback that comes twice has one (provider, reference)."""

    __table_args__ = (
        UniqueConstraint("school_id", "provider", "reference"),
        belongs_to("payment", "payment_id"),
        one_of("provider", *PROVIDERS),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_refund_school_id_payment_id", "school_id", "payment_id"),
    )

    payment_id: UUID
    provider: str = words()
    reference: str = words()
    amount: int = Field(sa_type=BigInteger)
    reason: str = words()
    refunded_at: datetime = moment()
