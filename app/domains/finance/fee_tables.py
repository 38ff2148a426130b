"""Templates of invoices, and the series from which documents take their numbers."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.core.tables import Walled, belongs_to, moment, one_of, words

DOCUMENTS = ("invoice", "credit_note")


class FeeSchedule(Walled, table=True):
    """What students of a programme, a class or a year are billed, where these are given; a retired one bills nobody."""

    __tablename__ = "fee_schedule"
    __table_args__ = (
        UniqueConstraint("school_id", "code"),
        belongs_to("programme", "programme_id"),
        belongs_to("school_class", "class_id"),
        belongs_to("school_year", "school_year_id"),
        one_of("kind", "tuition", "canteen", "other"),
        Index("ix_fee_schedule_school_id_created_at", "school_id", "created_at", "id"),
    )

    code: str = words()
    label: str = words()
    kind: str = words()
    currency: str = words()
    programme_id: UUID | None = None
    class_id: UUID | None = None
    school_year_id: UUID | None = None
    created_at: datetime = moment(default_now=True)
    retired_at: datetime | None = moment(nullable=True)


class FeePart(Walled, table=True):
    """An instalment to be, numbered from 1."""

    __tablename__ = "fee_part"
    __table_args__ = (
        UniqueConstraint("school_id", "fee_schedule_id", "number"),
        belongs_to("fee_schedule", "fee_schedule_id"),
        CheckConstraint("amount > 0", name="amount"),
    )

    fee_schedule_id: UUID
    number: int
    due_on: date
    amount: int = Field(sa_type=BigInteger)


class DocumentSeries(Walled, table=True):
    """The last number taken of a kind of document in a year. Its row lock makes the numbers gapless."""

    __tablename__ = "document_series"
    __table_args__ = (
        UniqueConstraint("school_id", "kind", "year"),
        one_of("kind", *DOCUMENTS),
        CheckConstraint("last >= 0", name="last"),
    )

    kind: str = words()
    year: int
    last: int = Field(sa_type=BigInteger)
