"""Reading who studies here and who carries a badge."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.pagination import Page, Position
from app.core.text import normalise_badge, normalise_matricule
from app.domains.students.errors import StudentNotFound
from app.domains.students.records import BadgeHolder, EnrolmentRecord, StudentIdentity, StudentRecord
from app.domains.students.statements import (
    DESCRIBE_STUDENT,
    DESCRIBE_STUDENTS,
    FIND_BADGE_HOLDER,
    FIND_STUDENT,
    LIST_STUDENTS,
    LIST_STUDENTS_AFTER,
)


async def find_student(session: AsyncSession, matricule: str) -> StudentIdentity | None:
    """Whoever has this matricule, in any case and spacing. Raises InvalidInput for what cannot be one."""
    found = await session.execute(FIND_STUDENT, {"matricule_key": normalise_matricule(matricule)})
    row = found.one_or_none()
    return _identity(row) if row else None


async def require_student(session: AsyncSession, matricule: str) -> StudentIdentity:
    """Raises StudentNotFound, and InvalidInput for what cannot be a matricule."""
    student = await find_student(session, matricule)
    if student is None:
        raise StudentNotFound(field="matricule", matricule=matricule)
    return student


async def describe_student(session: AsyncSession, matricule: str, *, on: date) -> StudentRecord | None:
    """A student with the enrolments that run on the day `on`. Raises InvalidInput for what cannot be a matricule."""
    found = await session.execute(DESCRIBE_STUDENT, {"matricule_key": normalise_matricule(matricule), "on": on})
    return next(iter(_records(found.all())), None)


async def describe_students(session: AsyncSession, ids: Sequence[UUID], *, on: date) -> dict[UUID, StudentRecord]:
    """Those of the students who are there, by id."""
    found = await session.execute(DESCRIBE_STUDENTS, {"ids": list(ids), "on": on})
    return {record.identity.id: record for record in _records(found.all())}


async def find_badge_holder(session: AsyncSession, uid: str, *, field: str = "id") -> BadgeHolder | None:
    """Who carries this badge today: nobody for an unknown or revoked one. Raises InvalidInput, naming `field`."""
    badge = normalise_badge(uid, field)
    row = (await session.execute(FIND_BADGE_HOLDER, {"uid": badge})).one_or_none()
    return BadgeHolder(badge, _identity(row)) if row else None


async def list_students(session: AsyncSession, *, first: int, after: Position | None, on: date) -> Page[StudentRecord]:
    """A page in the order of their last change, so that a reader who goes on sees what changed meanwhile."""
    values: dict[str, Any] = {"count": first + 1, "on": on}
    if after is None:
        found = await session.execute(LIST_STUDENTS, values)
    else:
        found = await session.execute(LIST_STUDENTS_AFTER, {**values, "moment": after.key, "id": after.id})
    return Page.cut(_records(found.all()), first)


def _records(rows: Iterable[Row[*tuple[Any, ...]]]) -> list[StudentRecord]:
    """Rows of one student lie together; a student without a running enrolment has a single row."""
    return [_record(list(of_one)) for _, of_one in groupby(rows, key=lambda row: row.id)]


def _record(rows: list[Row[*tuple[Any, ...]]]) -> StudentRecord:
    running = tuple(_enrolment(row) for row in rows if row.programme_code is not None)
    return StudentRecord(_identity(rows[0]), rows[0].updated_at, running)


def _identity(row: Row[*tuple[Any, ...]]) -> StudentIdentity:
    return StudentIdentity(row.id, row.matricule, row.first_name, row.last_name, row.status)


def _enrolment(row: Row[*tuple[Any, ...]]) -> EnrolmentRecord:
    return EnrolmentRecord(
        row.programme_code,
        row.programme_label,
        row.class_code,
        row.class_label,
        row.school_year,
        row.starts_on,
        row.ends_on,
    )
