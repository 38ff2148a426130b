"""Students by id, many at a time."""

from collections.abc import Sequence
from uuid import UUID

from app.core.clock import today
from app.core.graph.context import Context
from app.domains.students.records import StudentRecord
from app.domains.students.service import describe_students


async def students_by_id(context: Context, ids: Sequence[UUID]) -> list[StudentRecord | None]:
    on = today(context.clock, context.actor.timezone)
    async with context.read() as session:
        found = await describe_students(session, ids, on=on)
    return [found.get(id) for id in ids]
