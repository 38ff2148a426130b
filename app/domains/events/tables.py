"""One gapless, commit-ordered log per school."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.core.tables import Table, Walled, moment, words
from app.domains.events.epochs import HOME


class SchoolLog(Table, table=True):
    """The counter that hands out positions: taken as the last statement before COMMIT.

    `home` is where it was last written: who writes elsewhere opens a new epoch.
    """

    __tablename__ = "school_log"

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    last_position: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    epoch: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("1")})
    home: str = Field(default=None, nullable=False, sa_type=Text, sa_column_kwargs={"server_default": text(HOME)})


class LogEpoch(Table, table=True):
    """Where an epoch of a school's log starts: a restored, failed-over or restarted server opens a new one."""

    __tablename__ = "log_epoch"

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    epoch: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    from_position: int = Field(sa_type=BigInteger)
    opened_at: datetime = moment(default_now=True)


class Event(Walled, table=True):
    """A fact. Partitioned by its uuidv7, hence by time; the unique counter makes `position` unique."""

    __table_args__ = (
        Index("ix_event_school_id_position", "school_id", "position"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    position: int = Field(sa_type=BigInteger)
    epoch: int = Field(sa_type=BigInteger)
    type: str = words()
    schema_version: int = Field(sa_column_kwargs={"server_default": text("1")})
    subject: UUID
    facts: dict[str, Any] = Field(sa_type=JSONB)
    occurred_at: datetime = moment(default_now=True)
