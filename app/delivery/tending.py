"""What nobody rings for: leases and keys that ran out, endpoints that stopped or failed too long, latecomers."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from app.core.database import Database
from app.delivery.metrics import DeliveryMetrics
from app.delivery.options import Options
from app.delivery.patience import Patience
from app.domains.webhooks.fanning import backfill
from app.domains.webhooks.measuring import measure
from app.domains.webhooks.mending import mend_turns
from app.domains.webhooks.sweeping import disable_failing, end_access, follow_modes, give_up_lost

log = structlog.get_logger(__name__)


class Tender:
    """Every worker tends to everything, once a second; rows that another one holds are skipped."""

    def __init__(
        self, database: Database, options: Options, metrics: DeliveryMetrics, wake: Callable[[], None]
    ) -> None:
        self._database = database
        self._options = options
        self._metrics = metrics
        self._wake = wake
        self._keys_seen: datetime | None = None

    async def run(self, leaving: asyncio.Event) -> None:
        patience = Patience("tending")
        turn = 0
        measure_every, mend_every = (
            max(1, round(seconds / self._options.look_every))
            for seconds in (self._options.measure_every, self._options.mend_every)
        )
        while not leaving.is_set():
            async with patience:
                await self._tend()
                if turn % mend_every == 0:
                    await self._mend()
                if turn % measure_every == 0:
                    self._metrics.measured(await measure(self._database))
                turn += 1
            await pause(leaving, self._options.look_every)

    async def _tend(self) -> None:
        lost = await give_up_lost(self._database, self._options.schedule)
        if lost:
            log.warning("attempts_lost", count=lost)
        self._keys_seen = await end_access(self._database, self._keys_seen)
        for endpoint in await disable_failing(self._database):
            log.warning("endpoint_disabled", endpoint=endpoint)
        moved = await follow_modes(self._database)
        expanded = await backfill(self._database)
        if lost or moved or expanded.deliveries:
            self._wake()

    async def _mend(self) -> None:
        mended = await mend_turns(self._database)
        if mended:
            log.warning("webhook_turns_mended", count=mended)
            self._wake()


async def pause(ends: asyncio.Event, seconds: float) -> None:
    """Returns after that long, or as soon as the event is set."""
    try:
        async with asyncio.timeout(seconds):
            await ends.wait()
    except TimeoutError:
        return
