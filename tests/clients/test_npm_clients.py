"""Clients that nobody here wrote, graphql-ws and graphql-sse, over a rolling restart under load."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from app.core.database import Database, Wall
from app.domains.events.tables import Event
from app.domains.partners.service import IssuedKey
from app.domains.partners.tables import School
from tests.clients.conftest import HERE
from tests.live.support import happen
from tests.support.api import Fleet
from tests.support.processes import until
from tests.support.serving import Serving
from tests.web.running import make_settings

KINDS = pytest.mark.parametrize("kind", ["ws", "sse"])
ROUNDS = 3


class Client:
    """`told` is what it has printed so far."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    @property
    def events(self) -> list[dict[str, Any]]:
        return [each["event"] for each in self.told if "event" in each]

    def count(self, word: str) -> int:
        return sum(word in each for each in self.told)


@asynccontextmanager
async def following(node: str, kind: str, url: str, key: str) -> AsyncIterator[Client]:
    process = await asyncio.create_subprocess_exec(
        node, "follow.mjs", kind, url, key, cwd=HERE, stdout=asyncio.subprocess.PIPE
    )
    client = Client()

    async def read() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            client.told.append(json.loads(line))

    reading = asyncio.create_task(read())
    try:
        yield client
    finally:
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
            process.kill()
        await process.wait()
        await reading


@pytest.fixture
def fleet(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path, make_settings(database_url, redis_url))
    yield fleet
    fleet.close()


@KINDS
async def test_a_rolling_restart_under_load_leaves_no_gap_and_no_double(
    node: str, fleet: Fleet, kind: str, core: IssuedKey, database: Database, school: School
) -> None:
    fleet.start()
    writing = True

    async def write() -> int:
        written = 0
        while writing:
            await happen(database, school.id, *(str(written + number) for number in range(5)))
            written += 5
            await asyncio.sleep(0.01)
        return written

    async with following(node, kind, fleet.url, core.key) as client:
        await until(lambda: client.count("checkpoint") > 0, 60)
        load = asyncio.create_task(write())
        for number in range(1, ROUNDS + 1):
            fleet.start()
            await until(started(fleet, number + 1), 60)
            assert await asyncio.to_thread(fleet.stop_oldest) == 0
            await until(lambda number=number: client.count("connected") > number, 60)
        writing = False
        written = await load
        await until(lambda: len(client.events) >= written, 60)
    assert [each["data"]["name"] for each in client.events] == [str(number) for number in range(written)]
    assert [each["id"] for each in client.events] == await ids(database, school)
    if kind == "ws":
        closed = [each for each in client.told if "closed" in each]
        assert [each["closed"] for each in closed] == [1012] * ROUNDS
        assert all(json.loads(each["reason"])["code"] == "SHUTTING_DOWN" for each in closed)


def started(fleet: Fleet, number: int) -> Callable[[], bool]:
    return lambda: fleet.count("Application startup complete") >= number


async def ids(database: Database, school: School) -> list[str]:
    """What is really in the log."""
    async with database.transaction(Wall.app(school.id)) as session:
        return [str(each) for each in await session.scalars(select(Event.id).order_by(col(Event.position)))]


async def test_a_wrong_key_ends_the_client_with_a_clear_word(node: str, server: Serving) -> None:
    async with following(node, "ws", server.url, "sk_live_nonsense") as client:
        await until(lambda: client.count("error") > 0 and client.count("closed") > 0)
        assert [each["closed"] for each in client.told if "closed" in each] == [4401]


@KINDS
async def test_the_log_is_followed(
    node: str, server: Serving, kind: str, core: IssuedKey, database: Database, school: School
) -> None:
    async with following(node, kind, server.url, core.key) as client:
        await until(lambda: client.count("checkpoint") > 0)
        await happen(database, school.id, "a", "b")
        await until(lambda: len(client.events) == 2)
    assert [each["data"]["name"] for each in client.events] == ["a", "b"]
