"""What goes to a sender and what comes back: frozen values, so that deciding what follows needs no network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

RESPONSE_KEPT = 1024
"""Bytes of a response that are kept with the attempt."""


class Kind(StrEnum):
    """How a request ended. Only OK is a success."""

    OK = "ok"
    HTTP_STATUS = "http_status"
    """Answered in full, with anything but 2xx: a redirect too, which is never followed."""
    TIMEOUT = "timeout"
    DNS = "dns"
    TLS = "tls"
    CONNECT = "connect"
    RESET = "reset"
    PROTOCOL = "protocol"
    """What came back is not HTTP."""
    REFUSED_ADDRESS = "refused_address"
    """The name leads to an address that webhooks may not reach: nothing was sent."""
    RESPONSE_TOO_LARGE = "response_too_large"
    UNSIGNED = "unsigned"
    """No signing secret of the endpoint can be read, as this side lacks the key to it: nothing was sent."""
    OVERLOADED = "overloaded"
    """This side had no socket left: nothing was sent."""
    INTERRUPTED = "interrupted"
    """This process was told to stop in mid-request: the receiver may have it or not."""
    LOST = "lost"
    """The process that sent it never came back to say."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt's end. `status` is None where no answer came, `retry_after` where the answer did not ask for it.

    `error` is a short class of error for people and metrics ("ConnectionRefusedError"), never a message with data.
    """

    kind: Kind
    latency_ms: int
    status: int | None = None
    error: str | None = None
    remote_ip: str | None = None
    response: bytes = b""
    """Its first RESPONSE_KEPT bytes."""
    retry_after: float | None = None
    """Seconds, as the receiver asked for them."""

    @property
    def ok(self) -> bool:
        return self.kind is Kind.OK


@dataclass(frozen=True, slots=True)
class PreparedDelivery:
    """All that a request needs. `timeout` is the wall clock, in seconds, from the look-up of the name to the last byte.

    `webhook_id` stays the same over retries and replays, `sent_at` (the database's clock) is this attempt's
    `webhook-timestamp`; each secret signs once, the newest first.
    """

    webhook_id: str
    school_id: UUID
    endpoint_id: UUID
    url: str
    topic: str
    body: bytes = field(repr=False)
    sent_at: datetime
    timeout: float
    secrets: tuple[bytes, ...] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the endpoint's owner wants added."""


class Sender(Protocol):
    """The network side."""

    async def send(self, prepared: PreparedDelivery) -> Outcome:
        """Signs and posts. Never raises but CancelledError, and returns within `timeout`."""
        ...
