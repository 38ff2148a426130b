"""Passages by id, many at a time. Apart from `loaders`, on which the service builds: this knows the context."""

from collections.abc import Sequence
from uuid import UUID

from app.core.graph.context import Context
from app.domains.access import passage_reads
from app.domains.access.records import PassageRecord


async def passages_by_id(context: Context, ids: Sequence[UUID]) -> list[PassageRecord | None]:
    async with context.read() as session:
        found = await passage_reads.passages_by_id(session, context.actor, ids)
    return [found.get(id) for id in ids]
