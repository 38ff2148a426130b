"""Students, what they study and the badges they carry."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.ids import new_id
from app.core.text import normalise_matricule
from app.domains.students.commands import assign_badge
from app.domains.students.records import StudentIdentity
from app.domains.students.tables import Enrolment, Programme, SchoolClass, SchoolYear, Student

YEAR = (date(2024, 10, 1), date(2025, 7, 31))
"""Around the day the fixed clock stands at."""


async def make_class(
    session: AsyncSession, school_id: UUID, *, programme: str = "INF", code: str | None = None
) -> SchoolClass:
    """A class of a programme, which is made where there is none."""
    owner = await session.scalar(
        select(Programme).where(col(Programme.school_id) == school_id, col(Programme.code) == programme)
    )
    if owner is None:
        owner = Programme(school_id=school_id, id=new_id(), code=programme, label=f"Programme {programme}")
        session.add(owner)
        await session.flush()
    code = code or f"{programme}-{uuid4().hex[:6].upper()}"
    made = SchoolClass(school_id=school_id, id=new_id(), code=code, label=f"Classe {code}", programme_id=owner.id)
    session.add(made)
    await session.flush()
    return made


async def make_year(
    session: AsyncSession, school_id: UUID, *, code: str = "2024-2025", days: tuple[date, date] = YEAR
) -> SchoolYear:
    """A school year; the one that is there already where its code is taken."""
    found = await session.scalar(
        select(SchoolYear).where(col(SchoolYear.school_id) == school_id, col(SchoolYear.code) == code)
    )
    if found is not None:
        return found
    made = SchoolYear(school_id=school_id, id=new_id(), code=code, starts_on=days[0], ends_on=days[1])
    session.add(made)
    await session.flush()
    return made


async def make_student(
    session: AsyncSession,
    school_id: UUID,
    *,
    matricule: str | None = None,
    first_name: str = "Awa",
    last_name: str = "Ndiaye",
    status: str = "active",
    enrolled_in: str | None = "INF",
    days: tuple[date, date] = YEAR,
) -> StudentIdentity:
    """A student, enrolled on `days` in a class of the programme `enrolled_in`, or in none."""
    matricule = matricule or f"T{uuid4().hex[:10].upper()}"
    student = Student(
        school_id=school_id,
        id=new_id(),
        matricule=matricule,
        matricule_key=normalise_matricule(matricule),
        first_name=first_name,
        last_name=last_name,
        status=status,
    )
    session.add(student)
    await session.flush()
    if enrolled_in is not None:
        await make_enrolment(session, school_id, student.id, programme=enrolled_in, days=days)
    return StudentIdentity(student.id, matricule, first_name, last_name, status)


async def make_enrolment(
    session: AsyncSession, school_id: UUID, student_id: UUID, *, programme: str = "INF", days: tuple[date, date] = YEAR
) -> SchoolClass:
    """Puts a student into a new class of a programme on `days`."""
    joined = await make_class(session, school_id, programme=programme)
    await fill_class(session, school_id, joined, [student_id], days)
    return joined


async def fill_class(
    session: AsyncSession,
    school_id: UUID,
    joined: SchoolClass,
    students: Iterable[UUID],
    days: tuple[date, date] = YEAR,
    school_year: str = "2024-2025",
) -> None:
    """Puts students into a class on `days` of a school year, which is made where there is none."""
    year = await make_year(session, school_id, code=school_year)
    for student_id in students:
        session.add(
            Enrolment(
                school_id=school_id,
                id=new_id(),
                student_id=student_id,
                programme_id=joined.programme_id,
                class_id=joined.id,
                school_year_id=year.id,
                starts_on=days[0],
                ends_on=days[1],
            )
        )
    await session.flush()


async def make_badge(session: AsyncSession, actor: Actor, matricule: str, uid: str | None = None) -> str:
    """A badge in a student's hands; its text, normalised."""
    given = await assign_badge(session, actor, matricule=matricule, uid=uid or f"B{uuid4().hex[:12]}")
    return given.badge.badge
