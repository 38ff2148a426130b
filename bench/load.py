"""The load: keep-alive connections on bare sockets, each asking again as soon as it has its answer."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

PATIENCE_SECONDS = 20.0
"""How long the last answers, and a server that is still starting, are waited for."""

MakeRequest = Callable[[int], bytes]


@dataclass
class Outcome:
    """What a period of load saw. `milliseconds` holds the time of every answer."""

    seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    sample: bytes = b""

    @property
    def requests(self) -> int:
        return len(self.milliseconds)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class _Asker(asyncio.Protocol):
    """One connection. Reads Content-Length answers only, which is all that the contenders give."""

    def __init__(self, make_request: MakeRequest, numbers: "_Numbers", outcome: Outcome) -> None:
        self._make_request = make_request
        self._numbers = numbers
        self._outcome = outcome
        self._buffer = b""
        self._missing = -1
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._missing < 0:
            self._read_head()
        if 0 <= self._missing <= len(self._buffer):
            self._finish()

    def _read_head(self) -> None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.index(b"content-length:") + 15
        line_end = head.find(b"\r\n", at)
        self._missing = end + 4 + int(head[at:line_end] if line_end > 0 else head[at:])

    def _finish(self) -> None:
        outcome = self._outcome
        outcome.milliseconds.append((time.perf_counter() - self._asked_at) * 1000)
        outcome.statuses[int(self._buffer[9:12])] += 1
        outcome.sample = self._buffer
        self._buffer, self._missing = b"", -1
        self._ask()

    def _ask(self) -> None:
        if self._numbers.ended():
            self.done.set_result(None)
            self._transport.close()
            return
        self._asked_at = time.perf_counter()
        self._transport.write(self._make_request(self._numbers.take()))


class _Numbers:
    """Hands out the numbers of the requests until the time is up."""

    def __init__(self, first: int, until: float) -> None:
        self._next = first
        self._until = until

    def take(self) -> int:
        self._next += 1
        return self._next

    def ended(self) -> bool:
        return time.perf_counter() >= self._until


async def press(
    address: tuple[str, int], make_request: MakeRequest, *, connections: int, seconds: float, first: int = 0
) -> Outcome:
    """Asks over `connections` for `seconds`; requests are numbered from `first` on."""
    outcome = Outcome()
    started = time.perf_counter()
    numbers = _Numbers(first, started + seconds)
    loop = asyncio.get_running_loop()
    askers = [
        (await loop.create_connection(lambda: _Asker(make_request, numbers, outcome), *address))[1]
        for _ in range(connections)
    ]
    async with asyncio.timeout(seconds + PATIENCE_SECONDS):
        await asyncio.gather(*(asker.done for asker in askers))
    outcome.seconds = time.perf_counter() - started
    return outcome


def get(path: str, key: str) -> bytes:
    """A GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nX-API-KEY: {key}\r\nAccept: application/json\r\n\r\n".encode()


def post(path: str, key: str, body: bytes) -> bytes:
    """A POST request with a JSON body."""
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nX-API-KEY: {key}\r\nAccept: application/json\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
