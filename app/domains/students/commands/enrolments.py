"""Who is in which class, and until when."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.tables import THIS_SCHOOL
from app.domains.students.commands import checks
from app.domains.students.commands.people import touch_student
from app.domains.students.errors import (
    AlreadyEnrolled,
    ClosedToEnrolment,
    EnrolmentNotFound,
    OtherProgramme,
    StudentGone,
)
from app.domains.students.records import ClassRecord, ProgrammeRecord, SchoolYearRecord, StudentIdentity
from app.domains.students.service.people import lock_student
from app.domains.students.service.studies import programme_of, require_class, require_school_year
from app.domains.students.tables import Enrolment

STUDYING = ("active", "suspended")


async def enrol_student(
    session: AsyncSession,
    actor: Actor,
    *,
    matricule: str,
    school_class: str,
    school_year: str,
    today: date,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> StudentIdentity:
    """Puts a student into a class, and so into its programme, for a school year or the days of it that are given.

    Raises StudentNotFound, ClassNotFound, SchoolYearNotFound, StudentGone, ClosedToEnrolment, AlreadyEnrolled, and
    InvalidInput for days outside the school year.
    """
    student = await lock_student(session, matricule)
    if student.status not in STUDYING:
        raise StudentGone(field="matricule", matricule=student.matricule, student_id=student.id)
    joined, year = await require_class(session, school_class), await require_school_year(session, school_year)
    await _require_open(session, joined, year)
    first = checks.day_within(starts_on or year.starts_on, year.starts_on, year.ends_on, "startsOn")
    last = checks.day_within(ends_on or year.ends_on, first, year.ends_on, "endsOn")
    made = insert(Enrolment).values(
        school_id=actor.school_id,
        student_id=student.id,
        programme_id=joined.programme_id,
        class_id=joined.id,
        school_year_id=year.id,
        starts_on=first,
        ends_on=last,
    )
    if await session.scalar(made.on_conflict_do_nothing().returning(col(Enrolment.id))) is None:
        raise AlreadyEnrolled(field="schoolYear", school_year=year.code, student_id=student.id)
    await touch_student(session, actor, student)
    return student


async def end_enrolment(
    session: AsyncSession,
    actor: Actor,
    *,
    matricule: str,
    school_class: str,
    school_year: str,
    today: date,
    on: date | None = None,
) -> StudentIdentity:
    """Makes `on`, today where none is given, the last day of an enrolment; one that has not begun cannot end.

    Raises StudentNotFound, ClassNotFound, SchoolYearNotFound, EnrolmentNotFound, and InvalidInput for a day outside
    the enrolment.
    """
    student = await lock_student(session, matricule)
    joined, year = await require_class(session, school_class), await require_school_year(session, school_year)
    enrolment = await _enrolment(session, student, joined, year)
    enrolment.ends_on = checks.day_within(on or today, enrolment.starts_on, enrolment.ends_on, "on")
    if session.is_modified(enrolment):
        await session.flush()
        await touch_student(session, actor, student)
    return student


async def move_student(
    session: AsyncSession,
    actor: Actor,
    *,
    matricule: str,
    school_class: str,
    to_class: str,
    school_year: str,
    today: date,
) -> StudentIdentity:
    """Takes a student from one class of a programme into another one, for the whole of the school year.

    Raises StudentNotFound, ClassNotFound, SchoolYearNotFound, EnrolmentNotFound, OtherProgramme, ClosedToEnrolment.
    """
    student = await lock_student(session, matricule)
    left, year = await require_class(session, school_class), await require_school_year(session, school_year)
    joined = await require_class(session, to_class, "toClass")
    enrolment = await _enrolment(session, student, left, year)
    if joined.id == left.id:
        return student
    if joined.programme_id != left.programme_id:
        raise OtherProgramme(field="toClass", school_class=joined.code)
    await _require_open(session, joined, year, "toClass")
    enrolment.class_id = joined.id
    await session.flush()
    await touch_student(session, actor, student)
    return student


async def _require_open(
    session: AsyncSession, joined: ClassRecord, year: SchoolYearRecord, field: str = "class"
) -> None:
    """Raises ClosedToEnrolment."""
    programme: ProgrammeRecord = await programme_of(session, joined)
    for place, named in ((joined, field), (programme, field), (year, "schoolYear")):
        if place.closed_at is not None:
            raise ClosedToEnrolment(field=named, closed=place.code)


async def _enrolment(
    session: AsyncSession, student: StudentIdentity, joined: ClassRecord, year: SchoolYearRecord
) -> Enrolment:
    """Raises EnrolmentNotFound."""
    found = await session.scalar(
        select(Enrolment).where(
            col(Enrolment.school_id) == THIS_SCHOOL,
            col(Enrolment.student_id) == student.id,
            col(Enrolment.class_id) == joined.id,
            col(Enrolment.school_year_id) == year.id,
        )
    )
    if found is None:
        raise EnrolmentNotFound(field="class", school_class=joined.code, school_year=year.code, student_id=student.id)
    return found
