"""What uvicorn leaves open on a connection: how large and how slow the head of a request may be, and in what words a
request that is no HTTP is refused.

Nothing here reads the body of a request: `Guarded` bounds that. Costs a microsecond a request: sizes are added up only
where more bytes came than a head may have, and a timer is set only while a head is incomplete.
"""

from asyncio import Transport
from asyncio.events import TimerHandle
from functools import partial
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.api.problems import status_of
from app.core.errors import SkoolyError
from app.core.ids import new_id
from app.web.answers import PROBLEM_JSON, problem_body
from app.web.errors import HeadTooLarge, MalformedHttp, RequestTooSlow
from app.web.exchange import ABORT
from app.web.newcomers import Newcomers

MAX_HEAD = 32 * 1024
"""Bytes of the address and the headers."""
MAX_HEADERS = 100
LONGEST_PIECE = 256 * 1024
"""What uvloop reads at once. Until a head is complete, what came before it in its first piece is counted with it."""
HEAD_SECONDS = 10.0
"""From the connection, or from the first byte of a later request, to the end of the head."""
MAX_PIPELINED = 100


class Connection(HttpToolsProtocol):
    """One connection of a client."""

    head_seconds = HEAD_SECONDS

    def __init__(self, *arguments: Any, newcomers: Newcomers | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._newcomers = newcomers or Newcomers()
        self._entered = False
        self._deadline: TimerHandle | None = None
        self._running: RequestResponseCycle | None = None
        self._refusal: SkoolyError = MalformedHttp()
        self._in_head = False
        self._piece = self._received = 0
        """Bytes of the last piece, and of all pieces from the one a head began in."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._give_up()
        super().connection_lost(exc)

    def eof_received(self) -> None:
        """Nobody listens any more: what is still being answered must not write."""
        self._give_up()

    def data_received(self, data: bytes) -> None:
        if self._entered or len(data) > MAX_HEAD or self._newcomers.enter():  # nothing large is kept for later
            self._entered = True
            self._receive(data)
        else:
            self._wait(data)

    def _wait(self, first: bytes) -> None:
        """Until it is this newcomer's turn, which does not count as slowness of the client's."""
        self.transport.pause_reading()
        self._stop_waiting()
        self._newcomers.wait(partial(self._enter, first))

    def _enter(self, first: bytes) -> None:
        self._entered = True
        if not self.transport.is_closing():
            self.transport.resume_reading()
            self._receive(first)

    def _receive(self, data: bytes) -> None:
        self._piece = len(data)
        if self._in_head:
            self._received += len(data)
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            if self._received > MAX_HEAD + LONGEST_PIECE or self._too_large():
                self._refuse(HeadTooLarge(maximum=MAX_HEAD, headers=MAX_HEADERS))
            else:
                self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._received = self._piece

    def on_headers_complete(self) -> None:
        """Whatever this raises, the parser hands to `send_400_response`."""
        self._in_head = False
        self._stop_waiting()
        if self._too_large():
            self._refusal = HeadTooLarge(maximum=MAX_HEAD, headers=MAX_HEADERS)
            raise self._refusal
        if len(self.pipeline) >= MAX_PIPELINED:
            raise self._refusal
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        """What parsed the head is of no use any more, and would hold this, and be held by it, until it is found."""
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._running is not None and self._running.more_body and self._running.response_complete:
            self._await_head()  # it was answered before its end: what is left of it has little time

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        cycle.scope[ABORT] = self.transport.abort  # type: ignore[literal-required]
        super()._start_asgi_task(cycle, app)

    def _too_large(self) -> bool:
        if len(self.headers) > MAX_HEADERS:
            return True
        if self._received <= MAX_HEAD:
            return False
        return len(self.url) + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers) > MAX_HEAD

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self._too_late)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        if self._in_head:
            self._refuse(RequestTooSlow())
        else:
            self.transport.close()

    def _refuse(self, failure: SkoolyError) -> None:
        """Answers and closes; without an answer where the client could take it for that to another request."""
        if self.transport.is_closing():
            return
        earlier = self._running
        if earlier is None or earlier.response_complete or (earlier.more_body and not earlier.response_started):
            self.transport.write(_response(failure))
        self._give_up()
        self.transport.close()

    def _give_up(self) -> None:
        """What is still being answered goes nowhere."""
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()


def _response(failure: SkoolyError) -> bytes:
    body = orjson.dumps(problem_body(failure, "fr", new_id()))
    headers = f"content-type: {PROBLEM_JSON}\r\ncontent-language: fr\r\ncontent-length: {len(body)}\r\n"
    closing = "cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
    return STATUS_LINE[status_of(failure.code)] + (headers + closing).encode("ascii") + body
