"""Bare connections come back to their pool usable, whatever happened to their transaction."""

import asyncio

import asyncpg
import pytest

from app.core.database import FAILURES, Database, Wall
from app.embedded import Addresses


async def _works(database: Database) -> None:
    async with database.raw(Wall.auth()) as connection:
        assert await connection.fetchval("SELECT current_user") == "skooly_auth"


async def test_after_a_role_that_is_refused(database_url: str) -> None:
    async with Database(database_url, pool_size=1) as database:
        with pytest.raises(asyncpg.InvalidParameterValueError):
            async with database.raw(Wall("skooly_nobody")):
                pass
        await _works(database)


async def test_after_a_failed_statement(database_url: str) -> None:
    async with Database(database_url, pool_size=1) as database:
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with database.raw(Wall.auth()) as connection:
                await connection.execute("SELECT 1 / 0")
        await _works(database)


async def test_after_a_call_that_was_given_up(database_url: str) -> None:
    async with Database(database_url, pool_size=1) as database:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), database.raw(Wall.auth()) as connection:
                await connection.execute("SELECT pg_sleep(4)")
        await _works(database)


async def test_after_the_server_has_cut_the_connection(database_url: str, servers: Addresses) -> None:
    superuser = await asyncpg.connect(servers.superuser_dsn())
    async with Database(database_url, pool_size=1) as database:
        with pytest.raises(FAILURES):
            async with database.raw(Wall.auth()) as connection:
                here = await connection.fetchval("SELECT pg_backend_pid()")
                await superuser.execute(f"SELECT pg_terminate_backend({here}, 4000)")
                await connection.execute("SELECT 1")
        await _works(database)
    await superuser.close()
