"""Who the subjects of audit entries are."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from app.core.graph.context import Context

MATRICULES_OF = text(
    """
SELECT id, matricule FROM student
WHERE school_id = current_setting('app.school')::uuid AND id = ANY (CAST(:ids AS uuid[]))
"""
)


async def matricules_of(context: Context, groups: Sequence[tuple[UUID, ...]]) -> list[list[str]]:
    """The matricules of each group of students, in its order; whoever was forgotten or is gone is left out.

    Reading them is audited.
    """
    wanted = {student for group in groups for student in group}
    async with context.read() as session:
        found = await session.execute(MATRICULES_OF, {"ids": sorted(wanted)})
        matricules: dict[UUID, str] = {row.id: row.matricule for row in found}
    context.saw(*matricules)
    return [[matricules[student] for student in group if student in matricules] for group in groups]
