"""Sockets and event streams while PostgreSQL and Valkey die under them and come back: nothing lost, nothing twice.

A stream goes on, or ends in a way that says so; whoever then comes back with the last cursor finds the rest.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis
from sqlalchemy import select
from sqlmodel import col
from websockets.exceptions import ConnectionClosed

from app.cli.instance import prepare
from app.core.clock import SystemClock
from app.core.database import Database, Wall
from app.core.doorbell import Doorbell
from app.domains.events.tables import Event
from app.domains.partners.tables import School
from app.embedded import Embedded
from app.web.sse.log import STREAM
from tests.live.support import happen
from tests.support.factories.partners import make_key, make_school
from tests.support.processes import until
from tests.support.serving import Serving, serving
from tests.web.running import make_settings
from tests.web.sockets.talking import opened
from tests.web.sse.streams import listening

FOLLOW = """subscription ($after: String) { events(after: $after) {
    __typename ... on Event { id cursor } ... on Checkpoint { cursor } } }"""
RESUMABLE = {1011, 1012, 1013}
AGAIN_SECONDS = 0.05
A_FEW = 10
Blow = Callable[[Embedded], Awaitable[None]]


@dataclass
class Reader:
    """Comes back with its last cursor whenever it is cut off. `ends` are the codes and words that it was told."""

    server: Serving
    key: str
    ids: list[str] = field(default_factory=list)
    cursor: str | None = None
    ends: list[object] = field(default_factory=list)

    async def run(self) -> None:
        while True:
            with contextlib.suppress(OSError, httpx.TransportError):
                await self.follow()
            await asyncio.sleep(AGAIN_SECONDS)

    async def follow(self) -> None:
        raise NotImplementedError

    def take(self, shown: dict[str, Any]) -> None:
        self.cursor = shown["cursor"]
        if "id" in shown:
            self.ids.append(shown["id"])


class OverSocket(Reader):
    async def follow(self) -> None:
        try:
            async with opened(self.server, self.key) as talk:
                await talk.subscribe(query=FOLLOW, after=self.cursor)
                while (message := await talk.hear())["type"] == "next":
                    self.take(message["payload"]["data"]["events"])
                self.ends.append(message["payload"][0]["extensions"]["code"])
        except ConnectionClosed as closed:
            self.ends.append(closed.rcvd.code if closed.rcvd else None)


class OverEventStream(Reader):
    async def follow(self) -> None:
        query = {"after": self.cursor} if self.cursor else {}
        async with listening(self.server, self.key, STREAM, method="GET", params=query) as stream:
            if stream.response.status_code != 200:
                self.ends.append(stream.response.status_code)
                return
            while (message := await stream.hear()) is not None:
                if message.event == "closing":
                    self.ends.append(message.json["code"])
                elif message.data:
                    self.take(message.json)


async def flush_valkey(servers: Embedded) -> None:
    async with Redis.from_url(servers.redis_url()) as redis:
        await redis.flushall()


async def kill_valkey(servers: Embedded) -> None:
    await kill(servers, "Valkey")


async def kill_postgres(servers: Embedded) -> None:
    await kill(servers, "PostgreSQL")


async def kill(servers: Embedded, name: str) -> None:
    os.kill(servers.processes[name], signal.SIGQUIT if name == "PostgreSQL" else signal.SIGKILL)
    revived: list[str] = []
    while not revived:
        await asyncio.sleep(AGAIN_SECONDS)
        revived = servers.revive()
    assert revived == [name]


async def write(database: Database, school: School, acknowledged: list[str]) -> None:
    number = 0
    while True:
        number += 1
        with contextlib.suppress(Exception):  # what is not acknowledged may have happened all the same
            await happen(database, school.id, str(number))
            acknowledged.append(str(number))
        await asyncio.sleep(0.005)


async def table(database: Database, school: School) -> tuple[list[str], list[str]]:
    """The ids and names of all events, in the order of the log."""
    async with database.transaction(Wall.app(school.id)) as session:
        rows = (await session.scalars(select(Event).order_by(col(Event.position)))).all()
    return [str(row.id) for row in rows], [row.facts["name"] for row in rows]


@asynccontextmanager
async def working(*jobs: Awaitable[None]) -> AsyncIterator[list["asyncio.Task[None]"]]:
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_nothing_is_lost_or_told_twice(tmp_path: Path) -> None:
    with Embedded(tmp_path / "servers") as servers:
        await asyncio.to_thread(prepare, servers)
        url, redis_url = servers.database_url("skooly"), servers.redis_url()
        async with (
            Doorbell(redis_url) as bell,
            Database(url, announce=bell.ring) as database,
            serving(make_settings(url, redis_url), SystemClock()) as server,
        ):
            school = await make_school(database)
            key = (await make_key(database, school)).key
            readers: list[Reader] = [kind(server, key) for kind in (OverSocket, OverEventStream) for _ in range(2)]
            acknowledged: list[str] = []
            async with working(*(reader.run() for reader in readers)) as following:
                async with working(write(database, school, acknowledged)):
                    await heard_more(readers, following)
                    for blow in (flush_valkey, kill_valkey, kill_postgres):
                        await blow(servers)
                        await heard_more(readers, following)
                ids, names = await table(database, school)
                await until(lambda: all(reader.ids[-1:] == ids[-1:] for reader in readers))
    assert len(set(acknowledged) - set(names)) == 0
    for reader in readers:
        assert reader.ids == ids[len(ids) - len(reader.ids) :], "each once, in order, from where it began"
        assert {end for end in reader.ends if isinstance(end, int)} <= RESUMABLE | {503}
        assert {end for end in reader.ends if isinstance(end, str)} <= {"UNAVAILABLE", "STREAM_FAILED"}


async def heard_more(readers: list[Reader], following: list["asyncio.Task[None]"]) -> None:
    """Returns once each has heard a few events that it had not."""
    before = [len(reader.ids) for reader in readers]

    def all_did() -> bool:
        assert not any(task.done() for task in following), following
        return all(len(reader.ids) >= count + A_FEW for reader, count in zip(readers, before, strict=True))

    await until(all_did, 60)
