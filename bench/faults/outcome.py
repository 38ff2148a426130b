"""What the database says at the end, asked as the superuser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from bench.faults.verdict import Committed

UNFINISHED = "SELECT count(*) FROM delivery WHERE state <> 'succeeded'"
BEHIND = "SELECT count(*) FROM fan_out JOIN school_log USING (school_id) WHERE last_position > expanded_to"
# The dataset's own invoices carry another label, and were made before there was an endpoint.
INVOICES = "SELECT id::text, label FROM invoice WHERE label <> 'Scolarité'"


async def drained(dsn: str) -> bool:
    """Whether everything that happened was delivered. False too while the database is away."""
    try:
        async with _connected(dsn) as connection:
            return not await connection.fetchval(BEHIND) and not await connection.fetchval(UNFINISHED)
    except (OSError, asyncpg.PostgresError):
        return False


async def read_committed(dsn: str) -> Committed:
    async with _connected(dsn) as connection:
        attempts = await connection.fetch("SELECT outcome, count(*) AS n FROM attempt GROUP BY outcome ORDER BY 1")
        return Committed(
            labels={row["id"]: row["label"] for row in await connection.fetch(INVOICES)},
            attempts={row["outcome"]: row["n"] for row in attempts},
            spent=await connection.fetchval("SELECT coalesce(sum(failures), 0) FROM delivery"),
            unfinished=await connection.fetchval(UNFINISHED),
        )


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()
