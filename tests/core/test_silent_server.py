"""A server that stops answering without closing its connections: a lost network, a machine that is gone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.core.database import Database
from app.core.errors import Unavailable

PATIENCE = 5.0
"""Seconds."""


class Line:
    """Between a client and PostgreSQL; once it is cut, nothing passes and nothing closes."""

    def __init__(self) -> None:
        self.passing = asyncio.Event()
        self.passing.set()
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
        writer.close()


async def test_a_batched_read_gives_up_and_the_next_one_works(database_url: str, tmp_path: Path) -> None:
    """Two such reads would otherwise hold both places of a batcher until TCP notices, a quarter of an hour later."""
    url = make_url(database_url)
    server = Path(str(url.query["host"])) / ".s.PGSQL.5432"
    line = Line()
    async with line.between(server, tmp_path / ".s.PGSQL.5432"):
        there = url.set(query={**url.query, "host": str(tmp_path)}).render_as_string(hide_password=False)
        async with Database(there, answer_seconds=0.5) as database:
            assert await database.fetch("SELECT 1")
            line.passing.clear()
            try:
                with pytest.raises(Unavailable):
                    await asyncio.wait_for(database.fetch("SELECT 2"), PATIENCE)
            finally:
                line.passing.set()
            assert await database.fetch("SELECT 3")
