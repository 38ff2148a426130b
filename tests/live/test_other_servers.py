"""The log after its server was restored or failed over, by the means that operators have: never silence, and never
other events under positions that were shown already.

In each the reader was shown four events, of which the server that goes on has two; it then writes more than were lost.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.api.streams import Stream
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.errors import Unavailable
from app.domains.events.schema import Query
from app.embedded import Addresses
from tests.live.support import NO_VALKEY, PATIENCE, Platform, happen, names_in, platform, take_events, take_until
from tests.support.clock import FixedClock
from tests.support.copies import cut_off, dump, name_of, restore_anew, restore_in_place, standby_of
from tests.support.factories.partners import make_school
from tests.support.operations import Asker

POLL = """query ($after: String) { events(after: $after) {
    __typename ... on EventPage { events { data } } ... on Gap { oldestAvailable } } }"""
LOST_AND_MORE = ["other c", "other d", "other e"]
Restore = Callable[[Addresses, str, Path], Awaitable[None]]


async def cursors_of(stream: Stream, count: int) -> list[str]:
    return [str(event["cursor"]) for event in await take_events(stream, count)]


async def assert_it_goes_on(live: Platform, actor: Actor, clock: FixedClock, kept: str, lost: str) -> None:
    """After what was kept, with what was written since; not after what was lost. On both channels."""
    asker = Asker(live.database, clock, [Query])
    gap = (await asker.data(actor, POLL, after=lost))["events"]
    assert gap["__typename"] == "Gap"
    [told] = await take_until(await live.subscribe(actor, after=lost), lambda _: False)
    assert told["__typename"] == "Gap"
    for after, names in ((kept, LOST_AND_MORE), (gap["oldestAvailable"], ["a", "b", *LOST_AND_MORE])):
        page = (await asker.data(actor, POLL, after=after))["events"]
        assert [each["data"]["name"] for each in page["events"]] == names
        assert names_in(await take_events(await live.subscribe(actor, after=after), len(names))) == names


@pytest.mark.parametrize("restore", [restore_in_place, restore_anew])
async def test_after_a_dump_was_restored(
    servers: Addresses, fresh_database_url: str, clock: FixedClock, redis_url: str, tmp_path: Path, restore: Restore
) -> None:
    """In the same server: with its identifier and its timeline. Twice: the second knows nothing of the first."""
    file = tmp_path / "dump"
    async with Database(fresh_database_url) as database, platform(database, clock, redis_url) as live:
        actor = await live.let_in(await make_school(database))
        stream = await live.subscribe(actor)
        await happen(database, actor.school_id, *"ab")
        await dump(servers, fresh_database_url, file)
        await happen(database, actor.school_id, *"cd")
        _, kept, _, lost = await cursors_of(stream, 4)
    for _ in range(2):
        await restore(servers, fresh_database_url, file)
        async with Database(fresh_database_url) as database, platform(database, clock, redis_url) as live:
            await happen(database, actor.school_id, *LOST_AND_MORE)
            await assert_it_goes_on(live, actor, clock, kept, lost)
            [*_, lost] = await cursors_of(await live.subscribe(actor, after=kept), 3)


@pytest.fixture
def moving(servers: Addresses) -> Iterator[Path]:
    """Leads to one server and then to another, as a name does in a network."""
    with tempfile.TemporaryDirectory(prefix="skooly-") as short:
        place = Path(short) / "now"
        place.symlink_to(servers.sockets)
        yield place


async def fail_over(database: Database, place: Path, old: Addresses, new: Addresses) -> None:
    """Returns when the process's connections lead to the new server: each is found dead once."""
    place.with_name("next").symlink_to(new.sockets)
    place.with_name("next").replace(place)
    await cut_off(old, database.url)
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(DBAPIError, Unavailable):
                async with database.transaction(Wall.worker()) as session:
                    await session.execute(text("SELECT 1"))
                return


async def test_after_a_standby_was_promoted(
    servers: Addresses, fresh_database_url: str, moving: Path, clock: FixedClock, redis_url: str
) -> None:
    """The stream was open all the while; so were the connections of its process, to the server that is gone."""
    async with (
        standby_of(servers) as standby,
        Database(Addresses(moving).database_url(name_of(fresh_database_url))) as database,
        platform(database, clock, redis_url) as live,
    ):
        actor = await live.let_in(await make_school(database))
        stream = await live.subscribe(actor)
        await happen(database, actor.school_id, *"ab")
        await standby.catch_up()
        await standby.lose_the_primary()
        await happen(database, actor.school_id, *"cd")
        _, kept, _, lost = await cursors_of(stream, 4)
        await standby.promote()
        await fail_over(database, moving, servers, standby.addresses)
        await happen(database, actor.school_id, *LOST_AND_MORE)
        taken = await take_until(stream, lambda _: False)
        assert [each["__typename"] for each in taken] == ["Gap"]
        await assert_it_goes_on(live, actor, clock, kept, lost)


async def test_a_quiet_stream_hears_what_happens_after_every_connection_was_cut(
    servers: Addresses, fresh_database_url: str, clock: FixedClock
) -> None:
    """Without Valkey, so that the first to find its connection dead is whoever looks whether the logs have grown."""
    async with (
        Database(fresh_database_url) as writing,
        Database(fresh_database_url) as database,
        platform(database, clock, NO_VALKEY) as live,
    ):
        actor = await live.let_in(await make_school(database))
        stream = await live.subscribe(actor)
        await take_until(stream, bool)
        await cut_off(servers, fresh_database_url)
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(DBAPIError):
                    await happen(writing, actor.school_id, "a")
                    break
        assert names_in(await take_events(stream, 1)) == ["a"]
