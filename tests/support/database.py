"""Databases for tests: migrated once into a template, then cloned in milliseconds."""

import fcntl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg

from app.core.migrate import upgrade
from app.core.roles import OWNER, bootstrap_roles
from app.embedded import Addresses

TEMPLATE = "skooly_template"
DRAFT = "skooly_draft"


async def clone(servers: Addresses, name: str) -> str:
    """Makes the database `name`, migrated and empty, and returns its URL with the production login."""
    with _one_at_a_time(servers):
        await _make_template(servers)
        await _run(servers, f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE} OWNER {OWNER}')
        await bootstrap_roles(servers.superuser_dsn(), name)
    return servers.database_url(name)


async def drop(servers: Addresses, name: str) -> None:
    await _run(servers, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def _make_template(servers: Addresses) -> None:
    """Once per run: the first worker migrates, the others find the renamed result."""
    async with _superuser(servers) as connection:
        if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", TEMPLATE):
            return
    await drop(servers, DRAFT)
    await bootstrap_roles(servers.superuser_dsn(), DRAFT)
    await upgrade(servers.database_url(DRAFT))
    await _run(servers, f"ALTER DATABASE {DRAFT} RENAME TO {TEMPLATE}")


async def _run(servers: Addresses, statement: str) -> None:
    async with _superuser(servers) as connection:
        await connection.execute(statement)


@asynccontextmanager
async def _superuser(servers: Addresses) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(servers.superuser_dsn())
    try:
        yield connection
    finally:
        await connection.close()


@contextmanager
def _one_at_a_time(servers: Addresses) -> Iterator[None]:
    """Workers are processes, and roles are rows that all databases share."""
    with (servers.sockets / "tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
