"""One request to an endpoint: signed, posted, and its end put into words that the engine decides by."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache, partial

import structlog

from app.core.outbound import Answer, Client, Policy, Target, read_url, render_head
from app.core.outbound import errors as outbound
from app.core.outbound.connection import Done
from app.core.signing import sign, sign_body
from app.domains.webhooks.outcomes import Cancellable, Kind, Outcome, PreparedDelivery, T

log = structlog.get_logger(__name__)

MOST_TARGETS = 10_000
LONGEST_SECONDS_TEXT = 10

KINDS: Mapping[type[outbound.OutboundError], Kind] = {
    outbound.CallTimedOut: Kind.TIMEOUT,
    outbound.NameUnresolved: Kind.DNS,
    outbound.TlsFailed: Kind.TLS,
    outbound.ConnectFailed: Kind.CONNECT,
    outbound.ConnectionBroken: Kind.RESET,
    outbound.AnswerUnreadable: Kind.PROTOCOL,
    outbound.HeadTooLarge: Kind.RESPONSE_TOO_LARGE,
    outbound.NoSocketLeft: Kind.OVERLOADED,
    outbound.AddressRefused: Kind.REFUSED_ADDRESS,
    outbound.UrlRefused: Kind.REFUSED_ADDRESS,
}


class HttpSender:
    """Its URLs are read again under the policy of today: what was saved yesterday may be refused now."""

    def __init__(self, client: Client, policy: Policy) -> None:
        self._client = client
        self._policy = policy
        self._place = lru_cache(MOST_TARGETS)(self._read)

    def start(
        self, batch: Sequence[tuple[PreparedDelivery, T]], done: Callable[[T, Outcome], None]
    ) -> list[Cancellable]:
        """All are written and signed before the first is sent: done in turn, each write took half as long again."""
        written = [self._write(prepared) for prepared, _ in batch]
        return [
            self._send(request, partial(_tell, done, key, prepared, time.monotonic()), prepared.timeout)
            for request, (prepared, key) in zip(written, batch, strict=True)
        ]

    async def send(self, prepared: PreparedDelivery) -> Outcome:
        """The same for one delivery alone. Never raises but CancelledError, and returns within its `timeout`."""
        ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        [under_way] = self.start([(prepared, ended)], _set)
        try:
            return await ended
        finally:
            under_way.cancel()

    def close(self) -> None:
        """Ends the connections that are kept."""
        self._client.close()

    def _write(self, prepared: PreparedDelivery) -> tuple[Target, bytes] | Exception:
        try:
            target, head = self._place(prepared.url, prepared.headers)
            return target, render_signed(head, prepared)
        except Exception as error:  # refused by the policy of today, or a mistake of ours: either ends this one alone
            return error

    def _send(self, written: tuple[Target, bytes] | Exception, done: Done, seconds: float) -> Cancellable:
        if isinstance(written, Exception):
            return asyncio.get_running_loop().call_soon(done, written)
        target, request = written
        return self._client.start(target, request, done, seconds=seconds)

    def _read(self, url: str, headers: tuple[tuple[str, str], ...]) -> tuple[Target, bytes]:
        """Where requests go, and how all of them begin."""
        target = read_url(url, self._policy)
        return target, render_head(target, dict(headers))


def render_signed(head: bytes, prepared: PreparedDelivery) -> bytes:
    """A whole request, under the lines of `render_head`. Nothing that somebody wrote comes into these lines.

    The legacy header has room for one signature: that of the oldest secret, which a receiver of that kind keeps until
    the rotation ends.
    """
    identifier, timestamp, body = prepared.webhook_id, int(prepared.sent_at.timestamp()), prepared.body
    signature = sign(prepared.signers, webhook_id=identifier, timestamp=timestamp, body=body)
    lines = (
        f"webhook-id: {identifier}\r\nwebhook-timestamp: {timestamp}\r\nwebhook-signature: {signature}\r\n"
        f"x-skooly-signature: {sign_body(prepared.signers[-1], body)}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head + lines.encode() + body


def _set(ended: asyncio.Future[Outcome], outcome: Outcome) -> None:
    """Unless nobody waits for it any more."""
    if not ended.done():
        ended.set_result(outcome)


def _tell(
    done: Callable[[T, Outcome], None], key: T, prepared: PreparedDelivery, began: float, end: Answer | Exception
) -> None:
    done(key, _outcome(end, prepared, began))


def _outcome(end: Answer | Exception, prepared: PreparedDelivery, began: float) -> Outcome:
    milliseconds = int((time.monotonic() - began) * 1000)
    if isinstance(end, Answer):
        kind = Kind.OK if 200 <= end.status < 300 else Kind.HTTP_STATUS
        again = _retry_after(end, prepared.sent_at) if kind is Kind.HTTP_STATUS else None
        return Outcome(kind, milliseconds, end.status, None, end.peer, end.body, again)
    if isinstance(end, outbound.OutboundError):
        return _failed(end, milliseconds)
    log.error("webhook_not_sent", endpoint=prepared.endpoint_id, exc_info=end)
    return Outcome(Kind.PROTOCOL, milliseconds, error=type(end).__name__)


def _failed(failure: outbound.OutboundError, milliseconds: int) -> Outcome:
    address = getattr(failure, "address", None)
    return Outcome(
        _kind_of(failure), milliseconds, error=_named(failure), remote_ip=None if address is None else str(address)
    )


def _kind_of(failure: outbound.OutboundError) -> Kind:
    return next(kind for error, kind in KINDS.items() if isinstance(failure, error))


def _named(failure: outbound.OutboundError) -> str:
    """TLS fails for many reasons, and the owner wants to know which: "TLS_FAILED: certificate has expired"."""
    if isinstance(failure, outbound.TlsFailed):
        return f"{failure.code}: {failure.facts['reason']}"
    return failure.code


def _retry_after(answer: Answer, sent_at: datetime) -> float | None:
    """Seconds. A date is compared with the receiver's own clock where it tells it."""
    if "retry-after" not in answer.headers:
        return None
    text = answer.headers["retry-after"].strip()
    if text.isascii() and text.isdigit() and len(text) <= LONGEST_SECONDS_TEXT:
        return float(text)
    until = _date(text)
    if until is None:
        return None
    return max((until - (_date(answer.headers.get("date", "")) or sent_at)).total_seconds(), 0.0)


def _date(text: str) -> datetime | None:
    """An HTTP date; None for anything else, a date without a zone included."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None
