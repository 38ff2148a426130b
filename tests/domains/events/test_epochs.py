"""Whoever writes a log elsewhere than it was last written opens a new epoch."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from app.core.database import Database, Wall
from app.domains.events.cursors import Place
from app.domains.events.epochs import open_epochs
from app.domains.events.errors import LogGap
from app.domains.events.reading import check_place, log_state, stretch_of
from app.domains.events.service import append_events_from, read_events, record_event
from app.domains.events.tables import LogEpoch
from app.domains.events.topics import Topic
from tests.support.factories.events import move_the_log
from tests.support.factories.partners import make_school

Writes = Callable[[Database, UUID], Awaitable[None]]
BULK = "SELECT 'wallet.low', gen_random_uuid(), '{}'::jsonb, NULL::timestamptz FROM generate_series(1, $1)"


async def record(database: Database, school_id: UUID) -> None:
    async with database.transaction(Wall.app(school_id)) as session:
        record_event(session, Topic.WALLET_LOW, subject=uuid4(), facts={})


async def import_two(database: Database, school_id: UUID) -> None:
    async with database.raw(Wall.app(school_id)) as connection:
        assert await append_events_from(connection, BULK, 2) == 2


async def epochs(database: Database, school_id: UUID) -> list[tuple[int, int]]:
    async with database.transaction(Wall.app(school_id)) as session:
        rows = await session.execute(
            select(col(LogEpoch.epoch), col(LogEpoch.from_position)).order_by(col(LogEpoch.epoch))
        )
        return [(row.epoch, row.from_position) for row in rows]


async def test_at_home_there_is_one_epoch(database: Database) -> None:
    school = await make_school(database)
    for _ in range(2):
        await record(database, school.id)
        await import_two(database, school.id)
    assert await epochs(database, school.id) == [(1, 0)]


@pytest.mark.parametrize("write", [record, import_two])
async def test_the_first_to_write_elsewhere_opens_an_epoch(database: Database, write: Writes) -> None:
    school = await make_school(database)
    for _ in range(2):
        await record(database, school.id)
    await move_the_log(database, school.id)
    assert await epochs(database, school.id) == [(1, 0)], "nobody has written yet"
    for _ in range(2):
        await write(database, school.id)
    [first, (opened, position)] = await epochs(database, school.id)
    assert (first, position) == ((1, 0), 2)
    async with database.transaction(Wall.app(school.id)) as session:
        events = await read_events(session, 0, 10)
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    assert [event.epoch for event in events] == [1, 1] + [opened] * (len(events) - 2)


async def test_many_who_write_at_once_open_one(database: Database) -> None:
    school = await make_school(database)
    await move_the_log(database, school.id)
    await asyncio.gather(*(write(database, school.id) for write in (record, import_two) for _ in range(4)))
    assert len(await epochs(database, school.id)) == 2
    async with database.transaction(Wall.app(school.id)) as session:
        events = await read_events(session, 0, 100)
    assert [event.position for event in events] == list(range(1, 13))


async def test_the_epoch_of_a_server_that_this_one_knows_nothing_of_is_a_gap(database: Database) -> None:
    """Restored twice from one backup: the events of the first time are gone, at positions that exist again."""
    school = await make_school(database)
    for _ in range(3):
        await record(database, school.id)
    await move_the_log(database, school.id)
    await record(database, school.id)
    [_, (opened, _)] = await epochs(database, school.id)
    async with database.transaction(Wall.app(school.id)) as session:
        await check_place(session, Place(opened, 4))
        for unknown in (0, 2, opened - 1, opened + 1):
            with pytest.raises(LogGap):
                await check_place(session, Place(unknown, 2))


async def test_a_place_is_of_the_epoch_of_what_was_read_there(database: Database) -> None:
    """An epoch is opened between a look at the log's state and the reading of its events."""
    school = await make_school(database)
    await record(database, school.id)
    async with database.transaction(Wall.app(school.id)) as session:
        state = await log_state(session, 1)
    await move_the_log(database, school.id)
    await record(database, school.id)
    async with database.transaction(Wall.app(school.id)) as session:
        stretch = stretch_of(state, Place(1, 1), await read_events(session, 1, 10))
        assert stretch.place == Place(stretch.events[0].epoch, 2)
        await check_place(session, stretch.place)


async def test_an_operator_opens_an_epoch_for_every_school(fresh_database: Database) -> None:
    busy, idle = await make_school(fresh_database), await make_school(fresh_database)
    await record(fresh_database, busy.id)
    assert await open_epochs(fresh_database) == 2
    assert [position for _, position in await epochs(fresh_database, busy.id)] == [0, 1]
    assert [position for _, position in await epochs(fresh_database, idle.id)] == [0, 0]
    await record(fresh_database, busy.id)
    assert len(await epochs(fresh_database, busy.id)) == 2


async def test_rows_in_other_files_are_elsewhere(fresh_database: Database) -> None:
    """As after a dump was read into a table that had been emptied."""
    school = await make_school(fresh_database)
    await record(fresh_database, school.id)
    async with fresh_database.transaction(Wall.owner(school.id)) as session:
        [row] = (await session.execute(text("SELECT * FROM school_log"))).mappings()
        await session.execute(text("TRUNCATE school_log"))
        await session.execute(
            text("INSERT INTO school_log VALUES (:school_id, :last_position, :epoch, :home)"), dict(row)
        )
    await record(fresh_database, school.id)
    assert [position for _, position in await epochs(fresh_database, school.id)] == [0, 1]
