"""Changing who studies here and who carries which badge; each change puts its event into the log."""

import unicodedata
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.errors import InvalidInput
from app.core.text import normalise_badge, normalise_code, normalise_matricule, refuse_control_characters
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.students.errors import (
    AlreadyEnrolled,
    BadgeNotFound,
    ClassNotFound,
    MatriculeTaken,
    SchoolYearNotFound,
)
from app.domains.students.records import BadgeHolder, StudentIdentity
from app.domains.students.service import find_badge_holder, require_student
from app.domains.students.tables import Badge, Enrolment, SchoolClass, SchoolYear, Student

LONGEST_NAME = 100


async def create_student(
    session: AsyncSession,
    actor: Actor,
    *,
    matricule: str,
    first_name: str,
    last_name: str,
    birth_date: date | None = None,
    email: str | None = None,
) -> StudentIdentity:
    """Raises MatriculeTaken, and InvalidInput for unusable texts."""
    written = " ".join(unicodedata.normalize("NFC", matricule).split())
    values: dict[str, Any] = {
        "school_id": actor.school_id,
        "matricule": written,
        "matricule_key": normalise_matricule(matricule),
        "first_name": _name(first_name, "firstName"),
        "last_name": _name(last_name, "lastName"),
        "birth_date": birth_date,
        "email": email,
    }
    made = insert(Student).values(values).on_conflict_do_nothing(constraint="uq_student_school_id_matricule_key")
    student_id = await session.scalar(made.returning(col(Student.id)))
    if student_id is None:
        raise MatriculeTaken(field="matricule", matricule=written)
    student = StudentIdentity(student_id, written, values["first_name"], values["last_name"], "active")
    record_event(session, Topic.STUDENT_CREATED, subject=student.id, facts=student_facts(student))
    return student


async def enrol_student(
    session: AsyncSession, actor: Actor, *, matricule: str, school_class: str, school_year: str
) -> None:
    """Puts a student into a class, and so into its programme, from the first to the last day of a school year.

    Raises StudentNotFound, ClassNotFound, SchoolYearNotFound and AlreadyEnrolled.
    """
    student = await require_student(session, matricule)
    group, year = await _class(session, actor, school_class), await _year(session, actor, school_year)
    made = insert(Enrolment).values(
        school_id=actor.school_id,
        student_id=student.id,
        programme_id=group.programme_id,
        class_id=group.id,
        school_year_id=year.id,
        starts_on=year.starts_on,
        ends_on=year.ends_on,
    )
    if await session.scalar(made.on_conflict_do_nothing().returning(col(Enrolment.id))) is None:
        raise AlreadyEnrolled(field="schoolYear", school_year=year.code)
    await _touch(session, actor, student.id)
    record_event(session, Topic.STUDENT_UPDATED, subject=student.id, facts=student_facts(student))


async def assign_badge(session: AsyncSession, actor: Actor, *, matricule: str, uid: str) -> BadgeHolder:
    """Gives a badge to a student; whoever carried it before no longer does. Changes nothing when it is theirs.

    Raises StudentNotFound, and InvalidInput for unusable texts.
    """
    badge = normalise_badge(uid, "badge")
    student = await require_student(session, matricule)
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(badge, 0))))
    former = await find_badge_holder(session, badge)
    if former is not None and former.student.id == student.id:
        return former
    if former is not None:
        await _revoke(session, actor, former)
    given = insert(Badge).values(school_id=actor.school_id, uid=badge, student_id=student.id)
    badge_id = (await session.execute(given.returning(col(Badge.id)))).scalar_one()
    holder = BadgeHolder(badge, student)
    record_event(session, Topic.BADGE_ASSIGNED, subject=badge_id, facts=badge_facts(holder))
    return holder


async def revoke_badge(session: AsyncSession, actor: Actor, *, uid: str) -> BadgeHolder:
    """Takes a badge back and says from whom. Raises BadgeNotFound where nobody carries it."""
    holder = await find_badge_holder(session, uid, field="badge")
    if holder is None or not await _revoke(session, actor, holder):
        raise BadgeNotFound(field="badge", badge=uid)
    return holder


def student_facts(student: StudentIdentity) -> dict[str, Any]:
    """What the log keeps of a student."""
    return {
        "matricule": student.matricule,
        "first_name": student.first_name,
        "last_name": student.last_name,
        "status": student.status,
    }


def badge_facts(holder: BadgeHolder) -> dict[str, Any]:
    """What the log keeps of a badge given or taken back."""
    return {"badge": holder.badge, "matricule": holder.student.matricule}


async def _revoke(session: AsyncSession, actor: Actor, holder: BadgeHolder) -> bool:
    revoked = await session.scalar(
        update(Badge)
        .where(
            col(Badge.school_id) == actor.school_id,
            col(Badge.uid) == holder.badge,
            col(Badge.revoked_at).is_(None),
        )
        .values(revoked_at=func.now())
        .returning(col(Badge.id))
    )
    if revoked is not None:
        record_event(session, Topic.BADGE_REVOKED, subject=revoked, facts=badge_facts(holder))
    return revoked is not None


async def _class(session: AsyncSession, actor: Actor, code: str) -> SchoolClass:
    found = await session.scalar(
        select(SchoolClass).where(
            col(SchoolClass.school_id) == actor.school_id,
            col(SchoolClass.code) == normalise_code(code, "schoolClass"),
        )
    )
    if found is None:
        raise ClassNotFound(field="schoolClass", school_class=code)
    return found


async def _year(session: AsyncSession, actor: Actor, code: str) -> SchoolYear:
    found = await session.scalar(
        select(SchoolYear).where(
            col(SchoolYear.school_id) == actor.school_id,
            col(SchoolYear.code) == normalise_code(code, "schoolYear"),
        )
    )
    if found is None:
        raise SchoolYearNotFound(field="schoolYear", school_year=code)
    return found


async def _touch(session: AsyncSession, actor: Actor, student_id: UUID) -> None:
    await session.execute(
        update(Student)
        .where(col(Student.school_id) == actor.school_id, col(Student.id) == student_id)
        .values(updated_at=func.now())
    )


def _name(text: str, field: str) -> str:
    cleaned = " ".join(unicodedata.normalize("NFC", refuse_control_characters(text, field)).split())
    if not 1 <= len(cleaned) <= LONGEST_NAME:
        raise InvalidInput(
            field=field,
            reason_fr=f"de 1 à {LONGEST_NAME} caractères",
            reason_en=f"1 to {LONGEST_NAME} characters",
        )
    return cleaned
