"""Schools, the integrations they let in, their keys, and what those did."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, LargeBinary, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.core.tables import Table, Walled, belongs_to, moment, one_of, words


class School(Table, table=True):
    """A tenant. `timezone` is an IANA name: due dates and meal windows are read in it.

    `request_key` is the idempotency key of the request that opened it, `request_digest` what that one asked for.
    """

    __table_args__ = (
        UniqueConstraint("code"),
        UniqueConstraint("request_key"),
        CheckConstraint("code = upper(code)", name="code_upper"),
    )

    id: UUID = Field(default=None, primary_key=True, sa_column_kwargs={"server_default": text("uuidv7()")})
    code: str = words()
    name: str = words()
    timezone: str = words()
    currency: str = words()
    created_at: datetime = moment(default_now=True)
    request_key: str | None = words(nullable=True)
    request_digest: bytes | None = Field(default=None, sa_type=LargeBinary, nullable=True)


class Partner(Walled, table=True):
    """An integration: "Cantine", "Sage", "Bibliothèque"."""

    __table_args__ = (UniqueConstraint("school_id", "name"),)

    name: str = words()
    created_at: datetime = moment(default_now=True)


class ApiKey(Walled, table=True):
    """A key as stored: never the key, but its peppered HMAC. `zones` is NULL where every zone is open."""

    __tablename__ = "api_key"
    __table_args__ = (
        UniqueConstraint("key_id"),
        belongs_to("partner", "partner_id"),
        Index("ix_api_key_school_id_partner_id", "school_id", "partner_id"),
        Index("ix_api_key_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    )

    key_id: str = words()
    partner_id: UUID
    preset: str = words()
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    zones: list[str] | None = Field(default=None, sa_type=ARRAY(Text), nullable=True)
    cidrs: list[str] | None = Field(default=None, sa_type=ARRAY(Text), nullable=True)
    digest: bytes = Field(sa_type=LargeBinary)
    pepper_version: int
    created_at: datetime = moment(default_now=True)
    expires_at: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)
    rotated_to: UUID | None = Field(default=None)


class KeyUse(Walled, table=True):
    """When a key was last used: apart from the key, so that noting it does not touch the key's row."""

    __tablename__ = "key_use"
    __table_args__ = (belongs_to("api_key", "id", ondelete="CASCADE"),)

    last_used_at: datetime = moment()


class KeyScopeUse(Walled, table=True):
    """When a key (`id`) last used one of its scopes; a scope it never used has no row."""

    __tablename__ = "key_scope_use"
    __table_args__ = (belongs_to("api_key", "id", ondelete="CASCADE"),)

    scope: str = Field(primary_key=True, sa_type=Text)
    last_used_at: datetime = moment()


class PlatformKey(Table, table=True):
    """A key of no school, for managing schools. Only the owner of the tables writes any: by the command line."""

    __tablename__ = "platform_key"
    __table_args__ = (UniqueConstraint("key_id"),)

    id: UUID = Field(default=None, primary_key=True, sa_column_kwargs={"server_default": text("uuidv7()")})
    key_id: str = words()
    name: str = words()
    preset: str = words()
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    cidrs: list[str] | None = Field(default=None, sa_type=ARRAY(Text), nullable=True)
    digest: bytes = Field(sa_type=LargeBinary)
    pepper_version: int
    created_at: datetime = moment(default_now=True)
    expires_at: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)
    rotated_to: UUID | None = Field(default=None)
    last_used_at: datetime | None = moment(nullable=True)


class KeyGeneration(Table, table=True):
    """One row that moves whenever any key changes: every process polls it, so a revocation needs no Valkey."""

    __tablename__ = "key_generation"

    only: bool = Field(primary_key=True, sa_column_kwargs={"server_default": text("true")})
    generation: int = Field(sa_column_kwargs={"server_default": text("0")})


class IdempotencyKey(Table, table=True):
    """The first outcome of a creating operation, kept so that repeating it repeats the answer, not the effect."""

    __tablename__ = "idempotency_key"
    __table_args__ = (
        belongs_to("partner", "partner_id"),
        Index("ix_idempotency_key_school_id_created_at", "school_id", "created_at"),
    )

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    partner_id: UUID = Field(primary_key=True)
    operation: str = Field(primary_key=True, sa_type=Text)
    key: str = Field(primary_key=True, sa_type=Text)
    payload_digest: bytes = Field(sa_type=LargeBinary)
    outcome: dict[str, Any] = Field(sa_type=JSONB)
    created_at: datetime = moment(default_now=True)


class AuditEntry(Table, table=True):
    """Who saw whom: one row per operation on personal data. `request_id` is a uuidv7, hence the partition key."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        one_of("channel", "graphql", "rest", "cli"),
        {"postgresql_partition_by": "RANGE (request_id)"},
    )

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    request_id: UUID = Field(primary_key=True)
    operation: str = Field(primary_key=True, sa_type=Text)
    partner_id: UUID
    key_id: str = words()
    channel: str = words()
    subjects: list[UUID] = Field(sa_type=ARRAY(Uuid))
    at: datetime = moment(default_now=True)
