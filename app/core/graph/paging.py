"""Pages of what belongs to each of many: the invoices of each student of a list, read by one statement."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.graph.context import Context
from app.core.pagination import Page, Position

Record = TypeVar("Record")

OfOwner = tuple[UUID, int, Position | None]
"""Whose, and the page of theirs that is asked: so many after a position."""


async def pages_of_owners(
    context: Context,
    asked: Sequence[OfOwner],
    read: Callable[[AsyncSession, Sequence[UUID], int, Position | None], Awaitable[Mapping[UUID, Page[Record]]]],
) -> list[Page[Record]]:
    """What `read(session, owners, first, after)` finds for each. Usually all ask the first page: one statement."""
    of_page: defaultdict[tuple[int, Position | None], list[UUID]] = defaultdict(list)
    for owner, first, after in asked:
        of_page[first, after].append(owner)
    found: dict[OfOwner, Page[Record]] = {}
    async with context.read() as session:
        for (first, after), owners in of_page.items():
            pages = await read(session, owners, first, after)
            found |= {(owner, first, after): page for owner, page in pages.items()}
    return [found[each] for each in asked]
