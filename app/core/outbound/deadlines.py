"""Many deadlines on one timer: one for each request costs more than all else that keeps it in time."""

import asyncio
from collections.abc import Callable, Hashable

TICK_SECONDS = 0.05


class Deadlines:
    """What has not ended in time is told, at most a tick late. One for a loop."""

    def __init__(self, tick_seconds: float = TICK_SECONDS) -> None:
        self._tick_seconds = tick_seconds
        self._open: dict[Hashable, tuple[float, Callable[[], object]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def set(self, key: Hashable, seconds: float, late: Callable[[], object]) -> None:
        """`late` is called once unless `clear` comes first."""
        loop = asyncio.get_running_loop()
        self._open[key] = loop.time() + seconds, late
        if self._timer is None:
            self._timer = loop.call_later(self._tick_seconds, self._look)

    def clear(self, key: Hashable) -> bool:
        """Whether it was in time."""
        return self._open.pop(key, None) is not None

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for key, (at, late) in list(self._open.items()):
            if at <= now:
                del self._open[key]
                late()
        self._timer = loop.call_later(self._tick_seconds, self._look) if self._open else None
