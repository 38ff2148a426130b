"""Endpoints, deliveries and attempts as services give them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.domains.webhooks.envelope import webhook_id


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """`topics` empty: all that there are. `header_names` without their values, which may be secrets of the owner."""

    id: UUID
    url: str
    description: str
    topics: tuple[str, ...]
    filter: Mapping[str, str]
    payload: str
    header_names: tuple[str, ...]
    timeout_seconds: int
    max_in_flight: int
    rate_per_second: int | None
    long_tail: bool
    status: str
    disabled_reason: str | None
    disabled_at: datetime | None
    breaker: str
    first_failure_at: datetime | None
    last_success_at: datetime | None
    created_at: datetime
    partner: str = ""
    """The name of whose it is; none in an answer that an idempotency key kept before there was one."""


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A secret just made, as an idempotency key may keep it: the base64 of what only the vault opens."""

    key_version: int
    ciphertext: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndpointWithSecret:
    """An endpoint just made, or one whose secret was just rotated; `old_until` is when the old one stops signing."""

    endpoint: EndpointRecord
    secret: SealedSecret
    old_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """What names a delivery. Its text begins with the `webhook-id` that the receiver saw."""

    endpoint_id: UUID
    event_id: UUID
    replay: int

    def __str__(self) -> str:
        return f"{webhook_id(self.event_id, self.endpoint_id)}_{self.replay}"


@dataclass(frozen=True, slots=True)
class AskedDelivery:
    """One that somebody asks for: without `replay` the newest of those under one webhook-id."""

    endpoint_id: UUID
    event_id: UUID
    replay: int | None

    @classmethod
    def read(cls, text: str) -> "AskedDelivery | None":
        """Of an id, or of a webhook-id; None for what is neither."""
        parts = text.split("_")
        if len(parts) not in (3, 4) or parts[0] != "evt" or not all(part.isascii() for part in parts):
            return None
        replay = parts[3] if len(parts) == 4 else "0"
        if any(len(part) != 32 for part in parts[1:3]) or not (replay.isdigit() and len(replay) <= 4):
            return None
        try:
            return cls(UUID(hex=parts[2]), UUID(hex=parts[1]), int(replay) if len(parts) == 4 else None)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """`next_at` is when it is due where it waits, and when it came to rest where it does not."""

    key: DeliveryKey
    topic: str
    occurred_at: datetime
    state: str
    attempts: int
    next_at: datetime
    created_at: datetime

    @property
    def due_at(self) -> datetime | None:
        """When the next attempt is due; None where none is."""
        return self.next_at if self.state in ("pending", "retry_wait") else None


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """`error` is a code, perhaps with a reason after a colon; `response` the beginning of what came back."""

    number: int
    at: datetime
    outcome: str
    status: int | None
    error: str | None
    remote_ip: str | None
    latency_ms: int
    response: str | None


@dataclass(frozen=True, slots=True)
class Queued:
    """How many deliveries were queued; `last` is the event of the last one, and `more` says that others may follow."""

    count: int
    more: bool = False
    last: UUID | None = None
