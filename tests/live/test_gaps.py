"""A stream that cannot go on says so: never silence, never a hole."""

from sqlalchemy import text

from app.core.database import Database, Wall
from app.core.partitions import ensure_partitions
from app.domains.events.cursors import Place
from app.domains.events.errors import LogBroken
from app.live.tail import STRETCH
from tests.live.support import CURSORS, ended, happen, names_in, platform, take_events, take_until, until
from tests.support.clock import FixedClock
from tests.support.factories.events import move_the_log
from tests.support.factories.partners import make_school


async def drop_the_events(database: Database) -> None:
    async with database.transaction(Wall.owner()) as session:
        partitions = await session.scalars(
            text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event'::regclass")
        )
        for name in list(partitions):
            await session.execute(text(f"ALTER TABLE event DETACH PARTITION {name}"))
            await session.execute(text(f"DROP TABLE {name}"))
    await ensure_partitions(database)


async def test_what_retention_has_dropped_is_a_gap_and_the_end(
    fresh_database: Database, clock: FixedClock, redis_url: str
) -> None:
    async with platform(fresh_database, clock, redis_url) as live:
        core = await live.let_in(await make_school(fresh_database))
        await happen(fresh_database, core.school_id, *"ab")
        await drop_the_events(fresh_database)
        await happen(fresh_database, core.school_id, "c")
        stream = await live.subscribe(core, after=CURSORS.write(core.school_id, Place(1, 1)))
        [gap] = await take_until(stream, lambda _: False)
        assert (gap["__typename"], gap["code"]) == ("Gap", "LOG_GAP")
        assert stream.closing is not None
        assert stream.closing.failure is None
        again = await live.subscribe(core, after=gap["oldestAvailable"])
        assert names_in(await take_events(again, 1)) == ["c"]


async def test_what_is_dropped_while_history_is_read_is_a_gap_and_the_end(
    fresh_database: Database, clock: FixedClock, redis_url: str
) -> None:
    """It had read the first stretch. Somebody else, who was up to date, misses nothing and goes on."""
    async with platform(fresh_database, clock, redis_url) as live:
        core = await live.let_in(await make_school(fresh_database))
        await happen(fresh_database, core.school_id, *(str(number) for number in range(3 * STRETCH)))
        witness = await live.subscribe(core)
        await take_until(witness, bool)
        reader = await live.subscribe(core, after=CURSORS.write(core.school_id, Place(1, 0)))
        read = await take_events(reader, 1)
        assert len(read) == STRETCH
        await drop_the_events(fresh_database)
        await happen(fresh_database, core.school_id, "after")
        assert names_in(await take_events(witness, 1)) == ["after"]
        [gap] = await take_until(reader, lambda _: False)
        assert gap["__typename"] == "Gap"
        assert reader.closing is not None
        assert (reader.closing.failure, reader.closing.cursor) == (None, None)
        again = await live.subscribe(core, after=gap["oldestAvailable"])
        assert names_in(await take_events(again, 1)) == ["after"]


async def test_a_place_past_the_end_of_its_epoch_is_a_gap(
    fresh_database: Database, clock: FixedClock, redis_url: str
) -> None:
    async with platform(fresh_database, clock, redis_url) as live:
        core = await live.let_in(await make_school(fresh_database))
        await happen(fresh_database, core.school_id, *"ab")
        at_two, at_three = (CURSORS.write(core.school_id, Place(1, position)) for position in (2, 3))
        await move_the_log(fresh_database, core.school_id)
        await happen(fresh_database, core.school_id, "another c")
        [gap] = await take_until(await live.subscribe(core, after=at_three), lambda _: False)
        assert gap["__typename"] == "Gap"
        assert names_in(await take_events(await live.subscribe(core, after=at_two), 1)) == ["another c"]


async def test_a_server_that_lost_what_was_shown_ends_the_streams_with_a_gap(
    fresh_database: Database, clock: FixedClock, redis_url: str
) -> None:
    """Three events were shown, of which the promoted server knows two: the third one's position is given out anew."""
    async with platform(fresh_database, clock, redis_url) as live:
        core = await live.let_in(await make_school(fresh_database))
        stream = await live.subscribe(core)
        await happen(fresh_database, core.school_id, *"abc")
        assert names_in(await take_events(stream, 3)) == ["a", "b", "c"]
        async with fresh_database.transaction(Wall.owner(core.school_id)) as session:
            await session.execute(text("DELETE FROM event WHERE position = 3"))
            await session.execute(text("UPDATE school_log SET last_position = 2"))
        await move_the_log(fresh_database, core.school_id)
        await happen(fresh_database, core.school_id, "another c")
        taken = await take_until(stream, lambda _: False)
        assert [each["__typename"] for each in taken] == ["Gap"]
        assert live.tailer.schools == set()


async def test_a_server_that_lost_nothing_is_gone_on_from(
    fresh_database: Database, clock: FixedClock, redis_url: str
) -> None:
    async with platform(fresh_database, clock, redis_url) as live:
        core = await live.let_in(await make_school(fresh_database))
        stream = await live.subscribe(core)
        await happen(fresh_database, core.school_id, "a")
        await take_events(stream, 1)
        await move_the_log(fresh_database, core.school_id)
        await happen(fresh_database, core.school_id, "b")
        [b] = await take_events(stream, 1)
        assert names_in([b]) == ["b"]
        place = CURSORS.read(core.school_id, b["cursor"])
        assert (place.epoch > 1, place.position) == (True, 2)


async def test_a_hole_is_a_fault_that_is_told(fresh_database: Database, clock: FixedClock, redis_url: str) -> None:
    """Nothing makes one; somebody deletes a row by hand."""
    async with platform(fresh_database, clock, redis_url) as live:
        core = await live.let_in(await make_school(fresh_database))
        stream = await live.subscribe(core)
        await happen(fresh_database, core.school_id, "a")
        assert names_in(await take_events(stream, 1)) == ["a"]
        async with fresh_database.transaction(Wall.app(core.school_id)) as session:
            await session.execute(text("UPDATE school_log SET last_position = 2"))
        await happen(fresh_database, core.school_id, "c")
        await until(lambda: stream.closing is not None)
        assert CURSORS.read(core.school_id, ended(stream, LogBroken)) == Place(1, 1)
