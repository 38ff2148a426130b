"""Absences by id, and those of students, many at a time."""

from collections.abc import Sequence
from uuid import UUID

from app.core.graph.context import Context
from app.core.graph.paging import OfOwner, pages_of_owners
from app.core.pagination import Page
from app.domains.absences import reads
from app.domains.absences.records import AbsenceRecord


async def absences_by_id(context: Context, ids: Sequence[UUID]) -> list[AbsenceRecord | None]:
    async with context.read() as session:
        found = await reads.absences_by_id(session, context.actor, ids)
    return [found.get(id) for id in ids]


async def absences_of_students(context: Context, asked: Sequence[OfOwner]) -> list[Page[AbsenceRecord]]:
    return await pages_of_owners(context, asked, reads.absences_of)
