"""What the loops do when a server goes away: say so, wait a little, longer each time, and go on."""

import asyncio
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import exc as sqlalchemy_errors

from app.core.database import FAILURES
from app.core.errors import Unavailable

log = structlog.get_logger(__name__)

TRANSIENT = (
    *FAILURES,
    Unavailable,
    sqlalchemy_errors.TimeoutError,  # no connection of the pool came free in time
)
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


class Patience:
    """`async with patience:` around one turn of a loop: a failure of PostgreSQL ends the turn, not the loop."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._pause = FIRST_PAUSE

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        if error is None:
            self._pause = FIRST_PAUSE
            return False
        if not isinstance(_cause(error), TRANSIENT):
            return False
        log.warning("delivery_delayed", doing=self._doing, exc_info=error)
        await asyncio.sleep(self._pause)
        self._pause = min(LONGEST_PAUSE, self._pause * 2)
        return True


def _cause(error: BaseException) -> BaseException | None:
    """What the driver raised, where a session has wrapped it."""
    if isinstance(error, sqlalchemy_errors.DBAPIError) and error.orig is not None:
        return error.orig.__cause__
    return error
