"""One connection to a vetted address, carrying one request at a time."""

import asyncio
from collections.abc import Callable
from typing import cast

from app.core.outbound.addresses import Address
from app.core.outbound.answer import Answer, Reading
from app.core.outbound.errors import CallFailed, ConnectionBroken


class Stale(ConnectionBroken):
    """A kept connection was closed by the peer before it answered a byte: the request goes out once more, on a new
    one.
    """


class Connection(asyncio.Protocol):
    """`used` tells a kept connection from a fresh one; `on_lost` is called once, when it has ended."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.on_lost: Callable[[Connection], None] | None = None
        self.used = False
        self.open = False
        self._transport: asyncio.Transport | None = None
        self._reading = Reading(address)
        self._waiter: asyncio.Future[Answer] | None = None

    async def exchange(self, request: bytes) -> Answer:
        """Raises ConnectionBroken, Stale, AnswerUnreadable, HeadTooLarge. Being cancelled cuts the connection."""
        if self._transport is None or not self.open:
            raise Stale if self.used else ConnectionBroken
        if self.used:
            self._reading.begin()
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            answer = await self._waiter
        except BaseException:
            self.abort()
            raise
        finally:
            self.used, self._waiter = True, None
        if not self._reading.reusable:
            self.abort()
        return answer

    def give_up(self, failure: CallFailed) -> None:
        """Ends an exchange that is under way."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(failure)

    def abort(self) -> None:
        """At once: closing politely would wait for a peer that may never read."""
        self.open = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.open = True

    def data_received(self, data: bytes) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            self.abort()  # nobody asked
            return
        try:
            answer = self._reading.feed(data)
        except CallFailed as failure:
            waiter.set_exception(failure)
            return
        if answer is not None:
            waiter.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        if self._waiter is not None and not self._waiter.done():
            answer = self._reading.end() if error is None else None
            if answer is not None:
                self._waiter.set_result(answer)
            else:
                self._waiter.set_exception(Stale() if self.used and not self._reading.begun else ConnectionBroken())
        if self.on_lost is not None:
            self.on_lost(self)
