"""An answer that is repeated is not worked out again: it is for a key that may see what it is about."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.graph.context import Context
from app.domains.webhooks.owners import Owner

Name = TypeVar("Name")


async def look_first(context: Context, find: Callable[[AsyncSession, Owner, Name], Awaitable[Any]], name: Name) -> None:
    """Raises what `find` raises for what is out of the key's sight."""
    async with context.read() as session:
        await find(session, Owner.of(context.actor), name)
