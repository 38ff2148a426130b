"""What a client may do to a connection: too much, too slowly, nonsense, several things at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import orjson
import pytest
import uvicorn
from uvicorn.server import ServerState

from app.web.connection import LONGEST_PIECE, MAX_HEAD, MAX_HEADERS, MAX_PIPELINED, Connection
from app.web.exchange import Receive, Scope, Send
from app.web.newcomers import Newcomers

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]
REQUEST = b"GET /here HTTP/1.1\r\nHost: x\r\n\r\n"


class Answers:
    """An application that answers with the path, once it may; it notes what it was asked."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.may.set()
        self.asked: list[str] = []
        self.failures: list[BaseException] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope["path"])
        await self.may.wait()
        body = scope["path"].encode()
        try:
            headers = [(b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        except BaseException as failure:
            self.failures.append(failure)
            raise


class Impatient(Connection):
    head_seconds = 0.2


@pytest.fixture
def answers() -> Answers:
    return Answers()


@asynccontextmanager
async def serving(
    app: Any, kind: Callable[..., Connection] = Connection
) -> AsyncIterator[Callable[[], Awaitable[Client]]]:
    config = uvicorn.Config(app, log_config=None, access_log=False)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(lambda: kind(config, state, {}), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield lambda: asyncio.open_connection("127.0.0.1", port)


async def said(client: Client, *pieces: bytes) -> bytes:
    """All that the server says until it closes."""
    reader, writer = client
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer


def refused(answer: bytes) -> tuple[int, str]:
    """(status, code) of the one answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    problem = orjson.loads(body)
    status = int(head.split()[1])
    assert problem["status"] == status
    assert b"content-type: application/problem+json" in head
    assert problem["detail"]
    assert problem["requestId"]
    return status, problem["code"]


@pytest.mark.parametrize(
    "nonsense", [b"\x00\x01\r\n\r\n", b"get / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\xa5\x01\x00\x00"]
)
async def test_what_is_no_http_is_refused_as_a_problem(answers: Answers, nonsense: bytes) -> None:
    async with serving(answers) as connect:
        assert refused(await said(await connect(), nonsense)) == (400, "MALFORMED_HTTP")
        assert b"200 OK" in await said(await connect(), REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answers.asked == ["/here"]


LARGE = {
    "address": b"GET /" + b"x" * MAX_HEAD + b" HTTP/1.1\r\n\r\n",
    "header": b"GET / HTTP/1.1\r\nA: " + b"x" * MAX_HEAD + b"\r\n\r\n",
    "headers": b"GET / HTTP/1.1\r\n" + b"A: \r\n" * (MAX_HEADERS + 1) + b"\r\n",
}


@pytest.mark.parametrize("size", [10**6, 1_000], ids=["whole", "in pieces"])
@pytest.mark.parametrize("head", LARGE.values(), ids=LARGE)
async def test_a_large_head_is_refused(answers: Answers, head: bytes, size: int) -> None:
    pieces = [head[start : start + size] for start in range(0, len(head), size)]
    async with serving(answers) as connect:
        assert refused(await said(await connect(), *pieces)) == (431, "HEAD_TOO_LARGE")
    assert answers.asked == []


async def test_a_head_without_an_end_is_refused_before_it_fills_the_memory(answers: Answers) -> None:
    async with serving(answers) as connect:
        client = await connect()
        with contextlib.suppress(ConnectionError):  # it may be cut before the answer could be read
            answer = await said(client, b"GET / HTTP/1.1\r\nA: ", b"x" * (MAX_HEAD + 2 * LONGEST_PIECE))
            assert not answer or refused(answer) == (431, "HEAD_TOO_LARGE")
    assert answers.asked == []


async def test_a_head_of_the_greatest_size_passes(answers: Answers) -> None:
    room = MAX_HEAD - len("/" + "Connection: close\r\n" + "A: \r\n")
    head = b"GET / HTTP/1.1\r\nConnection: close\r\nA: " + b"x" * room + b"\r\n\r\n"
    async with serving(answers) as connect:
        assert b"200 OK" in await said(await connect(), head)
        assert b"431" in await said(await connect(), head.replace(b"x", b"xx", 1))


class Door(Newcomers):
    """Nobody enters before it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Callable[[], None]] = []

    def enter(self) -> bool:
        return False

    def wait(self, begin: Callable[[], None]) -> None:
        self.waiting.append(begin)

    async def crowded(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.waiting) < count:
                await asyncio.sleep(0.005)


async def test_many_who_come_at_once_are_all_answered(answers: Answers) -> None:
    async with serving(answers, partial(Connection, newcomers=Newcomers(at_once=1))) as connect:
        clients = [await connect() for _ in range(50)]
        for _, writer in clients:
            writer.write(REQUEST)
        for reader, writer in clients:
            await reader.readuntil(b"/here")
            writer.write(REQUEST)
            await reader.readuntil(b"/here")
            writer.close()
    assert len(answers.asked) == 100


async def test_who_waits_for_a_turn_is_not_slow(answers: Answers) -> None:
    door = Door()
    async with serving(answers, partial(Impatient, newcomers=door)) as connect:
        reader, writer = await connect()
        writer.write(REQUEST[:7])
        await door.crowded(1)
        await asyncio.sleep(2 * Impatient.head_seconds)
        writer.write(REQUEST[7:])
        door.waiting[0]()
        await reader.readuntil(b"/here")
        writer.close()


async def test_who_goes_while_waiting_for_a_turn_is_no_fault(answers: Answers) -> None:
    door = Door()
    async with serving(answers, partial(Connection, newcomers=door)) as connect:
        clients = [await connect() for _ in range(2)]
        for _, writer in clients:
            writer.write(REQUEST)
        await door.crowded(2)
        clients[0][1].transport.abort()
        for begin in door.waiting:
            begin()
        await clients[1][0].readuntil(b"/here")
        clients[1][1].close()
    assert answers.failures == []


async def test_what_is_large_does_not_wait_for_a_turn(answers: Answers) -> None:
    async with serving(answers, partial(Connection, newcomers=Door())) as connect:
        assert refused(await said(await connect(), LARGE["address"])) == (431, "HEAD_TOO_LARGE")


async def test_a_connection_that_says_nothing_is_closed(answers: Answers) -> None:
    async with serving(answers, Impatient) as connect:
        assert await said(await connect()) == b""


async def test_a_head_that_does_not_end_is_refused(answers: Answers) -> None:
    async with serving(answers, Impatient) as connect:
        assert refused(await said(await connect(), b"GET / HTTP/1.1\r\nA:")) == (408, "REQUEST_TOO_SLOW")


async def test_a_later_request_has_its_own_time(answers: Answers) -> None:
    async with serving(answers, Impatient) as connect:
        reader, writer = await connect()
        for _ in range(3):
            writer.write(REQUEST)
            await reader.readuntil(b"/here")
            await asyncio.sleep(Impatient.head_seconds / 2)
        assert b"REQUEST_TOO_SLOW" in await said((reader, writer), b"G")


async def test_a_body_after_its_answer_does_not_go_on_for_ever(answers: Answers) -> None:
    async with serving(answers, Impatient) as connect:
        reader, writer = await connect()
        writer.write(b"POST /here HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        await reader.readuntil(b"/here")
        with pytest.raises((ConnectionError, TimeoutError)):
            async with asyncio.timeout(5):
                while True:
                    writer.write(b"1\r\nx\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.01)


async def test_requests_in_a_row_are_answered_in_their_order(answers: Answers) -> None:
    row = b"".join(REQUEST.replace(b"/here", b"/%d" % number) for number in range(20))
    async with serving(answers) as connect:
        reader, writer = await connect()
        writer.write(row)
        text = await reader.readuntil(b"/19")
        writer.close()
    assert text.count(b"200 OK") == 20
    assert answers.asked == [f"/{number}" for number in range(20)]


async def test_too_many_in_a_row_close_the_connection(answers: Answers) -> None:
    answers.may.clear()
    async with serving(answers) as connect:
        assert await said(await connect(), REQUEST * (MAX_PIPELINED + 2)) == b""
        answers.may.set()
    assert answers.asked == ["/here"]


async def test_nonsense_behind_a_request_is_not_answered_in_its_place(answers: Answers) -> None:
    answers.may.clear()
    async with serving(answers) as connect:
        assert await said(await connect(), REQUEST + b"\x00\x00\r\n\r\n") == b""
        answers.may.set()
        await asyncio.sleep(0)
    assert answers.failures == []


async def test_a_body_that_breaks_off_into_nonsense_is_refused_in_its_request_s_place() -> None:
    ended = asyncio.Event()

    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] == "http.request":
            pass
        ended.set()

    async with serving(read) as connect:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert refused(await said(await connect(), head, b"zz\r\n")) == (400, "MALFORMED_HTTP")
        async with asyncio.timeout(5):
            await ended.wait()


async def test_an_answer_to_somebody_who_left_goes_nowhere(answers: Answers) -> None:
    answers.may.clear()
    async with serving(answers) as connect:
        reader, writer = await connect()
        writer.write(REQUEST)
        while not answers.asked:
            await asyncio.sleep(0)
        writer.close()
        await writer.wait_closed()
        assert await reader.read() == b""
        answers.may.set()
        await asyncio.sleep(0.05)
    assert answers.failures == []
