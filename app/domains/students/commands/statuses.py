"""Where a student stands with the school: active ↔ suspended, and from either to graduated or left, for good."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.students.commands import checks
from app.domains.students.commands.people import student_facts
from app.domains.students.errors import StatusConflict
from app.domains.students.records import StudentIdentity
from app.domains.students.service.people import lock_student
from app.domains.students.tables import Enrolment, Student

NEXT: Final[Mapping[str, frozenset[str]]] = {
    "active": frozenset({"suspended", "graduated", "left"}),
    "suspended": frozenset({"active", "graduated", "left"}),
    "graduated": frozenset(),
    "left": frozenset(),
}
"""What a student of a status may become."""


async def suspend_student(session: AsyncSession, actor: Actor, *, matricule: str, today: date) -> StudentIdentity:
    """Keeps a student away for a time: enrolments stay, access is denied. Raises StudentNotFound, StatusConflict."""
    return await _become(session, actor, matricule, "suspended")


async def reinstate_student(session: AsyncSession, actor: Actor, *, matricule: str, today: date) -> StudentIdentity:
    """Ends a suspension. Raises StudentNotFound, StatusConflict."""
    return await _become(session, actor, matricule, "active")


async def graduate_student(
    session: AsyncSession, actor: Actor, *, matricule: str, today: date, on: date | None = None
) -> StudentIdentity:
    """Finishes with a diploma; what runs ends on the day `on`, today where none is given.

    Raises StudentNotFound, StatusConflict, and InvalidInput for a day to come.
    """
    return await _leave(session, actor, matricule, "graduated", checks.day_past(on, today, "on"))


async def withdraw_student(
    session: AsyncSession, actor: Actor, *, matricule: str, today: date, on: date | None = None
) -> StudentIdentity:
    """Goes without a diploma; what runs ends on the day `on`, today where none is given.

    Raises StudentNotFound, StatusConflict, and InvalidInput for a day to come.
    """
    return await _leave(session, actor, matricule, "left", checks.day_past(on, today, "on"))


async def end_running_enrolments(session: AsyncSession, actor: Actor, students: Sequence[UUID], last_day: date) -> None:
    """What begins later stays, as what was planned."""
    await session.execute(
        update(Enrolment)
        .where(
            col(Enrolment.school_id) == actor.school_id,
            col(Enrolment.student_id).in_(students),
            col(Enrolment.starts_on) <= last_day,
            col(Enrolment.ends_on) > last_day,
        )
        .values(ends_on=last_day)
    )


async def _leave(session: AsyncSession, actor: Actor, matricule: str, status: str, last_day: date) -> StudentIdentity:
    student = await _become(session, actor, matricule, status)
    await end_running_enrolments(session, actor, [student.id], last_day)
    return student


async def _become(session: AsyncSession, actor: Actor, matricule: str, status: str) -> StudentIdentity:
    student = await lock_student(session, matricule)
    if status not in NEXT[student.status]:
        raise StatusConflict(matricule=student.matricule, status=student.status, wanted=status, student_id=student.id)
    await session.execute(
        update(Student)
        .where(col(Student.school_id) == actor.school_id, col(Student.id) == student.id)
        .values(status=status, updated_at=func.now())
    )
    changed = replace(student, status=status)
    topic = Topic.STUDENT_GRADUATED if status == "graduated" else Topic.STUDENT_UPDATED
    record_event(session, topic, subject=student.id, facts=student_facts(changed))
    return changed
