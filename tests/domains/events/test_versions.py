"""An event is logged under the version of its topic that the catalogue declares, whoever writes it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from asyncpg.exceptions import NotNullViolationError

import app
from app.core.database import Database, Wall
from app.domains.events.catalogue import CATALOGUE
from app.domains.events.service import append_events_from, read_events, record_event
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from tests.support.factories.partners import make_school

RAISED = Topic.WALLET_LOW
SELECTED = "SELECT type, gen_random_uuid(), '{}'::jsonb, NULL::timestamptz FROM unnest($1::text[]) type"
WRITES = re.compile(r"(INTO|COPY|UPDATE|MERGE INTO)\s+event\b", re.IGNORECASE)
WRITER = "domains/events/service.py"


@pytest.fixture
def raised() -> Iterator[None]:
    """A release in which a fact of the topic has changed its meaning."""
    assert isinstance(CATALOGUE, dict)
    released = CATALOGUE[RAISED]
    CATALOGUE[RAISED] = replace(released, version=released.version + 6)
    yield
    CATALOGUE[RAISED] = released


@pytest.fixture
async def school(database: Database) -> School:
    return await make_school(database)


async def logged(database: Database, school: School) -> dict[str, int]:
    async with database.transaction(Wall.app(school.id)) as session:
        return {event.type: event.schema_version for event in await read_events(session, 0, 100)}


async def test_one_fact(database: Database, school: School, raised: None) -> None:
    async with database.transaction(Wall.app(school.id)) as session:
        for topic in Topic:
            record_event(session, topic, subject=uuid4(), facts={})
    assert await logged(database, school) == {topic: CATALOGUE[topic].version for topic in Topic}


async def test_many_in_one_statement(database: Database, school: School, raised: None) -> None:
    async with database.raw(Wall.app(school.id)) as connection:
        await append_events_from(connection, SELECTED, list(Topic))
    assert await logged(database, school) == {topic: CATALOGUE[topic].version for topic in Topic}


async def test_nothing_is_logged_that_the_catalogue_does_not_know(database: Database, school: School) -> None:
    with pytest.raises(NotNullViolationError, match="schema_version"):
        async with database.raw(Wall.app(school.id)) as connection:
            await append_events_from(connection, SELECTED, ["wallet.lost"])
    assert await logged(database, school) == {}


async def test_nobody_else_writes_events(database: Database) -> None:
    """Neither a statement of the application nor a function of the database."""
    root = Path(app.__file__).parent
    assert [str(path.relative_to(root)) for path in root.rglob("*.py") if WRITES.search(path.read_text())] == [WRITER]
    async with database.raw(Wall.owner()) as connection:
        functions = await connection.fetch(
            "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND prosrc <> ''"
        )
    assert len(functions) > 10
    assert [each["proname"] for each in functions if WRITES.search(each["prosrc"])] == []
