"""Where events go, and what became of each.

`endpoint` is what people decide; `endpoint_state` is what the engine knows, and follows the endpoint by triggers.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.core.tables import Table, Walled, belongs_to, moment, one_of, words

STATES = ("pending", "leased", "retry_wait", "held", "succeeded", "exhausted", "cancelled")
STATUSES = ("active", "paused", "disabled", "deleted")
REASONS = ("by_hand", "gone", "failing", "access_ended")
LONGEST_TIMEOUT = 15
"""Seconds of wall clock that an endpoint may be given for a whole request."""


def counter(default: int, kind: type = Integer) -> Any:
    """A column that counts, from the server's default."""
    return Field(default=None, sa_type=kind, sa_column_kwargs={"server_default": text(str(default))})


def flag() -> Any:
    return Field(default=None, sa_column_kwargs={"server_default": text("false")})


class FanOut(Table, table=True):
    """Up to where a school's log has become deliveries. Apart from `school_log`: expanding never blocks writing."""

    __tablename__ = "fan_out"

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    expanded_to: int = Field(sa_type=BigInteger)


class Endpoint(Walled, table=True):
    """A receiver. Without topics it gets them all; `filter` holds facts that an event must have, each equal.

    `start_position` is the position of the log after which it is served: that of its making unless it asked for an
    earlier one. `secrets` are apart. The headers that are added to each request are sealed; `headers` holds those that
    were written before, in clear, until they are sealed too. While no key of its partner in force may read one of its
    topics it is not served: triggers see to that.
    """

    __table_args__ = (
        belongs_to("partner", "partner_id"),
        one_of("status", *STATUSES),
        one_of("payload", "full", "thin"),
        one_of("disabled_reason", *REASONS),
        CheckConstraint(f"timeout_seconds BETWEEN 1 AND {LONGEST_TIMEOUT}", name="timeout"),
        CheckConstraint("max_in_flight BETWEEN 1 AND 512", name="in_flight"),
        CheckConstraint("rate_per_second BETWEEN 1 AND 10000", name="rate"),
        CheckConstraint("jsonb_typeof(filter) = 'object'", name="filter"),
        CheckConstraint("jsonb_typeof(headers) = 'object'", name="headers"),
        CheckConstraint("num_nonnulls(sealed_headers, headers_key_version) <> 1", name="sealed_headers"),
        CheckConstraint("octet_length(url) <= 2048", name="url"),
        CheckConstraint("start_position >= 0", name="start"),
        Index("ix_endpoint_school_id_partner_id", "school_id", "partner_id"),
    )

    partner_id: UUID
    url: str = words()
    description: str = words(default="")
    topics: list[str] = Field(sa_type=ARRAY(Text), sa_column_kwargs={"server_default": text("'{}'")})
    filter: dict[str, Any] = Field(sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")})
    payload: str = words(default="thin")
    headers: dict[str, str] = Field(sa_type=JSONB, sa_column_kwargs={"server_default": text("'{}'")})
    header_names: list[str] = Field(sa_type=ARRAY(Text), sa_column_kwargs={"server_default": text("'{}'")})
    sealed_headers: bytes | None = Field(default=None, sa_type=LargeBinary, nullable=True)
    headers_key_version: int | None = Field(default=None, nullable=True)
    timeout_seconds: int = counter(LONGEST_TIMEOUT, SmallInteger)
    max_in_flight: int = counter(10, SmallInteger)
    rate_per_second: int | None = Field(default=None, nullable=True)
    long_tail: bool = flag()
    """Whether it is tried for three more days after the first hour: a night's outage then loses nothing."""
    status: str = words(default="active")
    disabled_reason: str | None = words(nullable=True)
    disabled_at: datetime | None = moment(nullable=True)
    start_position: int = Field(sa_type=BigInteger)
    created_at: datetime = moment(default_now=True)


class EndpointState(Table, table=True):
    """What the engine knows of an endpoint: its turn, its requests in flight, its health.

    `ready_at` is the instant from which a claim has something to do for it; whoever was served last comes last.
    """

    __tablename__ = "endpoint_state"
    __table_args__ = (
        belongs_to("endpoint", "endpoint_id"),
        Index("ix_endpoint_state_ready_at", "ready_at", postgresql_where=text("ready_at IS NOT NULL")),
        Index("ix_endpoint_state_unsettled", "endpoint_id", postgresql_where=text("unsettled")),
        Index("ix_endpoint_state_backfill", "endpoint_id", postgresql_where=text("backfilled_to IS NOT NULL")),
        Index("ix_endpoint_state_disable", "endpoint_id", postgresql_where=text("disable_for IS NOT NULL")),
        CheckConstraint("in_flight >= 0", name="in_flight"),
    )

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    endpoint_id: UUID = Field(primary_key=True)
    # What follows the endpoint
    version: int = counter(1, BigInteger)
    """Moves with each change of the endpoint or of its secrets: what a process remembers of them is then stale."""
    mode: str = words(default="active")
    slots: int = counter(10, SmallInteger)
    rate: int | None = Field(default=None, nullable=True)
    unsettled: bool = flag()
    """Whether deliveries must still be held, let go or cancelled, as the mode wants it."""
    backfilled_to: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    backfill_until: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    """Events past `backfilled_to`, up to here, were expanded without this endpoint."""
    # Its turn
    next_due_at: datetime | None = moment(nullable=True)
    in_flight: int = counter(0)
    rate_at: datetime | None = moment(nullable=True)
    """When the rate lets at least one request through."""
    last_served_at: datetime | None = moment(nullable=True)
    # Its health
    breaker: str = words(default="closed")
    allowed: int | None = Field(default=None, sa_type=SmallInteger, nullable=True)
    """How many requests at once the breaker lets through; NULL: all that the endpoint takes."""
    wait_until: datetime | None = moment(nullable=True)
    window_from: datetime | None = moment(nullable=True)
    requests: int = counter(0)
    failures: int = counter(0)
    slow_requests: int = counter(0)
    slow: bool = flag()
    first_failure_at: datetime | None = moment(nullable=True)
    last_success_at: datetime | None = moment(nullable=True)
    disable_for: str | None = words(nullable=True)
    """The reason for which it is about to be disabled: nothing is sent any more."""
    ready_at: datetime | None = Field(
        default=None,
        nullable=True,
        sa_type=DateTime(timezone=True),
        sa_column_args=(
            Computed(
                "CASE WHEN mode = 'active' AND disable_for IS NULL AND next_due_at IS NOT NULL "
                "AND in_flight < least(slots, coalesce(allowed, slots)) "
                "THEN greatest(next_due_at, wait_until, rate_at, last_served_at) END",
                persisted=True,
            ),
        ),
    )


class EndpointSecret(Walled, table=True):
    """A signing secret, encrypted. One without `expires_at` is in use; one with it still signs until then."""

    __tablename__ = "endpoint_secret"
    __table_args__ = (
        belongs_to("endpoint", "endpoint_id"),
        Index("ix_endpoint_secret_school_id_endpoint_id", "school_id", "endpoint_id"),
    )

    endpoint_id: UUID
    ciphertext: bytes = Field(sa_type=LargeBinary)
    key_version: int
    created_at: datetime = moment(default_now=True)
    expires_at: datetime | None = moment(nullable=True)


class Delivery(Table, table=True):
    """An event on its way to an endpoint. Terminal states stay; a replay is a row of its own.

    Partitioned on the event's id, like the log. It has no foreign keys: rows are made from the event and the endpoint
    in one statement, and thousands of checks a second would only lock the same school.
    """

    __table_args__ = (
        one_of("state", *STATES),
        Index(
            "ix_delivery_pending",
            "school_id",
            "endpoint_id",
            "next_at",
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_delivery_retry_wait",
            "school_id",
            "endpoint_id",
            "next_at",
            postgresql_where=text("state = 'retry_wait'"),
        ),
        Index("ix_delivery_leased", "lease_until", postgresql_where=text("state = 'leased'")),
        Index(
            "ix_delivery_exhausted",
            "school_id",
            "endpoint_id",
            "event_id",
            postgresql_where=text("state = 'exhausted'"),
        ),
        Index("ix_delivery_held", "school_id", "endpoint_id", postgresql_where=text("state = 'held'")),
        {"postgresql_partition_by": "RANGE (event_id)"},
    )

    school_id: UUID = Field(primary_key=True)
    endpoint_id: UUID = Field(primary_key=True)
    event_id: UUID = Field(primary_key=True)
    replay: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("0")})
    state: str = words(default="pending")
    next_at: datetime = moment(default_now=True)
    """When it is due, if it waits; when it came to rest, if it does not."""
    attempt_no: int = counter(0, SmallInteger)
    failures: int = counter(0, SmallInteger)
    """Steps of the schedule spent; an attempt that nobody answered for spends none."""
    lost: int = counter(0, SmallInteger)
    """Attempts in a row whose process never came back."""
    lease_token: UUID | None = Field(default=None, nullable=True)
    lease_until: datetime | None = moment(nullable=True)
    created_at: datetime = moment(default_now=True)


class Attempt(Table, table=True):
    """One request, as it ended. `late_outcome` is what was heard of one that had been given up as lost."""

    __table_args__ = (
        Index("ix_attempt_responses", "at", postgresql_where=text("response IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (event_id)"},
    )

    school_id: UUID = Field(primary_key=True)
    endpoint_id: UUID = Field(primary_key=True)
    event_id: UUID = Field(primary_key=True)
    replay: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    number: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    outcome: str = words()
    status_code: int | None = Field(default=None, sa_type=SmallInteger, nullable=True)
    error_class: str | None = words(nullable=True)
    remote_ip: str | None = words(nullable=True)
    latency_ms: int = counter(0)
    response: bytes | None = Field(default=None, sa_type=LargeBinary, nullable=True)
    late_outcome: str | None = words(nullable=True)
    at: datetime = moment(default_now=True)
