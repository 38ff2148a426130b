"""Reading the growing logs: each school that has listeners is read once in a process, whoever listens.

A listener is told of consecutive stretches, gapless from the place that `join` returned. A hole is a fault that ends
the listeners, never passed over.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Protocol, Self
from uuid import UUID

import structlog

from app.core.database import Database, Wall
from app.core.errors import SkoolyError
from app.core.tasks import end
from app.domains.events.cursors import Place
from app.domains.events.errors import LogError
from app.domains.events.reading import Stretch, log_state, read_stretch
from app.domains.events.tables import Event
from app.live.watch import Watch

STRETCH = 200
"""Events read at once: between two stretches, everybody gets a turn."""
REMEMBERED = 1_000
"""Newest events of a school kept in memory: who comes back soon, or fell behind a little, needs no database."""
READING_AT_ONCE = 3
"""Of the tails, and as many again of those who catch up: requests need connections too."""

log = structlog.get_logger(__name__)


class Listener(Protocol):
    """Neither may wait, or raise."""

    def hear(self, events: Sequence[Event], place: Place) -> None:
        """The next events, none left out, and the place after them."""
        ...

    def end(self, failure: SkoolyError) -> None:
        """The log does not go on: LogGap after a restore, LogBroken. It is not told of anything any more."""
        ...


class Tail:
    """The log of one school, as far as its listeners have heard it: up to `place`."""

    def __init__(self, school_id: UUID) -> None:
        self.school_id = school_id
        self.listeners: set[Listener] = set()
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.place = Place(0, 0)
        self.rung = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self._recent: deque[Event] = deque(maxlen=REMEMBERED)

    def told(self, position: int, epoch: int | None) -> None:
        """Also of a smaller position, or of another epoch: then the log is perhaps not the one that was read."""
        if position != self.place.position or epoch not in (None, self.place.epoch):
            self.rung.set()

    def go_on(self, stretch: Stretch) -> None:
        self.place = stretch.place
        self._recent.extend(stretch.events)
        if not stretch.events:
            return
        for listener in list(self.listeners):
            listener.hear(stretch.events, stretch.place)

    def end(self, failure: SkoolyError) -> None:
        listeners, self.listeners = self.listeners, set()
        for listener in listeners:
            listener.end(failure)

    def remembered(self, after: Place, most: int) -> Stretch | None:
        """What was heard after a place, where that is known without asking."""
        behind = self.place.position - after.position
        if after.epoch != self.place.epoch or not 0 <= behind <= len(self._recent):
            return None
        first = len(self._recent) - behind
        events = [self._recent[place] for place in range(first, min(first + most, len(self._recent)))]
        return Stretch(events, Place(after.epoch, after.position + len(events)), len(events) < behind)


class Tailer:
    """One per process, used as a context."""

    def __init__(self, database: Database, watch: Watch) -> None:
        self._database = database
        self._watch = watch
        self._tails: dict[UUID, Tail] = {}
        self._tailing = asyncio.Semaphore(READING_AT_ONCE)
        self._catching_up = asyncio.Semaphore(READING_AT_ONCE)
        self._readings: dict[tuple[UUID, Place, int], asyncio.Task[Stretch]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [tail.task for tail in self._tails.values() if tail.task is not None]
        self._tails.clear()
        await end([*tasks, *self._readings.values()])

    @property
    def schools(self) -> set[UUID]:
        """Those whose logs are read."""
        return set(self._tails)

    async def join(self, school_id: UUID, listener: Listener) -> Place:
        """The place from which on the listener hears everything; joining again says where that has got to.

        Raises LogNotOpened, or what the database raises.
        """
        tail = self._tails.get(school_id)
        if tail is None:
            tail = self._tails[school_id] = Tail(school_id)
            tail.task = asyncio.create_task(self._follow(tail))
        tail.listeners.add(listener)
        await asyncio.shield(tail.begun)
        return tail.place

    def leave(self, school_id: UUID, listener: Listener) -> None:
        """Nobody's log is not read."""
        tail = self._tails.get(school_id)
        if tail is None:
            return
        tail.listeners.discard(listener)
        if not tail.listeners:
            self._forget(tail)

    async def read(self, school_id: UUID, after: Place, most: int = STRETCH) -> Stretch:
        """For who catches up: as `read_stretch`, in a short transaction or in none.

        Who comes back from the same place while that is read is given the same: after a restart that is nearly all.
        """
        remembered = self._remembered(school_id, after, most)
        if remembered is not None:
            return remembered
        asked = (school_id, after, most)
        reading = self._readings.get(asked)
        if reading is None:
            reading = self._readings[asked] = asyncio.create_task(self._catch_up(school_id, after, most))
            reading.add_done_callback(lambda done: self._has_read(asked, done))
        return await asyncio.shield(reading)

    def _remembered(self, school_id: UUID, after: Place, most: int) -> Stretch | None:
        tail = self._tails.get(school_id)
        return None if tail is None else tail.remembered(after, most)

    def _has_read(self, asked: tuple[UUID, Place, int], reading: asyncio.Task[Stretch]) -> None:
        del self._readings[asked]
        if not reading.cancelled():
            reading.exception()  # whoever waits is told it; perhaps nobody does any more

    async def _catch_up(self, school_id: UUID, after: Place, most: int) -> Stretch:
        async with self._catching_up:
            remembered = self._remembered(school_id, after, most)
            return remembered or await self._stretch(school_id, after, most)

    async def _stretch(self, school_id: UUID, after: Place, most: int) -> Stretch:
        async with self._database.transaction(Wall.app(school_id)) as session:
            return await read_stretch(session, after, most)

    async def _follow(self, tail: Tail) -> None:
        with self._watch.listening(tail.school_id, tail.told):
            if not await self._begin(tail):
                return
            while self._tails.get(tail.school_id) is tail:
                await tail.rung.wait()
                tail.rung.clear()
                try:
                    await self._read_on(tail)
                except LogError as failure:
                    log.error("log_does_not_go_on", school_id=str(tail.school_id), code=failure.code)
                    self._forget(tail)
                    tail.end(failure)
                    return
                except Exception as error:  # the next look rings again, within a second
                    log.warning("log_not_read", school_id=str(tail.school_id), reason=type(error).__name__)

    async def _begin(self, tail: Tail) -> bool:
        try:
            async with self._tailing, self._database.transaction(Wall.app(tail.school_id)) as session:
                tail.place = (await log_state(session)).last
        except Exception as error:
            self._forget(tail)
            if tail.listeners:
                tail.begun.set_exception(error)
            return False
        tail.begun.set_result(None)
        return True

    async def _read_on(self, tail: Tail) -> None:
        """Raises LogGap and LogBroken."""
        more = True
        while more:
            async with self._tailing:
                stretch = await self._stretch(tail.school_id, tail.place, STRETCH)
            more = stretch.more
            tail.go_on(stretch)
            await asyncio.sleep(0)

    def _forget(self, tail: Tail) -> None:
        if self._tails.get(tail.school_id) is tail:
            del self._tails[tail.school_id]
        if tail.task is not None and tail.task is not asyncio.current_task():
            tail.task.cancel()
