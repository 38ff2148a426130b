"""One request to an endpoint: signed, posted, and its end put into words that the engine decides by."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

import structlog

from app.core.outbound import Answer, Client, Policy, Target, read_url, render_head, render_post
from app.core.outbound import errors as outbound
from app.core.signing import sign, sign_body
from app.domains.webhooks.outcomes import Kind, Outcome, PreparedDelivery

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

    async def send(self, prepared: PreparedDelivery) -> Outcome:
        """Never raises but CancelledError, and returns within the delivery's `timeout`."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            answer = await self._post(prepared)
        except outbound.OutboundError as failure:
            return _failed(failure, _milliseconds(loop.time() - began))
        except Exception as error:
            log.exception("webhook_not_sent", endpoint=prepared.endpoint_id)
            return Outcome(Kind.PROTOCOL, _milliseconds(loop.time() - began), error=type(error).__name__)
        return _answered(answer, prepared.sent_at, _milliseconds(loop.time() - began))

    def close(self) -> None:
        """Ends the connections that are kept."""
        self._client.close()

    def _read(self, url: str, headers: tuple[tuple[str, str], ...]) -> tuple[Target, bytes]:
        """Where requests go, and how all of them begin."""
        target = read_url(url, self._policy)
        return target, render_head(target, dict(headers))

    async def _post(self, prepared: PreparedDelivery) -> Answer:
        target, head = self._place(prepared.url, tuple(prepared.headers.items()))
        request = render_post(head, signature_headers(prepared), prepared.body)
        return await self._client.send(target, request, seconds=prepared.timeout)


def signature_headers(prepared: PreparedDelivery) -> dict[str, str]:
    """The legacy header has room for one signature: that of the oldest secret, which a receiver of that kind keeps
    until the rotation ends.
    """
    timestamp = int(prepared.sent_at.timestamp())
    headers = {
        "webhook-id": prepared.webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(
            prepared.secrets, webhook_id=prepared.webhook_id, timestamp=timestamp, body=prepared.body
        ),
    }
    if prepared.secrets:
        headers["x-skooly-signature"] = sign_body(prepared.secrets[-1], prepared.body)
    return headers


def _answered(answer: Answer, sent_at: datetime, milliseconds: int) -> Outcome:
    return Outcome(
        Kind.OK if 200 <= answer.status < 300 else Kind.HTTP_STATUS,
        milliseconds,
        status=answer.status,
        remote_ip=answer.peer,
        response=answer.body,
        retry_after=_retry_after(answer, sent_at),
    )


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


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1_000)
