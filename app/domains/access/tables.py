"""Zones, when and to whom they open, and who passed."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, Text, UniqueConstraint, text
from sqlmodel import Field

from app.core.tables import Table, Walled, belongs_to, moment, one_of, words


class Zone(Walled, table=True):
    """A place behind turnstiles. `price` is in minor units of `currency`; 0 needs no wallet."""

    __table_args__ = (
        UniqueConstraint("school_id", "code"),
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("anti_passback_seconds BETWEEN 0 AND 86400", name="anti_passback"),
    )

    code: str = words()
    label: str = words()
    price: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    currency: str = words()
    requires_tuition: bool = Field(sa_column_kwargs={"server_default": text("true")})
    anti_passback_seconds: int = Field(sa_column_kwargs={"server_default": text("0")})


class ZoneWindow(Walled, table=True):
    """When a zone serves. `weekday` is ISO (1 Monday); a window that closes before it opens crosses midnight."""

    __tablename__ = "zone_window"
    __table_args__ = (
        belongs_to("zone", "zone_id", ondelete="CASCADE"),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("opens_at <> closes_at", name="length"),
        Index("ix_zone_window_school_id_zone_id", "school_id", "zone_id"),
    )

    zone_id: UUID
    meal: str = words()
    weekday: int = Field(sa_type=SmallInteger)
    opens_at: time
    closes_at: time


class ZoneProgramme(Table, table=True):
    """Which programmes a zone is for; a zone without rows is for everybody."""

    __tablename__ = "zone_programme"
    __table_args__ = (
        belongs_to("zone", "zone_id", ondelete="CASCADE"),
        belongs_to("programme", "programme_id", ondelete="CASCADE"),
    )

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    zone_id: UUID = Field(primary_key=True)
    programme_id: UUID = Field(primary_key=True)


class Passage(Walled, table=True):
    """Somebody passed, or was turned away. Recorded by the device after the fact, perhaps offline.

    `charged` is what the meal cost, in minor units of the zone's currency; `overdrawn` marks a meal that the wallet
    could not cover.
    """

    __table_args__ = (
        one_of("direction", "in", "out"),
        CheckConstraint("charged >= 0", name="charged"),
        Index("ix_passage_anti_passback", "school_id", "student_id", "zone_id", "occurred_at"),
        Index("ix_passage_school_id_zone_id_id", "school_id", "zone_id", "id"),
        Index("ix_passage_school_id_student_id_id", "school_id", "student_id", "id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    zone_id: UUID
    student_id: UUID | None = None
    badge_uid: str = words()
    device_id: str = words()
    device_event_id: str = words()
    direction: str = words()
    granted: bool
    reason: str | None = words(nullable=True)
    offline: bool
    meal: str | None = words(nullable=True)
    service_date: date | None = None
    charged: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    overdrawn: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    occurred_at: datetime = moment()
    recorded_at: datetime = moment(default_now=True)


class PassageReceipt(Table, table=True):
    """Makes a device's event unique for ever, which the partitions of `passage` cannot."""

    __tablename__ = "passage_receipt"

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    device_id: str = Field(primary_key=True, sa_type=Text)
    device_event_id: str = Field(primary_key=True, sa_type=Text)
    passage_id: UUID


class MealPiece(Walled, table=True):
    """Meals of a restaurant and a day, in one currency, that went into the books together."""

    __tablename__ = "meal_piece"
    __table_args__ = (
        belongs_to("zone", "zone_id"),
        Index("ix_meal_piece_school_id_zone_id", "school_id", "zone_id", "service_date"),
    )

    zone_id: UUID
    service_date: date
    currency: str = words()
    made_at: datetime = moment(default_now=True)


class Meal(Table, table=True):
    """A meal is debited once per student, service date and meal, however often the turnstile turns.

    `zone_id` is where it was eaten; `piece_id` is the piece that took it into the books, once the day has ended.
    """

    __table_args__ = (
        belongs_to("student", "student_id"),
        belongs_to("wallet_entry", "wallet_entry_id"),
        belongs_to("zone", "zone_id"),
        belongs_to("meal_piece", "piece_id"),
        Index(
            "ix_meal_unposted",
            "school_id",
            "wallet_entry_id",
            postgresql_where=text("piece_id IS NULL AND zone_id IS NOT NULL"),
        ),
    )

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    student_id: UUID = Field(primary_key=True)
    service_date: date = Field(primary_key=True)
    meal: str = Field(primary_key=True, sa_type=Text)
    wallet_entry_id: UUID
    zone_id: UUID | None = None
    piece_id: UUID | None = None
