"""Many come at once: they share what can be shared, wait where they have to, and are in nobody's way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.database import Database, RawConnection, Wall
from app.core.errors import SkoolyError, Unavailable
from app.domains.partners.errors import KeyRevoked
from app.domains.partners.service import revoke_key
from app.domains.partners.tables import School
from app.live.turns import Turns
from tests.live.support import ended, happen, names_in, platform, take_events, take_until, until
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_school

MANY = 40


class Busy(Database):
    """While it is not `free`, requests wait for a connection; `read` counts transactions of a school."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.free = asyncio.Event()
        self.free.set()
        self.waiting = self.read = 0

    @asynccontextmanager
    async def raw(self, wall: Wall) -> AsyncIterator[RawConnection]:
        self.waiting += 1
        await self.free.wait()
        self.waiting -= 1
        async with super().raw(wall) as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self, wall: Wall) -> AsyncIterator[AsyncSession]:
        self.read += wall.role == "skooly_app"
        async with super().transaction(wall) as session:
            yield session


class Mute(Database):
    """Writes no audit of openings."""

    async def fetch(self, statement: str, *args: Any) -> list[asyncpg.Record]:
        raise Unavailable


@pytest.fixture
async def busy(database_url: str) -> AsyncIterator[Busy]:
    async with Busy(database_url) as busy:
        yield busy


async def opened_rows(database: Database, actor: Actor) -> list[asyncpg.Record]:
    async with database.raw(Wall.app(actor.school_id)) as connection:
        return await connection.fetch(
            "SELECT school_id, partner_id, key_id, operation, channel, subjects FROM audit_entry WHERE key_id = $1",
            actor.key_id,
        )


async def test_each_stream_of_a_rush_is_audited_under_its_own_key(
    database: Database, clock: FixedClock, redis_url: str
) -> None:
    async with platform(database, clock, redis_url, turns=Turns(at_once=20)) as live:
        actors = [
            await live.let_in(school, preset)
            for school in (await make_school(database), await make_school(database))
            for preset in ("core", "annuaire")
        ]
        streams = await asyncio.gather(*(live.subscribe(actor) for actor in actors * 10))
        assert live.engine.open_streams == 40
        for actor in actors:
            expected = (actor.school_id, actor.partner_id, actor.key_id, "events", "graphql", [])
            assert [tuple(row) for row in await opened_rows(database, actor)] == [expected] * 10
        for school_id in {actor.school_id for actor in actors}:
            await happen(database, school_id, f"of {school_id}")
        for stream, actor in zip(streams, actors * 10, strict=True):
            if actor.partner_name == "core":
                assert names_in(await take_events(stream, 1)) == [f"of {actor.school_id}"]


async def test_no_stream_is_given_where_its_opening_cannot_be_written(
    database_url: str, database: Database, clock: FixedClock, redis_url: str, school: School
) -> None:
    async with Mute(database_url) as mute, platform(mute, clock, redis_url) as live:
        core = await live.let_in(school)
        refusals = await asyncio.gather(*(live.subscribe(core) for _ in range(5)), return_exceptions=True)
        assert [type(each) for each in refusals] == [Unavailable] * 5
        assert live.engine.open_streams == 0


async def test_who_comes_back_from_the_same_place_is_read_to_once(
    busy: Busy, clock: FixedClock, redis_url: str, school: School
) -> None:
    async with platform(busy, clock, redis_url) as before:
        core = await before.let_in(school)
        [checkpoint] = await take_until(await before.subscribe(core), bool)
    names = [f"{number}" for number in range(30)]
    await happen(busy, school.id, *names)
    async with platform(busy, clock, redis_url, turns=Turns(at_once=MANY)) as live:
        streams = [await live.subscribe(core, after=checkpoint["cursor"]) for _ in range(MANY)]
        already = busy.read
        heard = await asyncio.gather(*(take_events(stream, len(names)) for stream in streams))
        assert [names_in(each) for each in heard] == [names] * MANY
        assert busy.read - already < MANY / 4
        await happen(busy, school.id, "more")
        heard = await asyncio.gather(*(take_events(stream, 1) for stream in streams))
        assert [names_in(each) for each in heard] == [["more"]] * MANY


async def test_a_revocation_is_heard_of_while_newcomers_wait(
    busy: Busy, database: Database, clock: FixedClock, redis_url: str, school: School
) -> None:
    """The connections of requests are all taken: that is a matter of the newcomers, not of who stays."""
    async with platform(busy, clock, redis_url) as live:
        staying, witness = await live.let_in(school), await live.let_in(school, partner="witness")
        comers = [await live.let_in(school, partner=f"p{number}") for number in range(10)]
        stream, other = await live.subscribe(staying), await live.subscribe(witness)
        busy.free.clear()
        coming = [asyncio.create_task(live.subscribe(actor)) for actor in comers]
        await until(lambda: busy.waiting > 0)
        async with database.transaction(Wall.app(school.id)) as session:
            for actor in (staying, comers[0]):
                await revoke_key(session, actor.key_id, clock)
        await until(lambda: stream.closing is not None)
        assert ended(stream, KeyRevoked)
        await happen(database, school.id, "for the witness")
        assert names_in(await take_events(other, 1)) == ["for the witness"]
        assert not any(task.done() for task in coming[1:])
        busy.free.set()
        came = await asyncio.gather(*coming, return_exceptions=True)
        assert isinstance(came[0], KeyRevoked)
        assert not any(isinstance(each, BaseException) for each in came[1:])


class Counting:
    """A guest that counts how often it was woken."""

    def __init__(self) -> None:
        self.woken = 0

    def end(self, failure: SkoolyError) -> None: ...

    def wake(self) -> None:
        self.woken += 1


async def test_nobody_is_woken_after_a_poll_who_did_not_wait_for_it(
    database: Database, clock: FixedClock, redis_url: str, school: School
) -> None:
    async with platform(database, clock, redis_url) as live:
        guard, guest, core = live.engine.guard, Counting(), await live.let_in(school)
        await guard.admit(core, guest)
        await until(guard.trusts)
        for _ in range(2):  # the first of them may be for a doubt of before
            woken = guest.woken
            await live.keyring.polled()
            await asyncio.sleep(0)
        assert guest.woken == woken
        await live.keyring.stop()
        await until(lambda: not guard.trusts())
        await live.keyring.start()
        await until(lambda: guest.woken == woken + 1)
