"""One connection to a vetted address, carrying one request at a time."""

import asyncio
from collections.abc import Callable
from typing import cast

from app.core.outbound.addresses import Address
from app.core.outbound.answer import Answer, Reading
from app.core.outbound.errors import CallFailed, ConnectionBroken

Done = Callable[[Answer | Exception], None]
"""Hears once how a request ended: an answer, a CallFailed, or what nobody foresaw."""


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
        self._done: Done | None = None

    def start(self, request: bytes, done: Done) -> None:
        """Whoever asked is told later, never before this returns: an answer, or ConnectionBroken, Stale,
        AnswerUnreadable, HeadTooLarge. Nobody is told after `abort`.
        """
        if self._transport is None or not self.open:
            asyncio.get_running_loop().call_soon(done, Stale() if self.used else ConnectionBroken())
            return
        if self.used:
            self._reading.begin()
        self._done = done
        self._transport.write(request)

    def abort(self) -> None:
        """At once: closing politely would wait for a peer that may never read."""
        self.open = False
        self._done = None
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.open = True

    def data_received(self, data: bytes) -> None:
        if self._done is None:
            self.abort()  # nobody asked
            return
        end: Answer | CallFailed | None
        try:
            end = self._reading.feed(data)
        except CallFailed as failure:
            end = failure
        if end is not None:
            self._end(self._done, end)

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        if self._done is not None:
            answer = self._reading.end() if error is None else None
            broken = Stale if self.used and not self._reading.begun else ConnectionBroken
            self._end(self._done, answer or broken())
        if self.on_lost is not None:
            self.on_lost(self)

    def _end(self, done: Done, end: Answer | Exception) -> None:
        self.used, self._done = True, None
        if not self._reading.reusable:
            self.abort()
        done(end)
