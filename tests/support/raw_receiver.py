"""A receiver of webhooks that answers with whatever bytes a test wants, well-behaved or not."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Called for each request once it was read whole; the connection stays open until it returns or closes it."""

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@dataclass
class Request:
    head: str
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split("\r\n")[0]

    @property
    def headers(self) -> dict[str, str]:
        pairs = (line.split(": ", 1) for line in self.head.split("\r\n")[1:] if line)
        return {name.lower(): value for name, value in pairs}


@dataclass
class Receiver:
    """`requests` in the order they came; `connections` counts those that were opened, `closed` those that ended."""

    port: int = 0
    behave: Behave | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    closed: int = 0
    sent: int = 0
    """Bytes of endless answers that were taken off its hands."""


def answering(raw: bytes) -> Behave:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return behave


def answering_and_closing(raw: bytes) -> Behave:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.close()

    return behave


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").removesuffix("\r\n\r\n")
    request = Request(head, b"")
    request.body = await reader.readexactly(int(request.headers.get("content-length", "0")))
    return request


@asynccontextmanager
async def receiver(
    behave: Behave | None = None, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    state = Receiver(behave=behave or answering(OK))
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        state.connections += 1
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            while not writer.is_closing():
                state.requests.append(await _read_request(reader))
                assert state.behave is not None
                await state.behave(reader, writer)
        state.closed += 1
        writer.transport.abort()

    server = await asyncio.start_server(serve, host, port, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
