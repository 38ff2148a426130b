"""The harness itself: what every other test relies on."""

import redis.asyncio
from sqlalchemy import text

from app.core.database import Database, Wall
from app.core.migrate import current, head


async def test_the_worker_database_is_migrated(database_url: str) -> None:
    assert await current(database_url) == head()


async def test_the_login_is_the_production_one(database: Database) -> None:
    async with database.engine.connect() as connection:
        row = (
            await connection.execute(
                text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
            )
        ).one()
    assert tuple(row) == ("skooly", False, False)


async def test_a_fresh_database_is_another_one(database: Database, fresh_database: Database) -> None:
    names = set()
    for one in (database, fresh_database):
        async with one.transaction(Wall.auth()) as session:
            names.add(await session.scalar(text("SELECT current_database()")))
    assert len(names) == 2


async def test_valkey_answers(redis_url: str) -> None:
    client = redis.asyncio.from_url(redis_url)
    assert await client.ping()
    await client.aclose()
