"""The loop of a worker. PostgreSQL says what there is to do; hints only make it look sooner.

Six parts that wait for nothing but their own work: hearing hints, expanding the log and beginning what has just
happened, claiming what is due, settling what came back, tending to what nobody else does, and giving up what never
comes back. Requests go on beside them.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

import structlog

from app.core.database import Database
from app.core.doorbell import Doorbell
from app.core.tasks import end
from app.delivery.metrics import DeliveryMetrics
from app.delivery.options import Options
from app.delivery.patience import Patience
from app.delivery.sending import attempt, give_back
from app.delivery.settler import Settler
from app.delivery.tending import Tender, pause
from app.delivery.window import Window
from app.domains.webhooks.claiming import Claimed, Leased, lease, recognise
from app.domains.webhooks.endpoints import Known, Unseal
from app.domains.webhooks.fanning import expand, expand_little
from app.domains.webhooks.leases import Result
from app.domains.webhooks.outcomes import Cancellable, Kind, Outcome, Sender
from app.domains.webhooks.recording import Recorded

log = structlog.get_logger(__name__)

RETURN_SECONDS = 4.0
"""To write down what was cut off."""
OVERTIME = 0.3
"""Seconds after its timeout at which a request that has not come back is given up, whatever its sender does."""


class Drain:
    """One for a process. `run` returns when it is told to stop and everything under way is settled or given back."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        doorbell: Doorbell,
        unseal: Unseal,
        options: Options | None = None,
        metrics: DeliveryMetrics | None = None,
    ) -> None:
        self._database = database
        self._sender = sender
        self._doorbell = doorbell
        self._options = options or Options()
        self._metrics = metrics or DeliveryMetrics()
        self._known = Known(unseal)
        self._window = Window(self._options)
        self._settler = Settler(database, self._options, self._after_settling)
        self._grown: set[UUID] = set()
        self._everywhere = True
        self._full = False
        """Whether something may be due that there was no place for."""
        self._quickly = max(1, self._options.places // 4)
        """Places for what has just happened, at once: a claim beside it fills the others."""
        self._enough = min(self._options.refill, self._quickly)
        self._claiming = False
        self._look = asyncio.Event()
        self._due = asyncio.Event()
        self._leaving = asyncio.Event()
        self._requests: dict[Claimed, Cancellable] = {}
        self._none_left = asyncio.Event()
        self._tender = Tender(database, self._options, self._metrics, wake=self._due.set)

    async def run(self, stop: asyncio.Event) -> None:
        """Raises what a part did not foresee, after giving back what is under way."""
        parts = [asyncio.create_task(part) for part in self._parts()]
        told = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([*parts, told], return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()
            await self._leave(parts)
        for part in parts:
            if part.done() and not part.cancelled() and (error := part.exception()) is not None:
                raise error

    def _parts(self) -> list[Coroutine[Any, Any, None]]:
        return [
            self._settler.run(),
            self._listen(),
            self._until_leaving("expanding", self._look, self._expand),
            self._until_leaving("claiming", self._due, self._claim),
            self._tender.run(self._leaving),
            self._give_up_overdue(),
        ]

    async def _until_leaving(
        self, doing: str, bell: asyncio.Event, step: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        patience = Patience(doing)
        while not self._leaving.is_set():
            await bell.wait()
            bell.clear()
            async with patience:
                await step()

    async def _listen(self) -> None:
        async for hint in self._doorbell.hints():
            if hint is None:
                self._everywhere = True
                self._due.set()
            else:
                self._grown.add(hint.school_id)
            self._look.set()

    async def _expand(self) -> None:
        schools = None if self._everywhere else list(self._grown)
        self._everywhere = False
        self._grown.clear()
        if await self._expand_little(schools):
            chunk = await expand(self._database, schools)
            self._expanded(chunk.deliveries, waiting=chunk.deliveries, more=chunk.more)

    async def _expand_little(self, schools: Sequence[UUID] | None) -> bool:
        """Begins what there is a place for at once. Returns whether a school is far behind."""
        with self._window.offering(self._spare) as room:
            little = await expand_little(self._database, schools, room, self._window.suspects())
            self._expanded(little.deliveries, waiting=little.waiting, more=little.more)
            await self._begin(little.leased)
        if self._full:
            self._refill()
        return little.far

    def _expanded(self, deliveries: int, *, waiting: int, more: bool) -> None:
        self._metrics.expanded(deliveries)
        if waiting:
            self._due.set()
        if more:
            self._everywhere = True
            self._look.set()

    @property
    def _spare(self) -> int:
        """Places that nothing waits for, as far as is known. A claim that is under way has counted on all there are."""
        return 0 if self._claiming or self._full or self._stopped else self._quickly

    @property
    def _stopped(self) -> bool:
        """Whether nothing more is leased for now."""
        return self._leaving.is_set() or self._settler.behind

    async def _claim(self) -> None:
        room = self._window.room()
        self._full = not room.places
        if self._stopped or not (room.places or room.slow):
            return
        self._claiming = True
        try:
            leased = await lease(self._database, room, self._window.suspects())
            await self._begin(leased)
        finally:
            self._claiming = False
        self._full |= leased.more
        if self._full:
            self._refill()

    def _refill(self) -> None:
        """Claims more of what waits for places as soon as enough of them are free."""
        if self._window.free >= self._enough:
            self._due.set()

    async def _begin(self, leased: Leased) -> None:
        claimed = await self._recognise(leased)
        self._window.enter(*claimed)
        self._requests.update(zip(claimed, attempt(self._sender, claimed, self._ended), strict=True))

    async def _recognise(self, leased: Leased) -> list[Claimed]:
        try:
            return await recognise(self._database, self._known, leased)
        except BaseException:
            for each in give_back(leased):
                self._settler.put(each)
            raise

    def _ended(self, claimed: Claimed, outcome: Outcome) -> None:
        if self._requests.pop(claimed, None) is None:
            return  # its sender has told before
        self._window.leave(claimed)
        self._settler.put(Result(claimed, outcome))
        if self._full:
            self._refill()
        if self._leaving.is_set() and not self._requests:
            self._none_left.set()

    def _cut_off(self, claimed: Claimed, kind: Kind) -> None:
        self._requests[claimed].cancel()
        self._ended(claimed, Outcome(kind, int(self._window.seconds_of(claimed) * 1000)))

    async def _give_up_overdue(self) -> None:
        """Its sender has lost it. Its place would be lost too."""
        while not self._leaving.is_set():
            await pause(self._leaving, OVERTIME)
            for claimed in self._window.overdue(OVERTIME):
                log.error("request_overdue", endpoint=claimed.target.endpoint_id)
                self._cut_off(claimed, Kind.TIMEOUT)

    def _after_settling(self, results: Sequence[Result], recorded: Recorded) -> None:
        self._metrics.settled(results, recorded)
        for endpoint, breaker in recorded.turned.items():
            log.info("breaker_turned", endpoint=endpoint, breaker=breaker)
        if recorded.ready:
            self._due.set()

    async def _leave(self, parts: list[asyncio.Task[None]]) -> None:
        """No more claims; requests under way get their grace; the rest is cut off and given back at once."""
        settling, listening, *others = parts
        self._leaving.set()
        self._look.set()
        self._due.set()
        listening.cancel()
        await asyncio.wait(others, timeout=RETURN_SECONDS)
        if self._requests:
            self._none_left.clear()  # it may have been so for a moment, before the last claim came
            await pause(self._none_left, self._options.grace)
        await end(others)
        for claimed in list(self._requests):
            self._cut_off(claimed, Kind.INTERRUPTED)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._settler.settled(), RETURN_SECONDS)
        await end([settling, listening])
