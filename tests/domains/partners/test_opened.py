"""The audit of opened streams: many share a statement, each has a row of its own behind the wall of its school."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.errors import Unavailable
from app.core.ids import new_id
from app.domains.partners.opened import OpenedStreams, Opening
from tests.support.factories.partners import make_actor, make_school

NOWHERE = "postgresql+asyncpg://skooly@/none?host=/nonexistent"
FIRST = 2
"""Calls that are under way before anybody has to wait for the next one."""


class Counted(Database):
    """How many statements took their own wall."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.statements = 0

    async def fetch(self, statement: str, *args: Any) -> list[asyncpg.Record]:
        self.statements += 1
        return await super().fetch(statement, *args)


def opening(actor: Actor, operation: str = "events", channel: str = "graphql") -> Opening:
    return Opening(actor, new_id(), operation, channel)


async def rows(database: Database, school_id: UUID) -> dict[UUID, tuple[Any, ...]]:
    async with database.raw(Wall.app(school_id)) as connection:
        found = await connection.fetch("SELECT * FROM audit_entry")
    return {
        row["request_id"]: (row["school_id"], row["operation"], row["partner_id"], row["key_id"], row["channel"])
        for row in found
        if row["subjects"] == []
    }


def as_row(each: Opening) -> tuple[Any, ...]:
    return each.actor.school_id, each.operation, each.actor.partner_id, each.actor.key_id, each.channel


async def test_each_of_a_batch_has_its_own_row_in_its_own_school(database: Database, database_url: str) -> None:
    schools = [await make_school(database) for _ in range(2)]
    actors = [
        replace(await make_actor(database, school, partner=partner), key_id=f"{partner}-{number}")
        for number, school in enumerate(schools)
        for partner in ("sage", "cantine")
    ]
    wanted = [
        opening(actor, operation, channel)
        for operation, channel in (("events", "graphql"), ("passages", "rest"), ("payments", "graphql"))
        for actor in actors
    ]
    async with Counted(database_url) as counted:
        opened = OpenedStreams(counted)
        await asyncio.gather(*map(opened.record, wanted))
        assert counted.statements == FIRST + 1
    for school in schools:
        expected = {each.request_id: as_row(each) for each in wanted if each.actor.school_id == school.id}
        assert len(expected) == 6
        assert await rows(database, school.id) == expected


async def test_a_row_is_there_when_it_is_said_to_be(database: Database) -> None:
    actor, opened = await make_actor(database), OpenedStreams(database)

    async def check(each: Opening) -> bool:
        await opened.record(each)
        return each.request_id in await rows(database, actor.school_id)

    assert all(await asyncio.gather(*(check(opening(actor)) for _ in range(20))))


async def test_one_that_cannot_be_written_refuses_itself_alone(database: Database) -> None:
    actor, opened = await make_actor(database), OpenedStreams(database)
    stray = replace(actor, school_id=uuid4())
    good = [opening(actor) for _ in range(6)]
    asked = [*good[:3], opening(stray), opening(actor, channel="telephone"), *good[3:]]
    failures = await asyncio.gather(*map(opened.record, asked), return_exceptions=True)
    assert isinstance(failures[3], asyncpg.ForeignKeyViolationError)
    assert isinstance(failures[4], asyncpg.CheckViolationError)
    assert [failure for failure in failures if failure is not None] == failures[3:5]
    assert (await rows(database, actor.school_id)).keys() == {each.request_id for each in good}


async def test_without_a_database_each_is_told_so(database: Database) -> None:
    actor = await make_actor(database)
    opened = OpenedStreams(Database(NOWHERE))
    for failure in await asyncio.gather(*(opened.record(opening(actor)) for _ in range(5)), return_exceptions=True):
        assert isinstance(failure, Unavailable)


async def test_a_row_that_is_there_already_stays_as_it_is(database: Database) -> None:
    actor, opened = await make_actor(database), OpenedStreams(database)
    twice = opening(actor)
    await opened.record(twice)
    await asyncio.gather(*(opened.record(replace(twice, channel="rest")) for _ in range(5)))
    assert await rows(database, actor.school_id) == {twice.request_id: as_row(twice)}


async def test_the_wall_of_a_batch_ends_with_it(database: Database, database_url: str) -> None:
    """The connection is used again: whatever comes next on it must take a wall of its own."""
    async with Database(database_url) as own:
        await OpenedStreams(own).record(opening(await make_actor(database)))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await own.fetch("SELECT count(*) FROM audit_entry")
