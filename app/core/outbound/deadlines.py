"""Many deadlines on one timer: one for each request costs more than all else that keeps it in time."""

import asyncio
import time
from typing import Protocol

TICK_SECONDS = 0.05


class Due(Protocol):
    until: float
    """By the monotonic clock."""

    def late(self) -> None: ...


class Deadlines:
    """What has not ended in time is told, at most a tick late. One for a loop."""

    def __init__(self, tick_seconds: float = TICK_SECONDS) -> None:
        self._tick_seconds = tick_seconds
        self._open: set[Due] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __contains__(self, each: Due) -> bool:
        return each in self._open

    def add(self, each: Due) -> None:
        """Its `late` is called once unless `remove` comes first."""
        self._open.add(each)
        if self._timer is None:
            self._look_later()

    def remove(self, each: Due) -> bool:
        """Whether it was in time."""
        if each not in self._open:
            return False
        self._open.remove(each)
        return True

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._tick_seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        now = time.monotonic()
        try:
            for each in [each for each in self._open if each.until <= now]:
                if self.remove(each):  # what was told before it may have ended it
                    each.late()
        finally:  # one that fails does not keep the others
            if self._open and self._timer is None:
                self._look_later()
