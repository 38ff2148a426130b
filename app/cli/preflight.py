"""What every long-running command makes sure of before it serves: walls that stand."""

import asyncio

from app.core.database import Database
from app.core.safety import refuse_unsafe
from app.domains.tables import SHARED


def preflight(url: str) -> None:
    """Raises UnsafeDatabase, Unavailable."""
    asyncio.run(_preflight(url))


async def _preflight(url: str) -> None:
    async with Database(url, pool_size=1) as database:
        await refuse_unsafe(database, SHARED)
