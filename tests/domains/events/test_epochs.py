"""A server with another past opens new epochs."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from app.core.database import Database, Wall
from app.domains.events.epochs import settle_epoch
from app.domains.events.service import read_events, record_event
from app.domains.events.tables import LogEpoch
from app.domains.events.topics import Topic
from tests.support.factories.partners import make_school


async def record(database: Database, school_id: UUID) -> None:
    async with database.transaction(Wall.app(school_id)) as session:
        record_event(session, Topic.WALLET_LOW, subject=uuid4(), facts={})


async def epochs(database: Database, school_id: UUID) -> list[tuple[int, int]]:
    async with database.transaction(Wall.app(school_id)) as session:
        rows = await session.execute(
            select(col(LogEpoch.epoch), col(LogEpoch.from_position)).order_by(col(LogEpoch.epoch))
        )
        return [(row.epoch, row.from_position) for row in rows]


async def become_another_server(database: Database, column: str) -> None:
    async with database.transaction(Wall.worker()) as session:
        await session.execute(text(f"UPDATE cluster_identity SET {column} = {column} + 1"))


async def test_the_same_server_changes_nothing(fresh_database: Database) -> None:
    school = await make_school(fresh_database)
    assert [await settle_epoch(fresh_database) for _ in range(3)] == [0, 0, 0]
    assert await epochs(fresh_database, school.id) == [(1, 0)]


@pytest.mark.parametrize("column", ["system_identifier", "timeline"])
async def test_another_server_opens_an_epoch_for_every_school(fresh_database: Database, column: str) -> None:
    await settle_epoch(fresh_database)
    busy, idle = await make_school(fresh_database), await make_school(fresh_database)
    for _ in range(2):
        await record(fresh_database, busy.id)
    await become_another_server(fresh_database, column)
    assert await settle_epoch(fresh_database) == 2
    assert await settle_epoch(fresh_database) == 0
    assert await epochs(fresh_database, busy.id) == [(1, 0), (2, 2)]
    assert await epochs(fresh_database, idle.id) == [(1, 0), (2, 0)]
    await record(fresh_database, busy.id)
    async with fresh_database.transaction(Wall.app(busy.id)) as session:
        events = await read_events(session, 0, 10)
    assert [(event.position, event.epoch) for event in events] == [(1, 1), (2, 1), (3, 2)]


async def test_processes_that_start_together_open_one_epoch(fresh_database: Database) -> None:
    await settle_epoch(fresh_database)
    school = await make_school(fresh_database)
    await become_another_server(fresh_database, "timeline")
    assert sorted(await asyncio.gather(*(settle_epoch(fresh_database) for _ in range(8)))) == [0] * 7 + [1]
    assert await epochs(fresh_database, school.id) == [(1, 0), (2, 0)]
