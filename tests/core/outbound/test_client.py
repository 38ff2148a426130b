"""Calls to receivers that behave, and to those that do not: each ends in its time and takes little memory."""

import asyncio
import contextlib
import gzip
import tracemalloc
from collections.abc import Callable

import pytest

from app.core.outbound import Client, Policy, read_url
from app.core.outbound.addresses import is_public
from app.core.outbound.answer import MOST_HEAD, MOST_KEPT, MOST_READ
from app.core.outbound.dialler import is_peer
from app.core.outbound.errors import (
    AddressRefused,
    AnswerUnreadable,
    CallFailed,
    CallTimedOut,
    ConnectFailed,
    ConnectionBroken,
    HeadTooLarge,
    NameUnresolved,
    NoSocketLeft,
)
from app.core.outbound.urls import Target, parse_address
from tests.core.outbound.conftest import ALSO_PUBLIC, HOST, INTERNAL, PUBLIC
from tests.support.descriptors import no_descriptor_left
from tests.support.name_server import NameServer, always, in_turn
from tests.support.raw_receiver import OK, Behave, Receiver, answering, answering_and_closing, receiver

BODY = '{"name":"Aïssatou"}'.encode()
SHORT = 0.4
"""Seconds given to what never ends."""
MUCH = 4_000_000
"""Bytes that no answer may cost us."""

At = Callable[[Receiver], Target]


@pytest.fixture
def at(policy: Policy) -> At:
    return lambda where: read_url(f"http://{HOST}:{where.port}/hook?a=b", policy)


@pytest.fixture(autouse=True)
def name(names: NameServer) -> None:
    names.zones[HOST] = always(PUBLIC)


