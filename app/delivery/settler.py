"""Results, gathered for a moment and written in one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

import structlog

from app.core.database import Database
from app.delivery.options import Options
from app.delivery.patience import Patience
from app.domains.webhooks.leases import Result
from app.domains.webhooks.recording import Recorded, record
from app.domains.webhooks.succeeding import record_successes

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 1_000


class Settler:
    """`done` hears of each transaction. What cannot be written now is kept and tried again; while `behind`, whoever
    claims waits.
    """

    def __init__(
        self, database: Database, options: Options, done: Callable[[Sequence[Result], Recorded], None]
    ) -> None:
        self._database = database
        self._options = options
        self._done = done
        self._results: list[Result] = []
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def behind(self) -> bool:
        return len(self._results) >= self._options.unsettled

    def put(self, result: Result) -> None:
        self._results.append(result)
        if not self._some.is_set():
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

    async def _write(self, results: list[Result]) -> None:
        batch, again = _apart(results)
        written = await record_successes(self._database, batch)
        self._results[: len(results)] = [*written.undecided, *again]
        self._tell(written.results, written.recorded)
        if written.undecided:
            recorded = await record(self._database, written.undecided, self._options.schedule)
            del self._results[: len(written.undecided)]
            self._tell(written.undecided, recorded)
        if not self._results:
            self._some.clear()
            self._idle.set()

    def _tell(self, results: Sequence[Result], recorded: Recorded) -> None:
        if recorded.settled < len(results):
            log.warning("leases_lost", count=len(results) - recorded.settled)
        if results:
            self._done(results, recorded)


def _apart(results: list[Result]) -> tuple[list[Result], list[Result]]:
    """The first result of each delivery, and the others.

    A crash of the server may take back a lease whose request was answered: the same attempt is then made once more, and
    both results may wait here. In one statement they would refuse each other for ever.
    """
    first: dict[tuple[UUID, UUID, int], Result] = {}
    again = [
        each
        for each in results
        if first.setdefault((each.lease.endpoint_id, each.lease.event_id, each.lease.replay), each) is not each
    ]
    return list(first.values()), again
