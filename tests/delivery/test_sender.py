"""A delivery as its receiver sees it, and its end as the engine is told it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.core.outbound import Client, NameServers, Policy, verifying_context
from app.core.signing import Signer, make_secret, show_secret, sign_body
from app.delivery.sender import HttpSender
from app.domains.webhooks.outcomes import Kind, Outcome, PreparedDelivery
from tests.support.certificates import self_signed
from tests.support.descriptors import no_descriptor_left
from tests.support.name_server import ADDRESS, NameServer, always, name_server
from tests.support.raw_receiver import Receiver, Request, answering, answering_and_closing, receiver

PUBLIC = "127.77.0.1"
HOST = "hook.example.org"
BODY = '{"data":{"lastName":"N’Diaye"}}'.encode()


@pytest.fixture
async def names() -> AsyncIterator[NameServer]:
    async with name_server() as server:
        server.zones[HOST] = always(PUBLIC)
        yield server


@pytest.fixture
async def sender(names: NameServer) -> AsyncIterator[HttpSender]:
    policy = Policy(opened=(ip_network("127.77.0.0/16"),), insecure=True)
    client = Client(policy, NameServers([ADDRESS], names.port), verifying_context())
    yield HttpSender(client, policy)
    client.close()


def _prepared(there: Receiver, *secrets: bytes) -> PreparedDelivery:
    return PreparedDelivery(
        webhook_id="evt_1_2",
        endpoint_id=UUID(int=2),
        url=f"http://{HOST}:{there.port}/hook",
        body=BODY,
        sent_at=datetime.now(UTC),
        timeout=5.0,
        signers=tuple(map(Signer, secrets or (make_secret(),))),
        headers=(("x-own", "1"),),
    )


def _verify(secret: bytes, request: Request) -> None:
    Webhook(show_secret(secret)).verify(request.body, request.headers)


async def test_a_receiver_verifies_it_with_the_official_library(sender: HttpSender) -> None:
    secret = make_secret()
    async with receiver(host=PUBLIC) as there:
        outcome = await sender.send(_prepared(there, secret))
    (request,) = there.requests
    assert (outcome.kind, outcome.status, outcome.remote_ip, outcome.response) == (Kind.OK, 200, PUBLIC, b"ok")
    assert request.body == BODY
    assert request.headers["x-own"] == "1"
    assert request.headers["webhook-id"] == "evt_1_2"
    assert request.headers["x-skooly-signature"] == sign_body(Signer(secret), BODY)
    _verify(secret, request)


async def test_a_retry_has_the_same_id_and_a_fresh_timestamp(sender: HttpSender) -> None:
    secret = make_secret()
    async with receiver(host=PUBLIC) as there:
        first = _prepared(there, secret)
        await sender.send(replace(first, sent_at=first.sent_at - timedelta(seconds=90)))
        await sender.send(first)
    ids, timestamps = (
        [request.headers[name] for request in there.requests] for name in ("webhook-id", "webhook-timestamp")
    )
    assert ids[0] == ids[1]
    assert int(timestamps[1]) - int(timestamps[0]) == 90
    for request in there.requests:
        _verify(secret, request)


async def test_in_a_rotation_both_secrets_verify_and_a_legacy_receiver_keeps_the_old_one(sender: HttpSender) -> None:
    new, old = make_secret(), make_secret()
    async with receiver(host=PUBLIC) as there:
        await sender.send(_prepared(there, new, old))
        await sender.send(_prepared(there, new))
    during, after = there.requests
    _verify(new, during)
    _verify(old, during)
    _verify(new, after)
    with pytest.raises(WebhookVerificationError):
        _verify(old, after)
    assert during.headers["x-skooly-signature"] == sign_body(Signer(old), BODY)
    assert after.headers["x-skooly-signature"] == sign_body(Signer(new), BODY)


async def test_no_header_of_the_owner_replaces_a_signature(sender: HttpSender) -> None:
    secret = make_secret()
    async with receiver(host=PUBLIC) as there:
        await sender.send(replace(_prepared(there, secret), headers=(("webhook-signature", "v1,forged"),)))
    _verify(secret, there.requests[0])


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 429, 500, 503])
async def test_any_other_status_is_told(sender: HttpSender, status: int) -> None:
    raw = f"HTTP/1.1 {status} No\r\ncontent-length: 4\r\nlocation: /x\r\n\r\noops".encode()
    async with receiver(answering(raw), host=PUBLIC) as there:
        outcome = await sender.send(_prepared(there))
    assert (outcome.kind, outcome.status, outcome.response) == (Kind.HTTP_STATUS, status, b"oops")
    assert len(there.requests) == 1


SOME_DAY = datetime(2025, 1, 13, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("retry-after: 120", 120.0),
        ("retry-after: 0", 0.0),
        ("retry-after: 9999999999", 9_999_999_999.0),
        (f"retry-after: {format_datetime(SOME_DAY + timedelta(hours=1), usegmt=True)}", 3600.0),
        (f"retry-after: {format_datetime(SOME_DAY - timedelta(hours=1), usegmt=True)}", 0.0),
        ("retry-after: soon", None),
        ("retry-after: -5", None),
        ("retry-after: ²", None),
        ("retry-after: 99999999999999999999", None),
        ("retry-after: Mon, 13 Jan 99999 09:00:00 GMT", None),
        ("x: y", None),
    ],
)
async def test_when_to_come_back_is_told_in_seconds(sender: HttpSender, header: str, seconds: float | None) -> None:
    date = format_datetime(SOME_DAY, usegmt=True)
    raw = f"HTTP/1.1 503 Busy\r\ndate: {date}\r\n{header}\r\ncontent-length: 0\r\n\r\n".encode()
    async with receiver(answering(raw), host=PUBLIC) as there:
        assert (await sender.send(_prepared(there))).retry_after == seconds


async def test_a_date_is_compared_with_ours_where_the_receiver_tells_none(sender: HttpSender) -> None:
    sent_at = datetime.now(UTC).replace(microsecond=0)
    until = format_datetime(sent_at + timedelta(minutes=5), usegmt=True)
    raw = f"HTTP/1.1 429 Slower\r\nretry-after: {until}\r\ncontent-length: 0\r\n\r\n".encode()
    async with receiver(answering(raw), host=PUBLIC) as there:
        assert (await sender.send(replace(_prepared(there), sent_at=sent_at))).retry_after == 300.0


@pytest.mark.parametrize(
    ("raw", "kind", "error"),
    [
        (b"", Kind.RESET, "CONNECTION_BROKEN"),
        (b"nonsense\r\n\r\n", Kind.PROTOCOL, "ANSWER_UNREADABLE"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 40_000, Kind.RESPONSE_TOO_LARGE, "ANSWER_HEAD_TOO_LARGE"),
    ],
)
async def test_a_bad_answer_is_told_by_its_kind(sender: HttpSender, raw: bytes, kind: Kind, error: str) -> None:
    async with receiver(answering_and_closing(raw), host=PUBLIC) as there:
        outcome = await sender.send(_prepared(there))
    assert (outcome.kind, outcome.error, outcome.status, outcome.remote_ip) == (kind, error, None, PUBLIC)


@pytest.mark.parametrize(
    ("records", "kind"), [(None, Kind.DNS), (("127.0.0.1",), Kind.REFUSED_ADDRESS), ((PUBLIC,), Kind.CONNECT)]
)
async def test_what_never_connected_is_told_by_its_kind(
    sender: HttpSender, names: NameServer, records: tuple[str, ...] | None, kind: Kind
) -> None:
    names.zones.pop(HOST)
    if records:
        names.zones[HOST] = always(*records)
    async with receiver(host=PUBLIC) as gone:
        pass
    assert (await sender.send(_prepared(gone))).kind is kind


async def test_a_url_that_is_no_longer_allowed_is_refused_at_the_send(sender: HttpSender) -> None:
    async with receiver(host="127.0.0.1") as internal:
        outcome = await sender.send(replace(_prepared(internal), url=f"http://127.0.0.1:{internal.port}/"))
    assert (outcome.kind, outcome.error, internal.connections) == (Kind.REFUSED_ADDRESS, "URL_ADDRESS_NOT_PUBLIC", 0)


async def test_a_certificate_of_nobody_is_told_with_its_reason(
    sender: HttpSender, names: NameServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with receiver(host=PUBLIC, tls=self_signed(tmp_path_factory.mktemp("tls"), HOST)) as there:
        outcome = await sender.send(replace(_prepared(there), url=f"https://{HOST}:{there.port}/"))
    assert (outcome.kind, outcome.error) == (Kind.TLS, "TLS_FAILED: self-signed certificate")


async def test_what_this_side_has_no_socket_for_is_told_as_ours(sender: HttpSender) -> None:
    async with receiver(host=PUBLIC) as there:
        prepared = replace(_prepared(there), url=f"http://{PUBLIC}:{there.port}/hook")
        with no_descriptor_left():
            outcome = await sender.send(prepared)
    assert (outcome.kind, outcome.error) == (Kind.OVERLOADED, "NO_SOCKET_LEFT")


async def test_a_mistake_of_ours_is_an_outcome_too(sender: HttpSender) -> None:
    async with receiver(host=PUBLIC) as there:
        outcome = await sender.send(replace(_prepared(there), headers=(("x-a", "b\r\nc: d"),)))
    assert (outcome.kind, outcome.error, there.requests) == (Kind.PROTOCOL, "HeaderInjected", [])


async def test_each_of_a_batch_ends_by_itself(sender: HttpSender) -> None:
    told: dict[int, Kind] = {}
    all_told = asyncio.Event()

    def done(number: int, outcome: Outcome) -> None:
        told[number] = outcome.kind
        if len(told) == 4:
            all_told.set()

    async with receiver(host=PUBLIC) as there, receiver(answering(b""), host=PUBLIC) as silent:
        fine = _prepared(there)
        batch = [fine, replace(fine, url="http://127.0.0.1:9000/"), replace(_prepared(silent), timeout=0.2), fine]
        sender.start([(each, number) for number, each in enumerate(batch)], done)
        assert told == {}
        await all_told.wait()
    assert [told[number] for number in range(4)] == [Kind.OK, Kind.REFUSED_ADDRESS, Kind.TIMEOUT, Kind.OK]


async def test_nobody_is_told_of_a_cancelled_request_and_its_connection_is_gone(sender: HttpSender) -> None:
    told: list[tuple[int, Outcome]] = []
    async with receiver(answering(b""), host=PUBLIC) as silent:
        [under_way] = sender.start([(_prepared(silent), 1)], lambda *ended: told.append(ended))
        while not silent.requests:
            await asyncio.sleep(0.005)
        under_way.cancel()
        while not silent.closed:
            await asyncio.sleep(0.005)
    assert told == []


async def test_it_returns_within_its_timeout(sender: HttpSender) -> None:
    async with receiver(answering(b""), host=PUBLIC) as there:
        outcome = await sender.send(replace(_prepared(there), timeout=0.2))
    assert (outcome.kind, outcome.error) == (Kind.TIMEOUT, "TIMED_OUT")
    assert outcome.latency_ms >= 200
