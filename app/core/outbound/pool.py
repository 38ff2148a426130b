"""Connections kept for the next request to the same place: as many as are worth it, for as long as is polite."""

import asyncio
from collections.abc import Hashable

from app.core.outbound.connection import Connection

MOST = 1_024
MOST_OF_ONE = 64
IDLE_SECONDS = 20.0


class Pool:
    """Idle connections by place: (scheme, host, port, vetted address). The one used last is used first."""

    def __init__(self, most: int = MOST, most_of_one: int = MOST_OF_ONE, idle_seconds: float = IDLE_SECONDS) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._idle_seconds = idle_seconds
        self._places: dict[Hashable, dict[Connection, None]] = {}
        self._idle: dict[Connection, tuple[Hashable, float]] = {}
        """By connection, the longest idle first: its place and since when."""
        self._sweep: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._idle)

    def take(self, place: Hashable) -> Connection | None:
        """None where there is none that is still open."""
        while place in self._places:
            connection = next(reversed(self._places[place]))
            self._forget(connection)
            if connection.open:
                return connection
        return None

    def give(self, place: Hashable, connection: Connection) -> None:
        """Keeps it, or closes it where the place has enough; the longest idle one of all makes room for it."""
        if not connection.open:
            return
        if len(self._places.get(place, ())) >= self._most_of_one:
            connection.abort()
            return
        if len(self._idle) >= self._most:
            self._close(next(iter(self._idle)))
        self._places.setdefault(place, {})[connection] = None
        self._idle[connection] = (place, asyncio.get_running_loop().time())
        connection.on_lost = self._forget
        self._sweep_later()

    def close(self) -> None:
        for connection in list(self._idle):
            self._close(connection)
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    def _close(self, connection: Connection) -> None:
        self._forget(connection)
        connection.abort()

    def _forget(self, connection: Connection) -> None:
        connection.on_lost = None
        place, _ = self._idle.pop(connection)
        del self._places[place][connection]
        if not self._places[place]:
            del self._places[place]

    def _sweep_later(self) -> None:
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(self._idle_seconds, self._close_idle)

    def _close_idle(self) -> None:
        self._sweep = None
        before = asyncio.get_running_loop().time() - self._idle_seconds
        for connection, (_, since) in list(self._idle.items()):
            if since > before:
                break
            self._close(connection)
        if self._idle:
            self._sweep_later()
