"""The sealed audit: a hash chain per school, and the look-ups that a search needs.

The rows of `audit_entry` are written by requests, which must not wait for one another; all of this is written
afterwards, by one job, so that its indexes cost no request anything.
"""

from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Index, LargeBinary, Text, text
from sqlmodel import Field

from app.core.tables import Table, Walled, words


class AuditSeal(Table, table=True):
    """An entry's place in its school's chain. `commitments` stand for its subjects, in their order."""

    __tablename__ = "audit_seal"
    __table_args__ = (
        Index("ix_audit_seal_school_id_position", "school_id", "position"),
        Index("ix_audit_seal_school_id_key_id_request_id", "school_id", "key_id", "request_id"),
        Index("ix_audit_seal_school_id_partner_id_request_id", "school_id", "partner_id", "request_id"),
        {"postgresql_partition_by": "RANGE (request_id)"},
    )

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    operation: str = Field(primary_key=True, sa_type=Text)
    request_id: UUID = Field(primary_key=True)
    partner_id: UUID
    key_id: str = words()
    position: int = Field(sa_type=BigInteger)
    commitments: list[bytes] = Field(sa_type=ARRAY(LargeBinary))
    link: bytes = Field(sa_type=LargeBinary)


class AuditSubject(Table, table=True):
    """Which entries concern a student: an array search in `audit_entry` would read all of it."""

    __tablename__ = "audit_subject"
    __table_args__ = ({"postgresql_partition_by": "RANGE (request_id)"},)

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    subject: UUID = Field(primary_key=True)
    request_id: UUID = Field(primary_key=True)
    operation: str = Field(primary_key=True, sa_type=Text)


class AuditSalt(Walled, table=True):
    """What the commitments to a student (`id`) are salted with. Without it they say nothing of anybody."""

    __tablename__ = "audit_salt"

    salt: bytes = Field(sa_type=LargeBinary)


class AuditChain(Table, table=True):
    """How far a school's audit is sealed. Entries of requests before `sealed_until` are in the chain."""

    __tablename__ = "audit_chain"

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    position: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    link: bytes = Field(sa_type=LargeBinary)
    sealed_until: UUID
