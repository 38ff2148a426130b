"""Making students and changing what is known about them."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.text import normalise_matricule
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.students.commands import checks
from app.domains.students.errors import MatriculeTaken
from app.domains.students.records import StudentIdentity
from app.domains.students.service.people import lock_student
from app.domains.students.tables import FormerMatricule, Student

_ONE_MATRICULE = "uq_student_school_id_matricule_key"


async def create_student(
    session: AsyncSession,
    actor: Actor,
    *,
    matricule: str,
    first_name: str,
    last_name: str,
    today: date,
    birth_date: date | None = None,
    email: str | None = None,
) -> StudentIdentity:
    """Raises MatriculeTaken, and InvalidInput for unusable texts and days."""
    written, key = checks.matricule_as_written(matricule)
    values: dict[str, Any] = {
        "school_id": actor.school_id,
        "matricule": written,
        "matricule_key": key,
        "first_name": checks.name(first_name, "firstName"),
        "last_name": checks.name(last_name, "lastName"),
        "birth_date": checks.birth_date(birth_date, today),
        "email": checks.email(email),
    }
    made = insert(Student).values(values).on_conflict_do_nothing(constraint=_ONE_MATRICULE)
    student_id = await session.scalar(made.returning(col(Student.id)))
    if student_id is None:
        raise MatriculeTaken(field="matricule", matricule=written)
    student = StudentIdentity(student_id, written, values["first_name"], values["last_name"], "active")
    record_event(session, Topic.STUDENT_CREATED, subject=student.id, facts=student_facts(student))
    return student


async def update_student(
    session: AsyncSession, actor: Actor, *, matricule: str, today: date, **changes: Any
) -> StudentIdentity:
    """`changes`: new_matricule, first_name, last_name, birth_date, email; what is not named stays as it is.

    Says nothing in the log where nothing changes. Raises StudentNotFound, MatriculeTaken and InvalidInput.
    """
    student = await lock_student(session, matricule)
    wanted = _checked(changes, today)
    if not wanted or not await _write(session, actor, student.id, wanted):
        return student
    changed = await lock_student(session, wanted.get("matricule", student.matricule))
    await _keep_former(session, actor, student, changed)
    facts = student_facts(changed)
    if changed.matricule != student.matricule:
        facts["former_matricule"] = student.matricule
    record_event(session, Topic.STUDENT_UPDATED, subject=student.id, facts=facts)
    return changed


def _checked(changes: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The columns to write."""
    wanted: dict[str, Any] = {}
    if "new_matricule" in changes:
        written = changes["new_matricule"] or ""
        wanted["matricule"], wanted["matricule_key"] = checks.matricule_as_written(written, "newMatricule")
    if "first_name" in changes:
        wanted["first_name"] = checks.name(changes["first_name"], "firstName")
    if "last_name" in changes:
        wanted["last_name"] = checks.name(changes["last_name"], "lastName")
    if "birth_date" in changes:
        wanted["birth_date"] = checks.birth_date(changes["birth_date"], today)
    if "email" in changes:
        wanted["email"] = checks.email(changes["email"])
    return wanted


async def _write(session: AsyncSession, actor: Actor, student_id: UUID, wanted: Mapping[str, Any]) -> bool:
    """Whether anything differed. Raises MatriculeTaken."""
    columns = Student.__table__.c  # type: ignore[attr-defined]
    differs = [columns[each].is_distinct_from(value) for each, value in wanted.items()]
    statement = (
        update(Student)
        .where(col(Student.school_id) == actor.school_id, col(Student.id) == student_id)
        .where(or_(*differs))
        .values(**wanted, updated_at=func.now())
        .returning(col(Student.id))
    )
    try:
        async with session.begin_nested():
            return await session.scalar(statement) is not None
    except IntegrityError as error:
        if _ONE_MATRICULE in str(error.orig):
            raise MatriculeTaken(field="newMatricule", matricule=wanted["matricule"]) from None
        raise


async def _keep_former(session: AsyncSession, actor: Actor, before: StudentIdentity, after: StudentIdentity) -> None:
    former = normalise_matricule(before.matricule)
    if former != normalise_matricule(after.matricule):
        kept = insert(FormerMatricule).values(school_id=actor.school_id, matricule_key=former, student_id=before.id)
        await session.execute(kept.on_conflict_do_nothing())


async def touch_student(session: AsyncSession, actor: Actor, student: StudentIdentity) -> None:
    """Whoever asks what changed since yesterday is told of a student whose studies changed."""
    await session.execute(
        update(Student)
        .where(col(Student.school_id) == actor.school_id, col(Student.id) == student.id)
        .values(updated_at=func.now())
    )
    record_event(session, Topic.STUDENT_UPDATED, subject=student.id, facts=student_facts(student))


def student_facts(student: StudentIdentity) -> dict[str, Any]:
    """What the log keeps of a student."""
    return {
        "matricule": student.matricule,
        "first_name": student.first_name,
        "last_name": student.last_name,
        "status": student.status,
    }
