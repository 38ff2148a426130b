"""One socket from its acceptance to its end: the shell around the conversation, with timers, tasks and what is sent."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import structlog

from app.api.errors import Internal
from app.api.executor import Executor
from app.api.faults import name_failure
from app.api.operations import Preparer
from app.api.streams import LiveEngine
from app.core.actor import Actor
from app.core.errors import SkoolyError
from app.core.ids import new_id
from app.core.tasks import end
from app.domains.partners.errors import KeyRefused
from app.live.turns import Turns
from app.web.exchange import Exchange, Receive, Scope, Send
from app.web.graphql_answers import request_errors
from app.web.keys import KEY_HEADERS, Keyring, key_in
from app.web.sockets import messages
from app.web.sockets.closing import CloseCode, SocketClosed, ending_of, refusal_of
from app.web.sockets.conversation import Conversation
from app.web.sockets.messages import Complete, Init, Message, Ping, Subscribe
from app.web.sockets.operation import Operation
from app.web.staying import Stayers

INIT_SECONDS = 5.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class House:
    """What every socket of the process needs."""

    preparer: Preparer
    executor: Executor
    keyring: Keyring
    live: LiveEngine
    stayers: Stayers
    init_seconds: float = INIT_SECONDS
    turns: Turns = field(default_factory=Turns)
    partings: Turns = field(default_factory=lambda: Turns(seconds=None))


class Socket:
    """`serve` returns when it has ended. `close` may come from anywhere, and counts once."""

    def __init__(self, house: House, scope: Scope, receive: Receive, send: Send, exchange: Exchange) -> None:
        self.house = house
        self.exchange = exchange
        self.closed: SocketClosed | None = None
        self._headers = [
            (str(name, "latin-1"), str(value, "latin-1")) for name, value in scope["headers"] if name in KEY_HEADERS
        ]
        self._receive = receive
        self._send = send
        self._conversation = Conversation()
        self._operations: dict[str, Operation] = {}
        self._token = ""
        self._actor: Actor | None = None
        loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = loop.create_future()
        timeout = SocketClosed(CloseCode.INIT_TIMEOUT)
        self._deadline = loop.call_later(house.init_seconds, self.close, timeout)

    async def serve(self) -> None:
        with self.house.stayers.present(self):
            listener = asyncio.create_task(self._listen())
            try:
                await self._over
            finally:
                async with self._turn_to_go():
                    await self._clear_up(listener)
        if self.closed is not None:
            await self._send({"type": "websocket.close", "code": int(self.closed.code), "reason": self.closed.reason})

    def close(self, closed: SocketClosed | None) -> None:
        """None: the client has gone already."""
        if not self._over.done():
            self.closed = closed
            self._over.set_result(None)

    def end(self, failure: SkoolyError) -> None:
        """Its key is not good any more."""
        self.close(ending_of(failure, self.resumes_after()) or refusal_of(failure))

    def wake(self) -> None:
        """The keys are trusted again: each stream is told so itself."""

    async def leave(self, seconds: float) -> None:
        under_way = [each.task for each in self._operations.values() if each.task and each.stream is None]
        if under_way:
            await asyncio.wait(under_way, timeout=seconds)
        self.close(SocketClosed(CloseCode.RESTARTING, "SHUTTING_DOWN", self.resumes_after()))

    def resumes_after(self) -> str | None:
        """The cursor of what was sent last, where the socket carries one subscription."""
        streams = [each for each in self._operations.values() if each.stream is not None]
        return streams[0].sent if len(streams) == 1 else None

    async def authenticate(self) -> Actor:
        """For each operation anew. Raises what the keyring raises: a key that is not good any more ends the socket."""
        try:
            return await self.house.keyring.authenticate(self._token, self.exchange.client)
        except KeyRefused as failure:
            self.end(failure)
            raise

    async def send(self, text: str) -> None:
        """Waits for room in the connection. Raises OSError once the client has gone."""
        await self._send({"type": "websocket.send", "text": text})

    def over(self, operation: Operation) -> None:
        """The operation has ended by itself."""
        if self._operations.get(operation.id) is operation:
            del self._operations[operation.id]
            self._conversation.complete(operation.id)

    async def _listen(self) -> None:
        try:
            while True:
                event = await self._receive()
                if event["type"] == "websocket.disconnect":
                    self.close(None)
                    return
                if event.get("text") is None:
                    raise SocketClosed(CloseCode.BAD_MESSAGE, "BAD_MESSAGE_BINARY")
                await self._hear(messages.read_message(event["text"]))
        except SocketClosed as closed:
            self.close(closed)
        except OSError:
            self.close(None)
        except Exception as error:
            log.error("socket_failed", exc_info=error, request_id=str(self.exchange.request_id))
            self.close(SocketClosed(CloseCode.FAILED))

    async def _hear(self, message: Message) -> None:
        if isinstance(message, Init):
            await self._open(message)
        elif isinstance(message, Ping):
            await self.send(messages.pong(message))
        elif isinstance(message, Subscribe):
            await self._subscribe(message)
        elif isinstance(message, Complete) and self._conversation.complete(message.id):
            self._operations.pop(message.id).stop()

    async def _open(self, message: Init) -> None:
        """Raises SocketClosed."""
        self._conversation.begin()
        self._deadline.cancel()
        try:
            async with self.house.turns.one():
                await self._let_in(message.payload)
        except Exception as error:
            raise refusal_of(self._named(error)) from None
        self._conversation.open()
        await self.send(messages.ACK)

    async def _let_in(self, payload: Mapping[str, Any]) -> None:
        self._token = key_in([*self._headers, *_as_headers(payload)])
        actor = await self.house.keyring.authenticate(self._token, self.exchange.client)
        self.exchange.actor = actor
        self.house.stayers.enter(actor)
        self._actor = actor
        await self.house.live.guard.admit(actor, self)

    def _named(self, error: Exception) -> SkoolyError:
        """Also of a database that is too slow to say whether the key is still good: that is no client that has gone."""
        failure = name_failure(error, self.exchange.request_id)
        if isinstance(failure, Internal):
            log.error("socket_failed", exc_info=error, request_id=str(self.exchange.request_id))
        return failure

    async def _subscribe(self, message: Subscribe) -> None:
        """Raises SocketClosed."""
        try:
            self._conversation.subscribe(message.id)
        except SkoolyError as failure:
            errors = request_errors(failure, self.exchange.language, new_id())
            await self.send(messages.error(message.id, errors))
            return
        operation = self._operations[message.id] = Operation(self, message.id, dict(message.request))
        operation.task = asyncio.create_task(operation.run())

    def _turn_to_go(self) -> AbstractAsyncContextManager[None]:
        """A client that has gone can wait, as thousands do when a network breaks; one that is told so cannot."""
        return self.house.partings.one() if self.closed is None else nullcontext()

    async def _clear_up(self, listener: asyncio.Task[None]) -> None:
        self._deadline.cancel()
        await end([listener, *(each.task for each in self._operations.values() if each.task)])
        for operation in self._operations.values():
            operation.task = None  # which holds the operation: what is left goes at once, not by a scan of everything
        self._operations.clear()
        if self._actor is not None:
            self.house.live.guard.release(self._actor, self)
            self.house.stayers.exit(self._actor)


def _as_headers(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What of it may hold a key: browsers cannot set headers of a socket."""
    for name, value in payload.items():
        if isinstance(value, str):
            yield name.lower(), value
