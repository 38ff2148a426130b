"""Taking turns: where many come at once, a few at a time are let in, and the others wait in the order they came.

What letting somebody in costs is paid in small pieces then, between which everybody else is served: the poll of the
keys, who is connected already, requests. Whatever is batched is batched for as many.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.core.errors import Unavailable

AT_ONCE = 50
WAIT_SECONDS = 30.0
"""Ten thousand and more are let in within this time. Who has waited for longer comes back later."""


class Turns:
    """`seconds` None: whoever waits does so until it is their turn."""

    def __init__(self, at_once: int = AT_ONCE, seconds: float | None = WAIT_SECONDS) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._seconds = seconds

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Within it, it is the caller's turn. Raises Unavailable where it does not come in time."""
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable from None
