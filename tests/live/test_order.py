"""Whatever writers and readers do at once: who follows is brought what the table holds, once each, in its order."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from app.api.streams import Stream
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.doorbell import Doorbell
from app.core.errors import Unavailable
from app.domains.events.cursors import Place
from app.domains.events.service import read_events, record_event
from app.domains.events.topics import Topic
from app.live.errors import ShuttingDown
from tests.live.support import CURSORS, NO_VALKEY, Platform, ended, platform, shown, until
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_school
from tests.support.factories.students import make_student
from tests.support.valkey import Valkey, own_valkey

WRITERS = 4
TRANSACTIONS = 25


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with own_valkey() as started:
        yield started


@dataclass
class Reader:
    """Follows a school's log through whatever streams it is given: `seen` holds positions, `start` where it began."""

    actor: Actor
    start: Place | None = None
    seen: list[int] = field(default_factory=list)
    reached: Place | None = None

    async def follow(self, stream: Stream, until: int | None = None) -> None:
        """Until it has reached the position `until`, the stream ends, or it is stopped."""
        while frames := await stream.take():
            for frame in frames:
                self._look_at(shown(frame.payload))
            if until is not None and self.position >= until:
                return

    async def follow_in_pieces(self, live: Platform, chance: random.Random, done: asyncio.Event) -> None:
        """Goes away now and then, and comes back with the last cursor, until everything is written."""
        while not done.is_set():
            stream = await live.subscribe(self.actor, after=self.cursor)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(chance.random() * 0.3):
                    await self.follow(stream)
            await stream.close()

    @property
    def position(self) -> int:
        return self.reached.position if self.reached else 0

    @property
    def cursor(self) -> str | None:
        place = self.reached or self.start
        return CURSORS.write(self.actor.school_id, place) if place else None

    def _look_at(self, envelope: dict[str, Any]) -> None:
        self.reached = CURSORS.read(self.actor.school_id, envelope["cursor"])
        self.start = self.start or self.reached
        if envelope["__typename"] == "Event":
            self.seen.append(self.reached.position)


async def write(database: Database, actor: Actor, chance: random.Random) -> None:
    """Transactions of some events each, of which some break off."""
    for _ in range(TRANSACTIONS):
        with contextlib.suppress(LookupError):
            async with database.transaction(Wall.app(actor.school_id)) as session:
                for _ in range(chance.randint(1, 4)):
                    record_event(session, Topic.WALLET_LOW, subject=uuid4(), facts={})
                if chance.random() < 0.25:
                    raise LookupError


@asynccontextmanager
async def held_open(database: Database, actor: Actor) -> AsyncIterator[None]:
    """Writes while a transaction that began before and has written already is still open; it commits after them."""
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await make_student(session, actor.school_id)
        record_event(session, Topic.WALLET_LOW, subject=uuid4(), facts={})
        await session.flush()
        yield


async def table(database: Database, actor: Actor) -> list[int]:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        return [event.position for event in await read_events(session, 0, 100_000)]


@asynccontextmanager
async def written(
    database_url: str, redis_url: str, clock: FixedClock
) -> AsyncIterator[tuple[Database, Platform, Actor]]:
    async with (
        Doorbell(redis_url) as doorbell,
        Database(database_url, announce=doorbell.ring) as database,
        platform(database, clock, redis_url) as live,
    ):
        actor = await live.let_in(await make_school(database))
        yield database, live, actor


async def flush(valkey: Valkey) -> None:
    async with Redis.from_url(valkey.url) as redis:
        await redis.flushall()


async def kill(valkey: Valkey) -> None:
    valkey.process.kill()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("happens", [flush, kill, None], ids=["flushed", "killed", "never there"])
async def test_readers_are_brought_exactly_the_table(
    database_url: str, valkey: Valkey, clock: FixedClock, seed: int, happens: Callable[[Valkey], Awaitable[None]] | None
) -> None:
    """Whatever happens to Valkey while they are written."""
    chance, done = random.Random(seed), asyncio.Event()
    async with written(database_url, valkey.url if happens else NO_VALKEY, clock) as (database, live, actor):
        staying, wandering, late = Reader(actor), Reader(actor), Reader(actor, Place(1, 0))
        tasks = [asyncio.create_task(staying.follow(await live.subscribe(actor)))]
        coming_and_going = asyncio.create_task(wandering.follow_in_pieces(live, chance, done))
        async with held_open(database, actor):
            writers = [asyncio.create_task(write(database, actor, chance)) for _ in range(WRITERS)]
            await asyncio.wait(writers, return_when=asyncio.FIRST_COMPLETED)
            tasks.append(asyncio.create_task(late.follow(await live.subscribe(actor, after=late.cursor))))
            if happens is not None:
                await happens(valkey)
            await asyncio.gather(*writers)
        done.set()
        await coming_and_going
        expected = await table(database, actor)
        assert expected == list(range(1, len(expected) + 1))
        await wandering.follow(await live.subscribe(actor, after=wandering.cursor), until=expected[-1])
        await until(lambda: {staying.position, late.position} == {expected[-1]})
        for reader in (staying, wandering, late):
            assert reader.start is not None
            assert reader.seen == expected[reader.start.position :]
        for task in tasks:
            task.cancel()


async def test_a_reader_goes_on_in_another_process(database_url: str, redis_url: str, clock: FixedClock) -> None:
    """The first one is stopped in the middle of a burst; its reader goes on at the second, after its last cursor."""
    async with written(database_url, redis_url, clock) as (database, second, actor):
        reader = Reader(actor, Place(1, 0))
        writers = [asyncio.create_task(write(database, actor, random.Random(7))) for _ in range(WRITERS)]
        async with platform(database, clock, redis_url) as first:
            stream = await first.subscribe(actor, after=reader.cursor)
            await reader.follow(stream, until=20)
            first.engine.shut_down()
            assert await stream.take() == ()
            assert reader.cursor == ended(stream, ShuttingDown)
            with pytest.raises(Unavailable):
                await first.subscribe(actor)
        await asyncio.gather(*writers)
        expected = await table(database, actor)
        await reader.follow(await second.subscribe(actor, after=reader.cursor), until=expected[-1])
        assert reader.seen == expected
