"""One gapless, commit-ordered log per school."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.core.tables import Table, Walled, moment, words


class SchoolLog(Table, table=True):
    """The counter that hands out positions: taken as the last statement before COMMIT."""

    __tablename__ = "school_log"

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    last_position: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    epoch: int = Field(sa_column_kwargs={"server_default": text("1")})


class LogEpoch(Table, table=True):
    """Where an epoch of a school's log starts: a restored or failed-over server opens a new one."""

    __tablename__ = "log_epoch"

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    epoch: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    from_position: int = Field(sa_type=BigInteger)
    opened_at: datetime = moment(default_now=True)


class ClusterIdentity(Table, table=True):
    """Which server wrote last: another system identifier or timeline means that the past may have changed."""

    __tablename__ = "cluster_identity"

    only: bool = Field(primary_key=True, sa_column_kwargs={"server_default": text("true")})
    system_identifier: int = Field(sa_type=BigInteger)
    timeline: int


class Event(Walled, table=True):
    """A fact. Partitioned by its uuidv7, hence by time; the unique counter makes `position` unique."""

    __table_args__ = (
        Index("ix_event_school_id_position", "school_id", "position"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    position: int = Field(sa_type=BigInteger)
    epoch: int
    type: str = words()
    schema_version: int = Field(sa_column_kwargs={"server_default": text("1")})
    subject: UUID
    facts: dict[str, Any] = Field(sa_type=JSONB)
    occurred_at: datetime = moment(default_now=True)
