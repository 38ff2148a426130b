"""What this process needs in order to work, each asked in one cheap round trip."""

from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

from app.core.database import Database, Wall
from app.web.health import Check

VALKEY_SECONDS = 1.0


def checks(database: Database, revision: str, redis: Redis, is_keyring_fresh: Callable[[], bool]) -> tuple[Check, ...]:
    """`revision` is the migration the code was written for."""

    async def keyring() -> bool:
        return is_keyring_fresh()

    return (
        Check("database", _database(database)),
        Check("migrations", _migrations(database, revision)),
        Check("keyring", keyring),
        Check("valkey", _valkey(redis), essential=False),
    )


def _database(database: Database) -> Callable[[], Awaitable[bool]]:
    async def probe() -> bool:
        async with database.raw(Wall.auth()) as connection:
            return bool(await connection.fetchval("SELECT true"))

    return probe


def _migrations(database: Database, revision: str) -> Callable[[], Awaitable[bool]]:
    async def probe() -> bool:
        async with database.raw(Wall.auth()) as connection:
            found = await connection.fetchval("SELECT version_num FROM alembic_version")
        return bool(found == revision)

    return probe


def _valkey(redis: Redis) -> Callable[[], Awaitable[bool]]:
    async def probe() -> bool:
        return bool(await redis.ping())

    return probe
