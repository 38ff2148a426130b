"""A key that is revoked, in several processes, with a Valkey that is quiet: it can be reached, and never answers.

What no socket may be brought any more is told by the log itself, so that a slow machine changes nothing.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from app.core.database import Database, Wall
from app.domains.partners.service import IssuedKey, revoke_key
from app.domains.partners.tables import School
from tests.live.support import happen, until
from tests.support.api import Fleet
from tests.support.clock import FixedClock
from tests.web.running import make_settings
from tests.web.sockets.talking import Talk, opened

PROCESSES = 2
SOCKETS = 20
"""Of one key in one process: there may be no more."""
EVENTS = """subscription { events { __typename ... on Event { occurredAt data } ... on Checkpoint { cursor } } }"""


@pytest.fixture
def quiet_valkey(tmp_path: Path) -> Iterator[str]:
    with socket.socket(socket.AF_UNIX) as listener:
        path = tmp_path / "valkey"
        listener.bind(str(path))
        listener.listen(1_000)
        yield f"unix://{path}"


@pytest.fixture
def processes(tmp_path: Path, database_url: str, quiet_valkey: str) -> Iterator[list[Fleet]]:
    fleets = []
    try:
        for number in range(PROCESSES):
            folder = tmp_path / str(number)
            folder.mkdir()
            fleets.append(Fleet(folder, make_settings(database_url, quiet_valkey)))
            fleets[-1].start()
        yield fleets
    finally:
        for fleet in fleets:
            fleet.close()


class Crowd:
    """The sockets of one process: `events` are all that were brought to any of them, `ends` how they were closed."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.ends: list[tuple[int, str]] = []
        self.last_allowed: int | None = None

    async def listen(self, talk: Talk) -> None:
        try:
            while True:
                self.events.append(await talk.event())
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            self.ends.append((closed.rcvd.code, json.loads(closed.rcvd.reason)["code"]))

    @property
    def last_brought(self) -> int:
        return max(int(event["data"]["name"]) for event in self.events)

    @property
    def latest(self) -> datetime:
        return max(datetime.fromisoformat(event["occurredAt"]) for event in self.events)


@pytest.fixture
async def crowds(processes: list[Fleet], core: IssuedKey) -> AsyncIterator[list[tuple[Crowd, list[Talk]]]]:
    async with AsyncExitStack() as sockets:
        found = []
        for process in processes:
            opening = [sockets.enter_async_context(opened(process, core.key, open_timeout=60)) for _ in range(SOCKETS)]
            talks = [await each for each in opening]
            for talk in talks:
                await talk.subscribe(query=EVENTS)
            for talk in talks:
                assert (await talk.envelope())["__typename"] == "Checkpoint"
            found.append((Crowd(), talks))
        yield found


async def revoke(database: Database, school: School, key: IssuedKey) -> datetime:
    """Returns a time by the database's clock at which it was revoked already."""
    async with database.transaction(Wall.app(school.id)) as session:
        await revoke_key(session, key.row.key_id, FixedClock())
    async with database.raw(Wall.app(school.id)) as connection:
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return now


async def test_every_socket_is_closed_and_is_brought_nothing_after_that(
    crowds: list[tuple[Crowd, list[Talk]]], core: IssuedKey, database: Database, school: School
) -> None:
    """A process that has closed one of them has seen the revocation: what is recorded later, none of its own hears."""
    listening = asyncio.gather(*(crowd.listen(talk) for crowd, talks in crowds for talk in talks))
    await happen(database, school.id, "0")
    await until(lambda: all(len(crowd.events) == SOCKETS for crowd, _ in crowds))
    revoked_at = await revoke(database, school, core)
    number = 0
    while not listening.done():
        number += 1
        await happen(database, school.id, str(number))
        for crowd, _ in crowds:
            if crowd.ends and crowd.last_allowed is None:
                crowd.last_allowed = number
        await asyncio.sleep(0.005)
    await listening
    for crowd, _ in crowds:
        assert crowd.ends == [(4403, "KEY_REVOKED")] * SOCKETS
        assert crowd.last_allowed is None or crowd.last_brought <= crowd.last_allowed
        assert crowd.latest <= revoked_at + timedelta(seconds=1)
