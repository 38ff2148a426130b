"""One request, from the choice of a connection to its end."""

import asyncio
from dataclasses import dataclass

from app.core.outbound.answer import Answer
from app.core.outbound.connection import Connection, Done, Stale
from app.core.outbound.connector import Connector
from app.core.outbound.deadlines import Deadlines
from app.core.outbound.errors import CallFailed, CallTimedOut
from app.core.outbound.urls import Target


@dataclass(slots=True, eq=False)
class Call:
    """`done` is told its end once, `until` at the latest; nothing once it is cancelled.

    It is sent twice at most: a receiver that closed a kept connection may have read what it did not answer.
    """

    connector: Connector
    deadlines: Deadlines
    target: Target
    request: bytes
    done: Done
    seconds: float
    until: float
    """By the monotonic clock."""
    connection: Connection | None = None
    dialling: asyncio.Task[None] | None = None

    def begin(self) -> None:
        connection = self.connector.at_hand(self.target)
        if connection is None:
            self.dialling = asyncio.create_task(self._dial(kept=True))
        else:
            self._go(connection)

    def cancel(self) -> None:
        """Ends it, if it has not ended; the connection with it."""
        if self.deadlines.remove(self):
            self._drop()

    def late(self) -> None:
        failure = CallTimedOut(seconds=self.seconds)
        failure.address = None if self.connection is None else self.connection.address
        self._drop()
        self.done(failure)

    async def _dial(self, *, kept: bool) -> None:
        try:
            connection = await self.connector.find(self.target, self.until, kept=kept)
        except Exception as failure:  # a CallFailed, or what nobody foresaw: either is how it ended
            self._tell(failure)
            return
        if self in self.deadlines:
            self._go(connection)
        else:
            connection.abort()  # cancelled just when it was there

    def _go(self, connection: Connection) -> None:
        self.connection = connection
        connection.start(self.request, self._came)

    def _came(self, end: Answer | Exception) -> None:
        connection = self.connection
        assert connection is not None
        if isinstance(end, Answer):
            self.connector.give(self.target, connection)
        elif isinstance(end, Stale):
            self.connection = None
            self.dialling = asyncio.create_task(self._dial(kept=False))
            return
        elif isinstance(end, CallFailed):
            end.address = connection.address
        self._tell(end)

    def _tell(self, end: Answer | Exception) -> None:
        if self.deadlines.remove(self):
            self.done(end)

    def _drop(self) -> None:
        if self.connection is not None:
            self.connection.abort()
        if self.dialling is not None:
            self.dialling.cancel()
