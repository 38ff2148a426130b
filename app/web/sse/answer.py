"""One answer that stays open: what a stream brings, heartbeats where it brings nothing, and the word why it ends."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from app.api.executor import Request
from app.api.operations import PreparedOperation
from app.api.streams import Frame, LiveEngine, Stream
from app.core.actor import Actor
from app.core.errors import SkoolyError, Unavailable
from app.core.tasks import end
from app.live.errors import ShuttingDown
from app.web.exchange import ABORT, Receive, Scope, Send
from app.web.sse import wire
from app.web.staying import Stayers

HEARTBEAT_SECONDS = 15.0
Headers = tuple[tuple[bytes, bytes], ...]
LAST_SECONDS = 10.0
"""What a client is given to read what was sent before the end."""


class Words(Protocol):
    """What frames and the end look like on one channel."""

    def frame(self, frame: Frame) -> bytes: ...

    def ending(self, failure: SkoolyError | None, after: str | None) -> bytes:
        """`after` is the cursor of the last event sent; without a failure the stream is complete."""
        ...


class Connection(NamedTuple):
    """A request's, in ASGI's words."""

    scope: Scope
    receive: Receive
    send: Send


class StreamAnswer:
    """`serve` returns when the stream or the client has ended."""

    def __init__(self, connection: Connection, stream: Stream, words: Words) -> None:
        self._abort: Callable[[], None] | None = connection.scope.get(ABORT)
        self._receive = connection.receive
        self._send = connection.send
        self._stream = stream
        self._words = words
        self._sent: str | None = None
        self._silent = False
        self._gone = False
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def leave(self, seconds: float) -> None:
        """As `Stayer` has it: a stream can end at any event."""
        self._stream.end(ShuttingDown())

    async def serve(self, headers: Headers = ()) -> None:
        self._stream.on_end = self._finish
        await self._send({"type": "http.response.start", "status": 200, "headers": [*wire.HEADERS, *headers]})
        tasks = [asyncio.create_task(each) for each in (self._pass_on(), self._beat(), self._wait_for_the_end())]
        try:
            if self._stream.closing is None:
                await self._over
        finally:
            await end(tasks)
            await self._stream.close()
        if not self._gone:
            await self._say_why()

    def _finish(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    async def _pass_on(self) -> None:
        try:
            await self._write(wire.BEGIN)
            while frames := await self._stream.take():
                for frame in frames:
                    await self._write(self._words.frame(frame))
                    self._sent = frame.cursor
        except OSError:
            self._gone = True
        finally:
            self._finish()

    async def _beat(self) -> None:
        while True:
            self._silent = True
            await asyncio.sleep(HEARTBEAT_SECONDS)
            if self._silent:
                await self._write(wire.HEARTBEAT)

    async def _wait_for_the_end(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._finish()

    async def _write(self, data: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})
        self._silent = False

    async def _say_why(self) -> None:
        closing = self._stream.closing
        assert closing is not None
        try:
            async with asyncio.timeout(LAST_SECONDS):
                await self._write(self._words.ending(closing.failure, self._sent), more=False)
        except TimeoutError:
            if self._abort is not None:
                self._abort()


class Follower:
    """Opens streams and answers with them. One per process."""

    def __init__(self, live: LiveEngine, stayers: Stayers) -> None:
        self._live = live
        self._stayers = stayers

    async def follow(
        self,
        prepared: PreparedOperation,
        variables: Mapping[str, Any],
        actor: Actor,
        request: Request,
        words: Words,
        connection: Connection,
        headers: Headers = (),
    ) -> None:
        """Raises TooManyConnections, and what `LiveEngine.subscribe` raises, before anything is sent.

        Where the server is about to stop, Unavailable: nobody would tell a stream that begins now that it ends.
        """
        self._stayers.enter(actor)
        try:
            stream = await self._live.subscribe(prepared, variables, actor, request)
            if self._stayers.leaving:
                await stream.close()
                raise Unavailable
            answer = StreamAnswer(connection, stream, words)
            with self._stayers.present(answer):
                await answer.serve(headers)
        finally:
            self._stayers.exit(actor)
