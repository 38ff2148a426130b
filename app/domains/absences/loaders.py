"""Absences by id, and those of students, many at a time."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from app.core.graph.context import Context
from app.core.pagination import Page, Position
from app.domains.absences import reads
from app.domains.absences.records import AbsenceRecord


async def absences_by_id(context: Context, ids: Sequence[UUID]) -> list[AbsenceRecord | None]:
    async with context.read() as session:
        found = await reads.absences_by_id(session, context.actor, ids)
    return [found.get(id) for id in ids]


OfStudent = tuple[UUID, int, Position | None]
"""A student, how many, and after which."""


async def absences_of_students(context: Context, asked: Sequence[OfStudent]) -> list[Page[AbsenceRecord]]:
    """Usually all ask the first page: one statement."""
    of_page: defaultdict[tuple[int, Position | None], list[UUID]] = defaultdict(list)
    for student, first, after in asked:
        of_page[first, after].append(student)
    found: dict[OfStudent, Page[AbsenceRecord]] = {}
    async with context.read() as session:
        for (first, after), students in of_page.items():
            read = await reads.absences_of(session, students, first, after)
            found |= {(student, first, after): page for student, page in read.items()}
    return [found[each] for each in asked]
