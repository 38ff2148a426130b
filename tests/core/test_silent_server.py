"""A server that stops answering without closing its connections: a lost network, a machine that is gone.

Also one whose last words arrive, but not the end of its connection.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from app.core.database import FAILURES, Database, Wall
from app.core.errors import Unavailable
from app.embedded import Addresses

PATIENCE = 5.0
"""Seconds."""
LOST = (*FAILURES, Unavailable, DBAPIError)


class Line:
    """Between a client and PostgreSQL; once it is cut, nothing passes and nothing closes.

    `ending` holds back the end of a connection alone.
    """

    def __init__(self) -> None:
        self.passing = asyncio.Event()
        self.passing.set()
        self.ending = asyncio.Event()
        self.ending.set()
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def between(self, server: Path, here: Path) -> AsyncIterator[None]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            from_server, to_server = await asyncio.open_unix_connection(server)
            self._tasks |= {
                asyncio.create_task(self._carry(reader, to_server)),
                asyncio.create_task(self._carry(from_server, writer)),
            }

        listening = await asyncio.start_unix_server(serve, here)
        try:
            yield
        finally:
            listening.close()
            for task in self._tasks:
                task.cancel()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while part := await reader.read(65536):
                await self.passing.wait()
                writer.write(part)
                await writer.drain()
        await self.ending.wait()
        writer.close()


@dataclass(frozen=True)
class Far:
    """A database behind a line."""

    database: Database
    line: Line

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        self.line.passing.clear()
        try:
            yield
        finally:
            self.line.passing.set()

    @contextlib.contextmanager
    def endless(self) -> Iterator[None]:
        self.line.ending.clear()
        try:
            yield
        finally:
            self.line.ending.set()


@pytest.fixture
async def far(database_url: str, tmp_path: Path) -> AsyncIterator[Far]:
    url = make_url(database_url)
    server = Path(str(url.query["host"])) / ".s.PGSQL.5432"
    line = Line()
    async with line.between(server, tmp_path / ".s.PGSQL.5432"):
        there = url.set(query={**url.query, "host": str(tmp_path)}).render_as_string(hide_password=False)
        async with Database(there, pool_size=1, answer_seconds=0.5) as database:
            yield Far(database, line)


async def _read(database: Database) -> object:
    async with database.raw(Wall.auth()) as connection:
        return await connection.fetchval("SELECT 1")


async def _select(database: Database) -> object:
    async with database.transaction(Wall.auth()) as session:
        return await session.scalar(text("SELECT 1"))


async def test_a_batched_read_gives_up_and_the_next_one_works(far: Far) -> None:
    """Two such reads would otherwise hold both places of a batcher until TCP notices, a quarter of an hour later."""
    assert await far.database.fetch("SELECT 1")
    with far.silent(), pytest.raises(Unavailable):
        await asyncio.wait_for(far.database.fetch("SELECT 2"), PATIENCE)
    assert await far.database.fetch("SELECT 3")


async def test_a_bare_transaction_gives_up_and_the_next_one_works(far: Far) -> None:
    """What attempts came to would otherwise never be written again by this process."""
    assert await _read(far.database) == 1
    with far.silent(), pytest.raises(Unavailable):
        await asyncio.wait_for(_read(far.database), PATIENCE)
    assert await _read(far.database) == 1


async def test_a_bare_transaction_gives_up_in_its_middle_too(far: Far) -> None:
    with pytest.raises(Unavailable):
        async with asyncio.timeout(PATIENCE), far.database.raw(Wall.auth()) as connection:
            assert await connection.fetchval("SELECT 1") == 1
            with far.silent():
                await connection.fetchval("SELECT 1")
    assert await _read(far.database) == 1


async def test_whoever_gives_up_sooner_does_not_wait_for_it_either(far: Far) -> None:
    assert await _read(far.database) == 1
    with far.silent(), pytest.raises(TimeoutError):
        async with asyncio.timeout(PATIENCE), asyncio.timeout(0.1):
            await _read(far.database)
    assert await _read(far.database) == 1


async def test_a_session_gives_up_and_the_next_one_works(far: Far) -> None:
    assert await _select(far.database) == 1
    with far.silent(), pytest.raises((TimeoutError, DBAPIError)):
        async with asyncio.timeout(PATIENCE):
            await _select(far.database)
    assert await _select(far.database) == 1


async def _end(superuser: asyncpg.Connection, pid: object) -> None:
    """Once it has ended, its last words are on their way."""
    assert await superuser.fetchval("SELECT pg_terminate_backend($1, 4000)", pid)


@pytest.fixture
async def superuser(servers: Addresses) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(servers.superuser_dsn())
    yield connection
    await connection.close()


async def test_a_batched_read_keeps_no_connection_that_heard_the_last_words(
    far: Far, superuser: asyncpg.Connection
) -> None:
    """It would otherwise be lent again and again, and fail each time, until its end arrives."""
    [row] = await far.database.fetch("SELECT pg_backend_pid() AS pid")
    with far.endless():
        await _end(superuser, row["pid"])
        with pytest.raises(LOST):
            await far.database.fetch("SELECT 1")
        assert await far.database.fetch("SELECT 1")


async def test_nor_does_a_bare_transaction(far: Far, superuser: asyncpg.Connection) -> None:
    async with far.database.raw(Wall.auth()) as connection:
        pid = await connection.fetchval("SELECT pg_backend_pid()")
    with far.endless():
        await _end(superuser, pid)
        with pytest.raises(LOST):
            await _read(far.database)
        assert await _read(far.database) == 1


async def test_nor_does_a_session(far: Far, superuser: asyncpg.Connection) -> None:
    async with far.database.transaction(Wall.auth()) as session:
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
    with far.endless():
        await _end(superuser, pid)
        with pytest.raises(LOST):
            await _select(far.database)
        assert await _select(far.database) == 1
