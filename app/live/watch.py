"""Waiting for the log of a school to grow: one reader of all the logs waited for, woken by the doorbell."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Collection
from typing import Self
from uuid import UUID

import structlog
from sqlalchemy import text

from app.core.database import Database, Wall
from app.core.doorbell import Doorbell
from app.core.errors import Unavailable

log = structlog.get_logger(__name__)

_REACHED = text("SELECT school_id, last_position FROM school_log WHERE school_id = ANY (CAST(:schools AS uuid[]))")


class Watch:
    """Between `start` and `stop` it listens. It asks the database only while somebody waits, once for them all."""

    def __init__(self, database: Database, doorbell: Doorbell) -> None:
        self._database = database
        self._doorbell = doorbell
        self._waiting: defaultdict[UUID, set[asyncio.Future[int]]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._listener = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._listener is not None
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)
        for futures in self._waiting.values():
            for future in futures:
                future.cancel()

    async def wait_past(self, school_id: UUID, position: int, seconds: float) -> bool:
        """As `LogWatch` has it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self._next(school_id) <= position:
                    pass
                return True
        return False

    async def _next(self, school_id: UUID) -> int:
        """The position that the school's log is next said to have reached."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[school_id].add(future)
        try:
            return await future
        finally:
            self._waiting[school_id].discard(future)
            if not self._waiting[school_id]:
                del self._waiting[school_id]

    async def _listen(self) -> None:
        async for hint in self._doorbell.hints():
            if hint is not None:
                self._tell(hint.school_id, hint.position)
            elif self._waiting:
                await self._look(list(self._waiting))

    async def _look(self, schools: Collection[UUID]) -> None:
        try:
            async with self._database.transaction(Wall.worker()) as session:
                for row in await session.execute(_REACHED, {"schools": schools}):
                    self._tell(row.school_id, row.last_position)
        except (Unavailable, OSError) as error:
            log.warning("log_not_watched", reason=type(error).__name__)

    def _tell(self, school_id: UUID, position: int) -> None:
        for future in self._waiting.get(school_id, ()):
            if not future.done():
                future.set_result(position)
