"""Reading programmes, classes and school years."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code
from app.domains.students.errors import ClassNotFound, ProgrammeNotFound, SchoolYearNotFound
from app.domains.students.records import ClassRecord, ProgrammeRecord, SchoolYearRecord
from app.domains.students.tables import Programme, SchoolClass, SchoolYear

PROGRAMME_COLUMNS = (col(Programme.id), col(Programme.code), col(Programme.label), col(Programme.closed_at))
CLASS_COLUMNS = (
    col(SchoolClass.id),
    col(SchoolClass.code),
    col(SchoolClass.label),
    col(SchoolClass.programme_id),
    col(SchoolClass.closed_at),
)
YEAR_COLUMNS = (
    col(SchoolYear.id),
    col(SchoolYear.code),
    col(SchoolYear.starts_on),
    col(SchoolYear.ends_on),
    col(SchoolYear.closed_at),
)


async def find_programme(session: AsyncSession, code: str, field: str = "code") -> ProgrammeRecord | None:
    """The programme with this code, in any case. Raises InvalidInput, naming `field`."""
    found = select(*PROGRAMME_COLUMNS).where(
        col(Programme.school_id) == THIS_SCHOOL, col(Programme.code) == normalise_code(code, field)
    )
    row = (await session.execute(found)).one_or_none()
    return ProgrammeRecord(*row) if row else None


async def require_programme(session: AsyncSession, code: str, field: str = "programme") -> ProgrammeRecord:
    """Raises ProgrammeNotFound and InvalidInput, naming `field`."""
    found = await find_programme(session, code, field)
    if found is None:
        raise ProgrammeNotFound(field=field, programme=code)
    return found


async def find_class(session: AsyncSession, code: str, field: str = "code") -> ClassRecord | None:
    """The class with this code, in any case. Raises InvalidInput, naming `field`."""
    found = select(*CLASS_COLUMNS).where(
        col(SchoolClass.school_id) == THIS_SCHOOL, col(SchoolClass.code) == normalise_code(code, field)
    )
    row = (await session.execute(found)).one_or_none()
    return ClassRecord(*row) if row else None


async def require_class(session: AsyncSession, code: str, field: str = "class") -> ClassRecord:
    """Raises ClassNotFound and InvalidInput, naming `field`."""
    found = await find_class(session, code, field)
    if found is None:
        raise ClassNotFound(field=field, school_class=code)
    return found


async def find_school_year(session: AsyncSession, code: str, field: str = "code") -> SchoolYearRecord | None:
    """The school year with this code, in any case. Raises InvalidInput, naming `field`."""
    found = select(*YEAR_COLUMNS).where(
        col(SchoolYear.school_id) == THIS_SCHOOL, col(SchoolYear.code) == normalise_code(code, field)
    )
    row = (await session.execute(found)).one_or_none()
    return SchoolYearRecord(*row) if row else None


async def require_school_year(session: AsyncSession, code: str, field: str = "schoolYear") -> SchoolYearRecord:
    """Raises SchoolYearNotFound and InvalidInput, naming `field`."""
    found = await find_school_year(session, code, field)
    if found is None:
        raise SchoolYearNotFound(field=field, school_year=code)
    return found


async def programme_of(session: AsyncSession, school_class: ClassRecord) -> ProgrammeRecord:
    [programme] = (await programmes_by_id(session, [school_class.programme_id])).values()
    return programme


async def programmes_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, ProgrammeRecord]:
    found = await session.execute(
        select(*PROGRAMME_COLUMNS).where(col(Programme.school_id) == THIS_SCHOOL, col(Programme.id).in_(ids))
    )
    return {row.id: ProgrammeRecord(*row) for row in found}


async def classes_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, ClassRecord]:
    found = await session.execute(
        select(*CLASS_COLUMNS).where(col(SchoolClass.school_id) == THIS_SCHOOL, col(SchoolClass.id).in_(ids))
    )
    return {row.id: ClassRecord(*row) for row in found}


async def school_years_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, SchoolYearRecord]:
    found = await session.execute(
        select(*YEAR_COLUMNS).where(col(SchoolYear.school_id) == THIS_SCHOOL, col(SchoolYear.id).in_(ids))
    )
    return {row.id: SchoolYearRecord(*row) for row in found}
