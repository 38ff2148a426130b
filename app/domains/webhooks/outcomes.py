"""What goes to a sender and what comes back: values, so that deciding what follows needs no network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar
from uuid import UUID

from app.core.signing import Signer

RESPONSE_KEPT = 1024
"""Bytes of a response that are kept with the attempt."""
Headers = tuple[tuple[str, str], ...]
"""Names and values."""


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


@dataclass(slots=True)  # like what follows, not frozen: that takes four times as long, for each request
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


@dataclass(slots=True)
class PreparedDelivery:
    """All that a request needs. `timeout` is the wall clock, in seconds, from the look-up of the name to the last byte.

    `webhook_id` stays the same over retries and replays, `sent_at` (the database's clock) is this attempt's
    `webhook-timestamp`; each secret signs once, the newest first.
    """

    webhook_id: str
    endpoint_id: UUID
    url: str
    headers: Headers
    """What the endpoint's owner wants added."""
    body: bytes = field(repr=False)
    sent_at: datetime
    timeout: float
    signers: tuple[Signer, ...]


class Cancellable(Protocol):
    """What is under way."""

    def cancel(self) -> object: ...


T = TypeVar("T")


class Sender(Protocol):
    """The network side."""

    def start(
        self, batch: Sequence[tuple[PreparedDelivery, T]], done: Callable[[T, Outcome], None]
    ) -> Sequence[Cancellable]:
        """Signs and posts; one answer for each of the batch. `done` hears of each once, by what stands beside it in the
        batch, within its `timeout` and never before this returns; of what was cancelled it hears nothing. No task is
        made for a request: it would cost as much as sending it.
        """
        ...
