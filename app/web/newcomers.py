"""New connections, a few in each turn of the loop.

The kernel hands over thousands at once, as after a restart. Shaking hands with all of them in one turn would take a
second or two, in which no poll of the keys comes through and nobody else is served.
"""

import asyncio
from collections import deque
from collections.abc import Callable

AT_ONCE = 20
"""Ten milliseconds of work, where each of them opens a socket."""


class Newcomers:
    """One per server."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = self._left = at_once
        self._waiting: deque[Callable[[], None]] = deque()
        self._counting = False

    def enter(self) -> bool:
        """Whether somebody may begin in this turn of the loop. If not, see `wait`."""
        if not self._left:
            return False
        self._left -= 1
        if not self._counting:
            self._counting = True
            asyncio.get_running_loop().call_soon(self._next_turn)
        return True

    def wait(self, begin: Callable[[], None]) -> None:
        """Calls `begin` in a later turn, in the order of the calls."""
        self._waiting.append(begin)

    def _next_turn(self) -> None:
        entered = self._at_once - self._left
        self._left = self._at_once
        try:
            while self._left and self._waiting:
                self._left -= 1
                self._waiting.popleft()()
        finally:  # one that fails does not keep the others
            self._counting = entered > 0 or self._left < self._at_once
            if self._counting:
                asyncio.get_running_loop().call_soon(self._next_turn)
