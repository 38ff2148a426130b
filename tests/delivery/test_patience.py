"""What ends a turn of a loop, and what ends the loop."""

import asyncpg
import pytest
from sqlalchemy import exc, text

from app.core.database import Database, Wall
from app.core.errors import Unavailable
from app.delivery.patience import Patience
from app.embedded import Addresses

BROKEN_OFF = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
"""What asyncpg says where PostgreSQL is killed in mid-answer: the fault run found it."""


@pytest.mark.parametrize(
    "failure",
    [ConnectionResetError(), Unavailable(), BROKEN_OFF, exc.TimeoutError()],
    ids=lambda it: type(it).__name__,
)
async def test_a_server_that_goes_ends_the_turn_only(failure: Exception) -> None:
    async with Patience("testing"):
        raise failure


@pytest.mark.parametrize("moment", ["in a statement", "at the commit"])
async def test_a_session_whose_connection_is_lost_ends_the_turn_only(
    database_url: str, servers: Addresses, moment: str
) -> None:
    superuser = await asyncpg.connect(servers.superuser_dsn())
    async with Database(database_url, pool_size=1) as database:
        lost = False
        async with Patience("testing"), database.transaction(Wall.auth()) as session:
            here = await session.scalar(text("SELECT pg_backend_pid()"))
            await superuser.execute(f"SELECT pg_terminate_backend({here}, 4000)")
            lost = True
            if moment == "in a statement":
                await session.execute(text("SELECT 1"))
        assert lost
        async with database.transaction(Wall.auth()) as session:
            assert await session.scalar(text("SELECT 1")) == 1
    await superuser.close()


async def test_a_mistake_of_ours_in_a_session_ends_the_loop(database_url: str) -> None:
    async with Database(database_url, pool_size=1) as database:
        with pytest.raises(exc.StatementError):
            async with Patience("testing"), database.transaction(Wall.auth()) as session:
                await session.execute(text("SELECT CAST(:forgotten AS int)"))


async def test_a_mistake_of_ours_ends_the_loop() -> None:
    with pytest.raises(KeyError):
        async with Patience("testing"):
            raise KeyError
