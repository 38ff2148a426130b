"""Migrations, run as the owner of the tables and under a lock, so that two starts at once are harmless."""

import re
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.core.database import UNREACHABLE
from app.core.errors import Unavailable
from app.core.roles import OWNER

FOLDER = Path(__file__).resolve().parents[2] / "migrations"
LOCK = 0x536B6F6F6C79  # "Skooly"
PARTITION = re.compile(r"_(p|before_)\d{4}_\d{2}$")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """The newest revision in the code."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


async def upgrade(url: str) -> None:
    """Brings the database to the newest revision. `url` is the application's own SQLAlchemy URL.

    Raises Unavailable.
    """
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SET LOCAL ROLE {OWNER}"))
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
            await connection.execute(text("SET LOCAL transaction_timeout = 0"))
            await connection.execute(text("SET LOCAL lock_timeout = 0"))
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            await connection.run_sync(_upgrade)
    except UNREACHABLE as error:
        raise Unavailable from error
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def current(url: str) -> str | None:
    """The revision the database is at; None for an empty one."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"SET LOCAL ROLE {OWNER}"))
            return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    finally:
        await engine.dispose()


async def differences(url: str, metadata: MetaData) -> list[str]:
    """What the tables in the code and those in the database disagree on; empty when they are equal."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"SET LOCAL ROLE {OWNER}"))
            return await connection.run_sync(lambda sync: _compare(sync, metadata))
    finally:
        await engine.dispose()


def _compare(connection: Connection, metadata: MetaData) -> list[str]:
    options = {"compare_type": True, "include_name": not_a_partition}
    context = MigrationContext.configure(connection, opts=options)
    return [repr(difference) for difference in compare_metadata(context, metadata)]


def not_a_partition(name: str | None, kind: str, _: object) -> bool:
    """Partitions are made by `app.core.partitions` and by folding old ones, not by migrations."""
    return not (kind == "table" and name is not None and PARTITION.search(name))
