"""A stream lives no longer than its key, in whatever process, Valkey or not."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.errors import SkoolyError
from app.domains.partners.errors import KeyExpired, KeyRevoked
from app.domains.partners.service import revoke_key, rotate_key
from app.domains.partners.tables import School
from app.live.errors import KeyChanged
from tests.live.support import NO_VALKEY, PATIENCE, Platform, ended, happen, names_in, platform, take_events, until
from tests.support.clock import FixedClock
from tests.support.factories.partners import PEPPERS, make_school


@pytest.fixture
async def other(database: Database, clock: FixedClock) -> AsyncIterator[Platform]:
    """A second process; Valkey is down for it."""
    async with platform(database, clock, NO_VALKEY) as running:
        yield running


async def revoke(database: Database, actor: Actor, clock: FixedClock) -> None:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await revoke_key(session, actor.key_id, clock)


async def test_revoking_a_key_ends_its_streams_in_every_process(
    live: Platform, other: Platform, core: Actor, school: School, database: Database, clock: FixedClock
) -> None:
    streams = [await process.subscribe(core) for process in (live, other) for _ in range(2)]
    bystander = await other.subscribe(await live.let_in(school))
    await revoke(database, core, clock)
    await until(lambda: all(stream.closing for stream in streams))
    for stream in streams:
        assert ended(stream, KeyRevoked)
        assert await stream.take() == ()
    await happen(database, school.id, "a")
    assert names_in(await take_events(bystander, 1)) == ["a"]


async def test_a_key_revoked_since_it_was_let_in_gets_no_stream(
    live: Platform, core: Actor, database: Database, clock: FixedClock
) -> None:
    await revoke(database, core, clock)
    with pytest.raises(KeyRevoked):
        await live.subscribe(core)
    assert live.engine.open_streams == 0


async def test_a_stream_ends_when_its_key_expires(
    live: Platform, core: Actor, database: Database, clock: FixedClock
) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await rotate_key(session, core.key_id, PEPPERS, clock, grace_hours=1)
    clock.advance(timedelta(hours=1) - timedelta(milliseconds=50))
    stream = await live.subscribe(core)
    await until(lambda: stream.closing is not None)
    assert ended(stream, KeyExpired)
    clock.advance(timedelta(milliseconds=50))
    with pytest.raises(KeyExpired):
        await live.subscribe(core)


async def test_rotating_a_key_ends_the_streams_of_the_old_one_when_its_grace_is_over(
    live: Platform, core: Actor, database: Database, clock: FixedClock
) -> None:
    stream = await live.subscribe(core)
    almost = FixedClock(clock.now() - timedelta(hours=1) + timedelta(milliseconds=50))
    async with database.transaction(Wall.app(core.school_id)) as session:
        await rotate_key(session, core.key_id, PEPPERS, almost, grace_hours=1)
    await until(lambda: stream.closing is not None)
    assert ended(stream, KeyExpired)


async def test_a_key_that_may_do_something_else_now_begins_anew(live: Platform, core: Actor) -> None:
    with pytest.raises(KeyChanged):
        await live.subscribe(replace(core, zones=frozenset({"GATE"})))


class Passing:
    """Who goes again before its key was looked at."""

    def end(self, failure: SkoolyError) -> None: ...

    def wake(self) -> None: ...


async def test_who_goes_while_its_key_is_looked_at_is_not_let_in(live: Platform, core: Actor) -> None:
    """Or it would be asked for ever after a key that nobody stays under."""
    guard, guest = live.engine.guard, Passing()
    await until(lambda: guard.trusted)
    admitting = asyncio.create_task(guard.admit(core, guest))
    await asyncio.sleep(0)
    guard.release(core, guest)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(KeyChanged):
            await admitting


async def test_a_server_that_lost_a_revocation_counts_the_next_one_again(
    fresh_database: Database, clock: FixedClock, redis_url: str
) -> None:
    """A standby was promoted that had not heard of the last one: the next has its number, and has to be heard of."""
    async with platform(fresh_database, clock, redis_url) as live:
        school = await make_school(fresh_database)
        core, other = await live.let_in(school), await live.let_in(school, partner="other")
        stream, witness = await live.subscribe(core), await live.subscribe(other)
        await revoke(fresh_database, other, clock)
        await until(lambda: witness.closing is not None)
        seen = live.keyring.generation
        assert seen is not None
        async with fresh_database.transaction(Wall.owner()) as session:
            await session.execute(text("UPDATE key_generation SET generation = generation - 1"))
        await live.keyring.polled()
        await until(lambda: live.keyring.generation == seen - 1)
        await revoke(fresh_database, core, clock)
        await until(lambda: stream.closing is not None)
        assert ended(stream, KeyRevoked)
        assert live.keyring.generation == seen


async def test_nothing_is_handed_out_while_it_is_unknown_who_may_see_it(
    live: Platform, core: Actor, database: Database
) -> None:
    stream = await live.subscribe(core)
    await stream.take()
    await live.keyring.stop()
    await until(lambda: not live.engine.guard.trusted)
    await happen(database, core.school_id, "a")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await stream.take()
    await live.keyring.start()
    assert names_in(await take_events(stream, 1)) == ["a"]
