"""The database of a command whose commits are rung for, so that webhooks and live events go out at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from app.core.database import Database
from app.core.doorbell import Doorbell
from app.settings import Settings


@asynccontextmanager
async def open_database(settings: Settings, *, pool_size: int = 10) -> AsyncIterator[Database]:
    """Rings once, when the command is done with it. Without Valkey it is found within a second all the same."""
    grown: dict[UUID, int] = {}
    async with Database(settings.database_url, pool_size=pool_size, announce=grown.__setitem__) as database:
        try:
            yield database
        finally:
            if grown:
                async with Doorbell(settings.redis_url) as doorbell:
                    await doorbell.ring_now(grown)
