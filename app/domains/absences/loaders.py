"""Absences by id, many at a time."""

from collections.abc import Sequence
from uuid import UUID

from app.core.graph.context import Context
from app.domains.absences import reads
from app.domains.absences.records import AbsenceRecord


async def absences_by_id(context: Context, ids: Sequence[UUID]) -> list[AbsenceRecord | None]:
    async with context.read() as session:
        found = await reads.absences_by_id(session, context.actor, ids)
    return [found.get(id) for id in ids]
