"""Results, gathered for a moment and written in one transaction."""

import asyncio
from collections.abc import Callable

import structlog

from app.core.database import Database
from app.delivery.options import Options
from app.delivery.patience import Patience
from app.domains.webhooks.recording import Recorded, Result, record

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 1_000


class Settler:
    """`done` hears of each transaction. What cannot be written now is kept and tried again; the window bounds it."""

    def __init__(self, database: Database, options: Options, done: Callable[[list[Result], Recorded], None]) -> None:
        self._database = database
        self._options = options
        self._done = done
        self._results: list[Result] = []
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, result: Result) -> None:
        self._results.append(result)
        self._idle.clear()
        self._some.set()

    async def settled(self) -> None:
        """Returns once everything that was put is written."""
        await self._idle.wait()

    async def run(self) -> None:
        patience = Patience("settling")
        while True:
            await self._some.wait()
            async with patience:
                await self._write(self._results[:MOST_AT_ONCE])
            await asyncio.sleep(self._options.settle_every)

    async def _write(self, batch: list[Result]) -> None:
        recorded = await record(self._database, batch)
        del self._results[: len(batch)]
        if not self._results:
            self._some.clear()
            self._idle.set()
        if recorded.settled < len(batch):
            log.warning("leases_lost", count=len(batch) - recorded.settled)
        self._done(batch, recorded)
