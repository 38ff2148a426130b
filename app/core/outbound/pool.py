"""Connections kept for the next request to the same place: as many as are worth it, for as long as is polite."""

import asyncio
import time
from collections.abc import Sequence

from app.core.outbound.addresses import Address
from app.core.outbound.connection import Connection

MOST = 2_048
MOST_OF_ONE = 64
IDLE_SECONDS = 20.0

Place = tuple[str, str, int]


class Pool:
    """Idle connections by place: (scheme, host, port). The one used last is used first."""

    def __init__(self, most: int = MOST, most_of_one: int = MOST_OF_ONE, idle_seconds: float = IDLE_SECONDS) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._idle_seconds = idle_seconds
        self._places: dict[Place, dict[Connection, None]] = {}
        self._idle: dict[Connection, tuple[Place, float]] = {}
        """By connection, the longest idle first: its place and since when, by the monotonic clock."""
        self._sweep: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._idle)

    def take(self, place: Place, addresses: Sequence[Address]) -> Connection | None:
        """One to any of the addresses that is still open, or None. Those to others are ended: the name has moved."""
        while kept := self._places.get(place):
            connection, _ = kept.popitem()
            connection.on_lost = None
            del self._idle[connection]
            if connection.address not in addresses:
                connection.abort()
            elif connection.open:
                return connection
        return None

    def give(self, place: Place, connection: Connection) -> None:
        """Keeps it, or closes it where the place has enough; the longest idle one of all makes room for it."""
        if not connection.open:
            return
        kept = self._places.get(place)
        if kept is None:
            kept = self._places[place] = {}
        if len(kept) >= self._most_of_one:
            connection.abort()
            return
        if len(self._idle) >= self._most:
            self._close(next(iter(self._idle)))
        kept[connection] = None
        self._idle[connection] = place, time.monotonic()
        connection.on_lost = self._forget
        if self._sweep is None:
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

    def _sweep_later(self) -> None:
        self._sweep = asyncio.get_running_loop().call_later(self._idle_seconds, self._close_idle)

    def _close_idle(self) -> None:
        self._sweep = None
        before = time.monotonic() - self._idle_seconds
        for connection, (_, since) in list(self._idle.items()):
            if since > before:
                break
            self._close(connection)
        self._places = {place: kept for place, kept in self._places.items() if kept}
        if self._idle:
            self._sweep_later()
