"""What a real PostgreSQL does to an operation, and what becomes of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import asyncpg
import pytest
import strawberry
from sqlalchemy import text
from strawberry import argument

from app.api.errors import Internal, Timeout
from app.api.executor import Executor, Request
from app.api.operations import Preparer
from app.api.schema import assemble
from app.core.database import Database
from app.core.errors import Unavailable
from app.core.graph.context import Info
from app.core.graph.scoped import scoped
from app.core.ids import new_id
from app.core.scopes import Scope
from app.embedded import Addresses
from tests.api.support import actor, make_executor, no_audit
from tests.support.clock import FixedClock

Run = Callable[..., Awaitable[Any]]


async def _sql(info: Info, statements: Annotated[list[str], argument(description="SQL.")]) -> str:
    """The first column of what the last statement gives."""
    async with info.context.read() as session:
        for statement in statements[:-1]:
            await session.execute(text(statement))
        return str(await session.scalar(text(statements[-1])))


@strawberry.type
class Query:
    sql: str | None = scoped(Scope.STUDENTS_READ, description="Runs SQL.", resolver=_sql)


SLOW = "SELECT pg_sleep(30)::text"
KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query = $1"


def make_run(database: Database, *, seconds: float = 5.0) -> Run:
    schema = assemble([Query])
    executor = make_executor(schema, database=database, seconds=seconds)
    prepared = Preparer(schema).prepare("query Q($s: [String!]!) { sql(statements: $s) }")

    async def run(*statements: str) -> Any:
        outcome = await executor.execute(prepared, {"s": list(statements)}, actor(), Request(new_id(), "fr", "graphql"))
        assert not outcome.errors
        return outcome.data

    return run


@pytest.fixture(scope="session")
def run(database: Database) -> Run:
    return make_run(database)


async def test_a_statement_that_takes_too_long_is_a_timeout(run: Run) -> None:
    with pytest.raises(Timeout):
        await run("SET LOCAL statement_timeout = '50ms'", SLOW)


async def test_an_operation_that_takes_too_long_gives_its_connection_back(database: Database) -> None:
    run = make_run(database, seconds=0.2)
    for _ in range(database.pool_size + 1):
        with pytest.raises(Timeout):
            await run(SLOW)
    assert await make_run(database)("SELECT 'back'") == {"sql": "back"}


async def test_a_lost_connection_is_unavailable_and_the_next_one_works(run: Run, servers: Addresses) -> None:
    superuser = await asyncpg.connect(servers.superuser_dsn())
    running = asyncio.create_task(run(SLOW))
    while not await superuser.fetchval(KILL, SLOW):
        assert not running.done()
    with pytest.raises(Unavailable):
        await running
    await superuser.close()
    assert await run("SELECT 'back'") == {"sql": "back"}


async def test_a_mistake_in_our_sql_is_internal_and_says_nothing(run: Run) -> None:
    with pytest.raises(Internal) as failure:
        await run("SELECT no_such_column_of_ours")
    assert "no_such_column" not in failure.value.message("en")


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    schema = assemble([Query])
    executor = Executor(schema, Database("postgresql+asyncpg://skooly@127.0.0.1:1/x"), FixedClock(), no_audit)
    prepared = Preparer(schema).prepare('{ sql(statements: "SELECT 1") }')
    with pytest.raises(Unavailable):
        await executor.execute(prepared, {}, actor(), Request(new_id(), "fr", "graphql"))
