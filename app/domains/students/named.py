"""Finding many students by their matricules at once: whom the events of a page speak of."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ARRAY, Text, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_matricule
from app.domains.students.tables import Student

FIND_STUDENTS = select(col(Student.id)).where(
    col(Student.school_id) == THIS_SCHOOL,
    col(Student.matricule_key) == func.any(bindparam("matricule_keys", type_=ARRAY(Text))),
)
"""Takes `matricule_keys`, normalised."""


async def students_named(session: AsyncSession, matricules: Collection[str]) -> list[UUID]:
    """The ids of those of the transaction's school who have these matricules; who is unknown is left out."""
    keys = [normalise_matricule(matricule) for matricule in matricules]
    return list(await session.scalars(FIND_STUDENTS, {"matricule_keys": keys}))
