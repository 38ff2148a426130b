"""Streams of the log: from a place on, or from now on, until they end."""

from collections.abc import AsyncIterator

import pytest

from app.core.actor import Actor
from app.core.database import Database
from app.domains.partners.tables import School
from tests.live.support import CURSORS, Platform, happen, names_in, platform, take_events, take_until
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_key, make_school


@pytest.fixture
async def live(database: Database, clock: FixedClock, redis_url: str) -> AsyncIterator[Platform]:
    async with platform(database, clock, redis_url) as running:
        yield running


@pytest.fixture
async def school(database: Database) -> School:
    return await make_school(database)


@pytest.fixture
async def core(live: Platform, school: School) -> Actor:
    return await live.keyring.authenticate((await make_key(live.database, school)).key, None)


async def test_a_stream_begins_with_what_happens_from_now_on(live: Platform, core: Actor, database: Database) -> None:
    await happen(database, core.school_id, "before")
    stream = await live.subscribe(core)
    await happen(database, core.school_id, "after")
    [checkpoint, *_] = taken = await take_until(stream, lambda taken: bool(names_in(taken)))
    assert checkpoint["__typename"] == "Checkpoint", "at once there is a cursor to come back with"
    assert names_in(taken) == ["after"]
    assert CURSORS.read(core.school_id, checkpoint["cursor"]).position == 1


async def test_a_stream_goes_on_from_any_cursor_and_then_tells_what_happens(
    live: Platform, core: Actor, database: Database
) -> None:
    stream = await live.subscribe(core)
    await happen(database, core.school_id, *"abc")
    [first, *_] = await take_events(stream, 3)
    again = await live.subscribe(core, after=first["cursor"])
    [b, c] = await take_events(again, 2)
    assert names_in([b, c]) == ["b", "c"]
    await happen(database, core.school_id, "d")
    assert names_in(await take_events(again, 1)) == ["d"]
