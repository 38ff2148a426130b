"""A receiver of webhooks with a ledger, which behaves as its script says: well, badly, or not at all."""

import asyncio
import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Got:
    """A request that was read whole. `at` is the event loop's clock."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


def status(code: int, *, after: float = 0.0, **headers: str) -> Behaviour:
    """Answers in full; `retry_after="30"` becomes the header `retry-after`."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    answer = f"HTTP/1.1 {code} Scripted\r\ncontent-length: 2\r\n{lines}\r\nok".encode()

    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if after:
            await asyncio.sleep(after)
        writer.write(answer)
        await writer.drain()

    return behave


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Never answers, and keeps the connection until the other side has had enough."""
    await reader.read()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A byte now and then, of a body that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.05)


OK = status(200)


@dataclass
class Receiver:
    """Paths without a script answer 200. A script is a list of behaviours of which the last one stays."""

    port: int = 0
    ledger: list[Got] = field(default_factory=list)
    overlaps: list[str] = field(default_factory=list)
    """webhook-ids of which two requests were under way at once."""
    busiest: Counter[str] = field(default_factory=Counter)
    """The most requests at once, by path."""
    _scripts: dict[str, list[Behaviour]] = field(default_factory=dict)
    _under_way: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def script(self, path: str, *behaviours: Behaviour) -> str:
        """The URL of the path, which from now on behaves so."""
        self._scripts[path] = list(behaviours)
        return self.url(path)

    def at(self, path: str) -> list[Got]:
        return [got for got in self.ledger if got.path == path]

    def ids(self, path: str | None = None) -> list[str]:
        return [got.webhook_id for got in self.ledger if path in (None, got.path)]

    def under_way(self, path: str) -> int:
        return len(self._under_way[path])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            while not writer.is_closing():
                got = await _read(reader)
                await self._take(got, reader, writer)
        writer.transport.abort()

    async def _take(self, got: Got, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way = self._under_way[got.path]
        if got.webhook_id in under_way:
            self.overlaps.append(got.webhook_id)
        under_way.append(got.webhook_id)
        self.ledger.append(got)
        self.busiest[got.path] = max(self.busiest[got.path], len(under_way))
        try:
            await self._behaviour(got.path)(reader, writer)
        finally:
            under_way.remove(got.webhook_id)

    def _behaviour(self, path: str) -> Behaviour:
        script = self._scripts.get(path, [OK])
        return script.pop(0) if len(script) > 1 else script[0]


async def _read(reader: asyncio.StreamReader) -> Got:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Got(head[0].split(" ")[1], headers, body, asyncio.get_running_loop().time())


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        with contextlib.suppress(asyncio.CancelledError):
            await receiver._serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
