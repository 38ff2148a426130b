"""The clients that stay, sockets and event streams: how many a key has, and how they leave when the server does."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from app.core.actor import Actor
from app.web.errors import TooManyConnections

MOST_CONNECTIONS = 20
"""Of one key, in one process."""
RETRY_SECONDS = 5
LEAVE_SECONDS = 3.0
"""What running operations are given, once the server is told to stop."""


class Stayer(Protocol):
    async def leave(self, seconds: float) -> None:
        """The server stops: ends it, once what it is doing is done, at the latest in `seconds`."""
        ...


class Stayers:
    """One per process."""

    def __init__(self, most: int = MOST_CONNECTIONS) -> None:
        self._most = most
        self._present: set[Stayer] = set()
        self._by_key: Counter[str] = Counter()
        self._gone = asyncio.Event()
        self.leaving = False

    def __len__(self) -> int:
        return len(self._present)

    @contextmanager
    def present(self, stayer: Stayer) -> Iterator[None]:
        self._present.add(stayer)
        try:
            yield
        finally:
            self._present.discard(stayer)
            self._gone.set()

    def enter(self, actor: Actor) -> None:
        """Raises TooManyConnections; else `exit` has to follow."""
        if self._by_key[actor.key_id] >= self._most:
            raise TooManyConnections(maximum=self._most, seconds=RETRY_SECONDS)
        self._by_key[actor.key_id] += 1

    def exit(self, actor: Actor) -> None:
        self._by_key[actor.key_id] -= 1
        if not self._by_key[actor.key_id]:
            del self._by_key[actor.key_id]

    async def leave(self, seconds: float = LEAVE_SECONDS) -> None:
        """Ends all of them and returns once they are gone, or soon after `seconds`."""
        self.leaving = True
        await asyncio.gather(*(stayer.leave(seconds) for stayer in list(self._present)), return_exceptions=True)
        with_grace = asyncio.timeout(seconds)
        try:
            async with with_grace:
                while self._present:
                    self._gone.clear()
                    await self._gone.wait()
        except TimeoutError:
            return
