"""What is done to a whole class at once: one transaction, statements over all rows, an event for each student."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.tables import THIS_SCHOOL
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.students.commands import checks
from app.domains.students.commands.people import student_facts
from app.domains.students.commands.statuses import end_running_enrolments
from app.domains.students.errors import ClassTooLarge, NotInClass
from app.domains.students.records import ClassChange, LeftOut, StudentIdentity
from app.domains.students.service.studies import require_class, require_school_year
from app.domains.students.tables import Enrolment, Student

LARGEST_CLASS: Final = 1_000
"""Members of one class in one year. A cohort of several thousand is a file for `skooly import students`."""


_MEMBER = (
    *(col(Student.id), col(Student.matricule), col(Student.first_name), col(Student.last_name), col(Student.status)),
    *(col(Student.matricule_key), col(Enrolment.starts_on), col(Enrolment.ends_on)),
)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody enrolled in the class for the year."""

    student: StudentIdentity
    matricule_key: str
    starts_on: date
    ends_on: date


async def graduate_class(
    session: AsyncSession,
    actor: Actor,
    *,
    school_class: str,
    school_year: str,
    today: date,
    on: date | None = None,
    except_: Sequence[str] | None = None,
) -> ClassChange:
    """Graduates on the day `on`, today where none is given, everybody who was in the class until its end or that day.

    Left out, with the reason: who is in `except_`, is suspended or gone already, left the class early or joins later.
    Raises ClassNotFound, SchoolYearNotFound, ClassTooLarge, NotInClass for a matricule of `except_`, and InvalidInput.
    """
    day = checks.day_past(on, today, "on")
    return await _change(session, actor, "graduated", school_class, school_year, day, except_ or ())


async def suspend_class(
    session: AsyncSession,
    actor: Actor,
    *,
    school_class: str,
    school_year: str,
    today: date,
    except_: Sequence[str] | None = None,
) -> ClassChange:
    """Suspends everybody who is in the class today; leaves out and raises as `graduate_class` does."""
    return await _change(session, actor, "suspended", school_class, school_year, today, except_ or ())


async def _change(
    session: AsyncSession,
    actor: Actor,
    status: str,
    school_class: str,
    school_year: str,
    day: date,
    excepted: Sequence[str],
) -> ClassChange:
    joined, year = await require_class(session, school_class), await require_school_year(session, school_year)
    members = await _members(session, joined.id, year.id)
    spared = _spared(members, excepted)
    until = min(day, year.ends_on) if status == "graduated" else day
    judged = [(member, _reason(member, day, until, spared)) for member in members]
    chosen = [member.student for member, reason in judged if reason is None]
    await _become(session, actor, chosen, status, day)
    left_out = (LeftOut(each.student.id, each.student.matricule, reason) for each, reason in judged if reason)
    return ClassChange(joined.code, year.code, tuple(student.id for student in chosen), tuple(left_out))


async def _members(session: AsyncSession, class_id: UUID, year_id: UUID) -> list[Member]:
    """Locked, in one order, so that nobody waits in a ring. Raises ClassTooLarge."""
    found = await session.execute(
        select(*_MEMBER)
        .join(Enrolment, (col(Enrolment.school_id) == Student.school_id) & (col(Enrolment.student_id) == Student.id))
        .where(
            col(Enrolment.school_id) == THIS_SCHOOL,
            col(Enrolment.class_id) == class_id,
            col(Enrolment.school_year_id) == year_id,
        )
        .order_by(col(Student.id))
        .with_for_update(of=Student, key_share=True)
    )
    members = [Member(StudentIdentity(*row[:5]), *row[5:]) for row in found]
    if len(members) > LARGEST_CLASS:
        raise ClassTooLarge(field="class", members=len(members), most=LARGEST_CLASS)
    return members


def _spared(members: Iterable[Member], excepted: Sequence[str]) -> frozenset[str]:
    """The keys of `excepted`. A mistyped one would do to somebody what was not meant for them: raises NotInClass."""
    known = {member.matricule_key for member in members}
    keys = {checks.matricule_as_written(matricule, "except")[1]: matricule for matricule in excepted}
    for key, matricule in keys.items():
        if key not in known:
            raise NotInClass(field="except", matricule=matricule)
    return frozenset(keys)


def _reason(member: Member, day: date, until: date, spared: frozenset[str]) -> str | None:
    """Why a member is left out; None for whom the change is made: who joined by `day` and stayed until `until`."""
    if member.matricule_key in spared:
        return "excepted"
    if member.student.status != "active":
        return member.student.status
    if member.starts_on > day:
        return "joins_later"
    return "left_class" if member.ends_on < until else None


async def _become(
    session: AsyncSession, actor: Actor, students: Sequence[StudentIdentity], status: str, day: date
) -> None:
    ids = [student.id for student in students]
    await session.execute(
        update(Student)
        .where(col(Student.school_id) == actor.school_id, col(Student.id).in_(ids))
        .values(status=status, updated_at=func.now())
    )
    if status == "graduated":
        await end_running_enrolments(session, actor, ids, day)
    topic = Topic.STUDENT_GRADUATED if status == "graduated" else Topic.STUDENT_UPDATED
    for student in students:
        record_event(session, topic, subject=student.id, facts=student_facts(student) | {"status": status})
