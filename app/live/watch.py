"""Hearing that the log of a school has grown: one listener for all the logs listened to, woken by the doorbell."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Self
from uuid import UUID

import structlog
from sqlalchemy import text

from app.core.database import Database, Wall
from app.core.doorbell import Doorbell
from app.core.tasks import end

log = structlog.get_logger(__name__)

_REACHED = text(
    "SELECT school_id, last_position, epoch FROM school_log WHERE school_id = ANY (CAST(:schools AS uuid[]))"
)
Told = Callable[[int, int | None], None]
"""Called with a position that the log is said to have reached: by a look at it, which knows the epoch too, or by a
hint, which does not. It must not wait."""


class Watch:
    """Between `start` and `stop` it listens. It asks the database only while somebody listens, once for them all."""

    def __init__(self, database: Database, doorbell: Doorbell) -> None:
        self._database = database
        self._doorbell = doorbell
        self._listening: defaultdict[UUID, set[Told]] = defaultdict(set)
        self._waiting: set[asyncio.Future[bool]] = set()
        self._listener: asyncio.Task[None] | None = None
        self._leaving = False

    async def __aenter__(self) -> Self:
        self._listener = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._listener is not None
        await end([self._listener])
        self.leave()

    def leave(self) -> None:
        """The process stops: whoever waits for a log to grow is told at once that it has not, and who comes later too.

        Whoever is `listening` goes on until they are told otherwise.
        """
        self._leaving = True
        for grown in self._waiting:
            if not grown.done():
                grown.set_result(False)

    @contextmanager
    def listening(self, school_id: UUID, told: Told) -> Iterator[None]:
        """Within it, `told` hears of the school's log: at least once a second, and at once where Valkey works."""
        self._listening[school_id].add(told)
        try:
            yield
        finally:
            self._listening[school_id].discard(told)
            if not self._listening[school_id]:
                del self._listening[school_id]

    async def wait_past(self, school_id: UUID, position: int, seconds: float) -> bool:
        """As `LogWatch` has it."""
        if self._leaving:
            return False
        grown: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def told(reached: int, _: int | None) -> None:
            if reached > position and not grown.done():
                grown.set_result(True)

        self._waiting.add(grown)
        try:
            with self.listening(school_id, told), contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    return await grown
        finally:
            self._waiting.discard(grown)
        return False

    async def _listen(self) -> None:
        async for hint in self._doorbell.hints():
            if hint is not None:
                self._tell(hint.school_id, hint.position)
            elif self._listening:
                await self._look(list(self._listening))

    async def _look(self, schools: Collection[UUID]) -> None:
        try:
            async with self._database.transaction(Wall.worker()) as session:
                for row in await session.execute(_REACHED, {"schools": schools}):
                    self._tell(row.school_id, row.last_position, row.epoch)
        except Exception as error:  # whatever a dying server raises: the next look is in a second
            log.warning("log_not_watched", reason=type(error).__name__)

    def _tell(self, school_id: UUID, position: int, epoch: int | None = None) -> None:
        for told in list(self._listening.get(school_id, ())):
            told(position, epoch)