def _repeating(part: bytes, first: bytes = b"") -> Behave:
    """Sends `first`, then `part` for as long as it is taken."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        with contextlib.suppress(OSError):
            while True:
                writer.write(part)
                await writer.drain()

    return behave


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def _dripping(first: bytes) -> Behave:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        with contextlib.suppress(OSError):
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)

    return behave


async def test_a_post_arrives_as_it_was_meant(client: Client, at: At) -> None:
    async with receiver(host=PUBLIC) as there:
        answer = await client.post(at(there), {"webhook-id": "1", "x-own": "Bearer x"}, BODY)
    (request,) = there.requests
    assert (answer.status, answer.body, answer.peer) == (200, b"ok", PUBLIC)
    assert request.line == "POST /hook?a=b HTTP/1.1"
    assert request.body == BODY
    assert request.headers == {
        "host": f"{HOST}:{there.port}",
        "user-agent": "Skooly-Webhooks/1",
        "accept": "*/*",
        "content-type": "application/json",
        "content-length": str(len(BODY)),
        "webhook-id": "1",
        "x-own": "Bearer x",
    }


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_its_target_is_never_hit(client: Client, at: At, status: int) -> None:
    async with receiver(host=PUBLIC) as target, receiver(host=PUBLIC) as there:
        elsewhere = f"location: http://{PUBLIC}:{target.port}/\r\ncontent-length: 0\r\n\r\n"
        there.behave = answering(f"HTTP/1.1 {status} Elsewhere\r\n{elsewhere}".encode())
        answer = await client.post(at(there), {}, BODY)
    assert answer.status == status
    assert (target.connections, len(there.requests)) == (0, 1)


async def test_no_proxy_of_the_environment_is_asked(client: Client, at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiver(host=PUBLIC) as proxy, receiver(host=PUBLIC) as there:
        for variable in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(variable, f"http://{PUBLIC}:{proxy.port}")
        assert (await client.post(at(there), {}, BODY)).status == 200
    assert proxy.connections == 0


async def test_a_name_that_rebinds_is_refused_before_a_byte_is_sent(client: Client, at: At, names: NameServer) -> None:
    names.zones[HOST] = in_turn((PUBLIC,), (INTERNAL,))
    async with receiver(host=PUBLIC) as public:
        there = at(public)
        assert (await client.post(there, {}, BODY)).status == 200
        async with receiver(host=INTERNAL, port=public.port) as internal:
            with pytest.raises(AddressRefused):
                await client.post(there, {}, BODY)
    assert (len(public.requests), internal.connections) == (1, 0)


async def test_a_kept_connection_is_not_used_once_its_name_leads_elsewhere(
    client: Client, at: At, names: NameServer
) -> None:
    names.zones[HOST] = in_turn((PUBLIC,), (ALSO_PUBLIC,))
    async with receiver(host=PUBLIC) as first, receiver(host=ALSO_PUBLIC, port=first.port) as second:
        addresses = [(await client.post(at(first), {}, BODY)).peer for _ in range(2)]
    assert addresses == [PUBLIC, ALSO_PUBLIC]
    assert (len(first.requests), len(second.requests)) == (1, 1)


@pytest.mark.parametrize("records", [(INTERNAL,), (PUBLIC, INTERNAL), ("db.internal", INTERNAL)])
async def test_an_internal_address_is_never_dialled(
    client: Client, at: At, names: NameServer, records: tuple[str, ...]
) -> None:
    names.zones[HOST] = always(*records)
    async with receiver(host=INTERNAL) as internal:
        with pytest.raises(AddressRefused):
            await client.post(at(internal), {}, BODY)
    assert internal.connections == 0


async def test_a_literal_internal_address_is_never_dialled(client: Client) -> None:
    async with receiver(host=INTERNAL) as internal:
        with pytest.raises(AddressRefused):
            await client.post(Target("http", INTERNAL, internal.port, "/", parse_address(INTERNAL)), {}, BODY)
    assert internal.connections == 0


class _Transport(asyncio.BaseTransport):
    """A connection that ended elsewhere than it was dialled, as no socket of a test does."""

    def __init__(self, peer: str | None) -> None:
        super().__init__({"peername": peer and (peer, 443)})


@pytest.mark.parametrize(("peer", "same"), [("8.8.8.8", True), ("127.0.0.1", False), ("8.8.4.4", False), (None, False)])
def test_the_peer_must_be_the_one_dialled(peer: str | None, same: bool) -> None:
    assert is_public(parse_address("8.8.8.8"))
    assert is_peer(_Transport(peer), parse_address("8.8.8.8")) is same


async def test_the_next_address_is_tried_where_one_refuses(client: Client, at: At, names: NameServer) -> None:
    names.zones[HOST] = always(ALSO_PUBLIC, PUBLIC)
    async with receiver(host=PUBLIC) as there:
        assert (await client.post(at(there), {}, BODY)).peer == PUBLIC


@pytest.mark.parametrize(
    ("behave", "failure"),
    [
        (_silent, CallTimedOut),
        (_dripping(b"HTTP/1.1 200 OK\r\nx-long: "), CallTimedOut),
        (_dripping(b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n"), CallTimedOut),
        (_dripping(b"HTTP/1.1 200 OK\r\n\r\n"), CallTimedOut),
        (_repeating(b"x-more: header\r\n" * 500, b"HTTP/1.1 200 OK\r\n"), HeadTooLarge),
        (_repeating(b"x" * 9_000, b"HTTP/1.1 200 OK\r\nx-long: "), HeadTooLarge),
        (_repeating(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 100), HeadTooLarge),
        (_repeating(b"\r\n" * 5_000), (HeadTooLarge, AnswerUnreadable)),
        (_reset, ConnectionBroken),
        (answering_and_closing(b""), ConnectionBroken),
        (answering_and_closing(b"HTTP/1.1 200 OK\r\ncontent-le"), ConnectionBroken),
        (answering_and_closing(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort"), ConnectionBroken),
        (answering_and_closing(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nsh"), ConnectionBroken),
        (answering(b"SSH-2.0-OpenSSH_9.9\r\n"), AnswerUnreadable),
        (answering(b"+PONG\r\n"), AnswerUnreadable),
        (answering(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nok"), AnswerUnreadable),
        (answering(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"), AnswerUnreadable),
    ],
)
async def test_what_a_bad_receiver_does_ends_by_its_name(
    client: Client, at: At, behave: Behave, failure: type[CallFailed]
) -> None:
    async with receiver(behave, host=PUBLIC) as there:
        began = asyncio.get_running_loop().time()
        tracemalloc.start()
        with pytest.raises(failure):
            await client.post(at(there), {}, BODY, seconds=SHORT)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert asyncio.get_running_loop().time() - began < SHORT + 5
        assert most < MUCH


GIGABYTE = 1_000_000_000
LONG_HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % GIGABYTE
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
BOMB = gzip.compress(bytes(20_000_000))


@pytest.mark.parametrize(
    "behave",
    [
        _repeating(b"x" * 65_536, LONG_HEAD),
        _repeating(b"x" * 65_536, b"HTTP/1.1 200 OK\r\n\r\n"),
        _repeating(b"1\r\nx\r\n" * 5_000, CHUNKED),
        _repeating(b"1;" + b"e" * 60_000, CHUNKED),
        _repeating(b"x-trailer: x\r\n" * 5_000, CHUNKED + b"0\r\n"),
        _repeating(b"y" * 65_536, b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + BOMB),
    ],
)
async def test_only_the_beginning_of_an_endless_answer_is_read(client: Client, at: At, behave: Behave) -> None:
    async with receiver(behave, host=PUBLIC) as there:
        tracemalloc.start()
        answer = await client.post(at(there), {}, BODY)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert answer.status == 200
        assert len(answer.body) <= MOST_KEPT
        assert most < MUCH
        await _until(lambda: there.closed == 1)


async def test_a_bomb_is_kept_as_it_came(client: Client, at: At) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(BOMB)
    async with receiver(answering(head + BOMB), host=PUBLIC) as there:
        answer = await client.post(at(there), {}, BODY)
    assert answer.body == BOMB[:MOST_KEPT]


@pytest.mark.parametrize("length", [0, 1, MOST_KEPT, MOST_KEPT + 1, MOST_READ - 1])
async def test_a_long_answer_is_kept_in_part(client: Client, at: At, length: int) -> None:
    head = b"HTTP/1.1 500 Oops\r\ncontent-length: %d\r\n\r\n" % length
    async with receiver(answering(head + b"x" * length), host=PUBLIC) as there:
        for _ in range(2):
            answer = await client.post(at(there), {}, BODY)
            assert (answer.status, len(answer.body)) == (500, min(length, MOST_KEPT))
    assert there.connections == 1


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + OK, 200, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok"),
        (CHUNKED + b"2\r\nok\r\n0\r\nx-trailer: x\r\n\r\n", 200, b"ok"),
        (b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", 410, b""),
    ],
)
async def test_the_connection_is_used_again(client: Client, at: At, raw: bytes, status: int, body: bytes) -> None:
    async with receiver(answering(raw), host=PUBLIC) as there:
        for _ in range(3):
            answer = await client.post(at(there), {}, BODY)
            assert (answer.status, answer.body) == (status, body)
            assert "link" not in answer.headers
    assert (there.connections, len(there.requests)) == (1, 3)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        OK + b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged",
        OK + b"forged",
        OK + b"\x00",
    ],
)
async def test_the_connection_is_not_used_again(client: Client, at: At, raw: bytes) -> None:
    async with receiver(answering(raw), host=PUBLIC) as there:
        for _ in range(2):
            answer = await client.post(at(there), {}, BODY)
            assert (answer.status, answer.body) == (200, b"ok")
    assert there.connections == 2


async def test_an_answer_that_ends_with_its_connection_is_whole(client: Client, at: At) -> None:
    async with receiver(answering_and_closing(b"HTTP/1.1 200 OK\r\n\r\nuntil the end"), host=PUBLIC) as there:
        assert (await client.post(at(there), {}, BODY)).body == b"until the end"


async def test_what_a_receiver_says_unasked_ends_the_kept_connection(client: Client, at: At) -> None:
    written = asyncio.Event()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await asyncio.sleep(0)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged")
        await writer.drain()
        written.set()

    async with receiver(behave, host=PUBLIC) as there:
        await client.post(at(there), {}, BODY)
        await written.wait()
        await _until(lambda: there.closed == 1)
        assert (await client.post(at(there), {}, BODY)).body == b"ok"
    assert there.connections == 2


async def test_a_kept_connection_that_the_receiver_closed_costs_no_attempt(client: Client, at: At) -> None:
    """It may close while the next request is on its way: nothing was answered, so the request goes out again."""
    kept: list[asyncio.StreamWriter] = []

    async def first_answers_then_hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if writer in kept:
            writer.transport.abort()
            return
        kept.append(writer)
        writer.write(OK)

    async with receiver(first_answers_then_hangs_up, host=PUBLIC) as there:
        assert [(await client.post(at(there), {}, BODY)).status for _ in range(2)] == [200, 200]
    assert (there.connections, len(there.requests)) == (2, 3)


async def test_a_receiver_that_closes_every_kept_connection_gets_a_request_twice_at_most(
    client: Client, at: At
) -> None:
    """It may have read each of them, and done what it asks for."""
    kept: list[asyncio.StreamWriter] = []

    async def first_answers_then_hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if writer in kept:
            writer.transport.abort()
            return
        kept.append(writer)
        while len(kept) < 5:  # until each has a connection of its own
            await asyncio.sleep(0)
        writer.write(OK)

    async with receiver(first_answers_then_hangs_up, host=PUBLIC) as there:
        await asyncio.gather(*(client.post(at(there), {}, BODY) for _ in range(5)))
        assert (await client.post(at(there), {}, BODY)).status == 200
    assert (there.connections, len(there.requests)) == (6, 7)


async def test_a_fresh_connection_that_is_hung_up_is_not_tried_again(client: Client, at: At) -> None:
    async with receiver(_reset, host=PUBLIC) as there:
        with pytest.raises(ConnectionBroken) as broken:
            await client.post(at(there), {}, BODY)
    assert len(there.requests) == 1
    assert str(broken.value.address) == PUBLIC


async def test_a_call_that_is_given_up_leaves_no_connection(client: Client, at: At) -> None:
    async with receiver(_silent, host=PUBLIC) as there:
        call = asyncio.create_task(client.post(at(there), {}, BODY))
        await _until(lambda: bool(there.requests))
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await _until(lambda: there.closed == 1)


async def test_many_at_once_take_a_connection_each_and_share_them_later(client: Client, at: At) -> None:
    async with receiver(host=PUBLIC) as there:
        for _ in range(3):
            answers = await asyncio.gather(*(client.post(at(there), {}, BODY) for _ in range(20)))
            assert {answer.status for answer in answers} == {200}
    assert there.connections == 20


async def test_nobody_listens(client: Client, at: At) -> None:
    async with receiver(host=PUBLIC) as gone:
        there = at(gone)
    with pytest.raises(ConnectFailed) as failed:
        await client.post(there, {}, BODY)
    assert str(failed.value.address) == PUBLIC


async def test_nobody_has_the_name(client: Client, names: NameServer, policy: Policy) -> None:
    with pytest.raises(NameUnresolved):
        await client.post(read_url("http://nobody.example.org:9000/", policy), {}, BODY)


@pytest.mark.parametrize("host", [HOST, PUBLIC])
async def test_running_out_of_descriptors_is_not_laid_to_the_receiver(
    client: Client, policy: Policy, host: str
) -> None:
    """Neither to its name server nor to itself; with room again it is reached as if nothing had been."""
    async with receiver(host=PUBLIC) as there:
        target = read_url(f"http://{host}:{there.port}/hook", policy)
        with contextlib.suppress(NameUnresolved):
            await client.post(
                read_url("http://nobody.example.org:9000/", policy), {}, BODY
            )  # nothing to import is left
        with no_descriptor_left(), pytest.raises(NoSocketLeft):
            await client.post(target, {}, BODY)
        assert (await client.post(target, {}, BODY)).status == 200


async def test_a_silent_name_server_is_part_of_the_time(client: Client, names: NameServer, policy: Policy) -> None:
    names.silent.add(HOST)
    with pytest.raises(CallTimedOut):
        await client.post(read_url(f"http://{HOST}:9000/", policy), {}, BODY, seconds=SHORT)


async def test_the_text_of_an_answer_can_be_stored(client: Client, at: At) -> None:
    async with receiver(answering(b"HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\na\0\xffb"), host=PUBLIC) as there:
        assert (await client.post(at(there), {}, BODY)).text == "a\ufffd\ufffdb"


def test_the_limits_are_those_of_the_contract() -> None:
    assert (MOST_READ, MOST_KEPT) == (16_384, 1_024)
    assert MOST_HEAD <= 32_768


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)
