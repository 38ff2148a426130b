"""Finding many students by their matricules at once: whom the events of a page speak of."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ARRAY, Text, bindparam, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_matricule
from app.domains.students.tables import FormerMatricule, Student

_KEYS = func.any(bindparam("matricule_keys", type_=ARRAY(Text)))
FIND_STUDENTS = union(
    select(col(Student.id)).where(col(Student.school_id) == THIS_SCHOOL, col(Student.matricule_key) == _KEYS),
    select(col(FormerMatricule.student_id)).where(
        col(FormerMatricule.school_id) == THIS_SCHOOL, col(FormerMatricule.matricule_key) == _KEYS
    ),
)
"""Takes `matricule_keys`, normalised."""


async def students_named(session: AsyncSession, matricules: Collection[str]) -> list[UUID]:
    """The ids of those of the transaction's school who have these matricules or had them; who is unknown is left out.

    An event tells the matricule of its day. Where that is somebody else's now, both are meant: whom an audit names
    beyond those who were seen loses nothing, and whom it leaves out is not told.
    """
    keys = [normalise_matricule(matricule) for matricule in matricules]
    return list(await session.scalars(FIND_STUDENTS, {"matricule_keys": keys}))
