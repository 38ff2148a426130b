"""A fact enters the log when its transaction commits: once, without holes, in commit order."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlmodel import col

from app.core.database import Database, Wall
from app.domains.events.errors import LogNotOpened
from app.domains.events.service import append_events_from, read_events, record_event
from app.domains.events.tables import Event
from app.domains.events.topics import Topic
from tests.support.factories.partners import make_school


async def positions(database: Database, school_id: UUID) -> list[int]:
    async with database.transaction(Wall.app(school_id)) as session:
        return [event.position for event in await read_events(session, 0, 100_000)]


async def record(database: Database, school_id: UUID, count: int = 1) -> None:
    async with database.transaction(Wall.app(school_id)) as session:
        for number in range(count):
            record_event(session, Topic.WALLET_LOW, subject=uuid4(), facts={"number": number})


async def test_commit_writes_exactly_one(database: Database) -> None:
    school = await make_school(database)
    subject = uuid4()
    async with database.transaction(Wall.app(school.id)) as session:
        record_event(session, Topic.STUDENT_CREATED, subject=subject, facts={"matricule": "Été/1", "n": [1, None]})
    async with database.transaction(Wall.app(school.id)) as session:
        [event] = await read_events(session, 0, 10)
    assert (event.position, event.epoch, event.type) == (1, 1, "student.created")
    assert (event.subject, event.facts) == (subject, {"matricule": "Été/1", "n": [1, None]})


async def test_rollback_leaves_no_event_and_no_hole(database: Database) -> None:
    school = await make_school(database)
    await record(database, school.id)
    with pytest.raises(ZeroDivisionError):
        async with database.transaction(Wall.app(school.id)) as session:
            record_event(session, Topic.WALLET_LOW, subject=uuid4(), facts={})
            raise ZeroDivisionError
    await record(database, school.id)
    assert await positions(database, school.id) == [1, 2]


async def test_a_savepoint_rolled_back_takes_its_events_with_it(database: Database) -> None:
    school = await make_school(database)
    kept, dropped = uuid4(), uuid4()
    async with database.transaction(Wall.app(school.id)) as session:
        record_event(session, Topic.WALLET_LOW, subject=kept, facts={})
        async with session.begin_nested() as outer:
            async with session.begin_nested():
                record_event(session, Topic.WALLET_LOW, subject=dropped, facts={})
            await outer.rollback()
        async with session.begin_nested():
            record_event(session, Topic.WALLET_LOW, subject=kept, facts={})
    async with database.transaction(Wall.app(school.id)) as session:
        assert [event.subject for event in await read_events(session, 0, 10)] == [kept, kept]


async def test_the_position_is_taken_last(database: Database) -> None:
    """A transaction that has recorded an event but not committed holds no other writer of its school up."""
    school = await make_school(database)
    async with database.transaction(Wall.app(school.id)) as session:
        record_event(session, Topic.WALLET_LOW, subject=uuid4(), facts={"who": "slow"})
        await session.execute(text("SELECT 1"))
        await asyncio.wait_for(record(database, school.id), 2)
    async with database.transaction(Wall.app(school.id)) as session:
        events = await read_events(session, 0, 10)
    assert [event.facts.get("who") for event in events] == [None, "slow"]


async def test_reading_pages_through_the_log(database: Database) -> None:
    school = await make_school(database)
    await record(database, school.id, 5)
    async with database.transaction(Wall.app(school.id)) as session:
        assert [event.position for event in await read_events(session, 2, 2)] == [3, 4]
        assert await read_events(session, 5, 2) == []


async def test_a_school_without_a_log_refuses_the_commit(database: Database) -> None:
    with pytest.raises(LogNotOpened):
        await record(database, uuid4())


async def test_32_writers_are_gapless_and_in_commit_order(database: Database) -> None:
    """Commit order: whoever reads position n sees every earlier one, at every moment."""
    school = await make_school(database)
    done = asyncio.Event()

    async def write() -> None:
        for count in (1, 2, 1):
            await record(database, school.id, count)

    async def watch() -> None:
        while not done.is_set():
            seen = await positions(database, school.id)
            assert seen == list(range(1, len(seen) + 1))

    watcher = asyncio.create_task(watch())
    await asyncio.gather(*(write() for _ in range(32)))
    done.set()
    await watcher
    assert await positions(database, school.id) == list(range(1, 129))


async def test_a_hundred_thousand_events_in_one_statement(database: Database) -> None:
    school = await make_school(database)
    await record(database, school.id, 3)
    async with database.raw(Wall.app(school.id)) as connection:
        appended = await append_events_from(
            connection,
            "SELECT $1::text, gen_random_uuid(), jsonb_build_object('n', n), NULL::timestamptz "
            "FROM generate_series(1, 100000) n ORDER BY n",
            Topic.STUDENT_CREATED,
        )
    assert appended == 100_000
    async with database.transaction(Wall.app(school.id)) as session:
        statement = select(func.count(), func.count(col(Event.position).distinct()), func.max(Event.position))
        assert tuple((await session.execute(statement)).one()) == (100_003, 100_003, 100_003)
        [first] = await read_events(session, 3, 1)
        assert first.facts == {"n": 1}


async def test_bulk_and_single_writers_share_the_log(database: Database) -> None:
    school = await make_school(database)

    async def append() -> int:
        async with database.raw(Wall.app(school.id)) as connection:
            return await append_events_from(
                connection,
                "SELECT 'wallet.low', gen_random_uuid(), '{}'::jsonb, NULL::timestamptz FROM generate_series(1, 7)",
            )

    await asyncio.gather(*(append() for _ in range(8)), *(record(database, school.id) for _ in range(8)))
    assert await positions(database, school.id) == list(range(1, 65))


async def test_bulk_needs_an_open_log(database: Database) -> None:
    with pytest.raises(LogNotOpened):
        async with database.raw(Wall.app(uuid4())) as connection:
            await append_events_from(connection, "SELECT 'x', gen_random_uuid(), '{}'::jsonb, NULL::timestamptz")
