"""Reading who studies here, and what on a day."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.text import normalise_matricule
from app.domains.students.errors import StudentNotFound
from app.domains.students.records import (
    ClassRecord,
    EnrolmentRecord,
    ProgrammeRecord,
    StudentIdentity,
    StudentRecord,
)
from app.domains.students.statements import (
    ALL_ENROLMENTS,
    DESCRIBE_STUDENT,
    DESCRIBE_STUDENTS,
    FIND_STUDENT,
    LOCK_STUDENT,
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


async def lock_student(session: AsyncSession, matricule: str) -> StudentIdentity:
    """The student as they are now, whom nobody else changes until the transaction ends. Raises StudentNotFound."""
    found = await session.execute(LOCK_STUDENT, {"matricule_key": normalise_matricule(matricule)})
    row = found.one_or_none()
    if row is None:
        raise StudentNotFound(field="matricule", matricule=matricule)
    return _identity(row)


async def describe_student(session: AsyncSession, matricule: str, *, on: date) -> StudentRecord | None:
    """A student with the enrolments that run on the day `on`. Raises InvalidInput for what cannot be a matricule."""
    found = await session.execute(DESCRIBE_STUDENT, {"matricule_key": normalise_matricule(matricule), "on": on})
    return next(iter(records_of(found.all())), None)


async def describe_students(session: AsyncSession, ids: Sequence[UUID], *, on: date) -> dict[UUID, StudentRecord]:
    """Those of the students who are there, by id."""
    found = await session.execute(DESCRIBE_STUDENTS, {"ids": list(ids), "on": on})
    return {record.identity.id: record for record in records_of(found.all())}


async def enrolments_of_students(session: AsyncSession, students: Sequence[UUID]) -> dict[UUID, list[EnrolmentRecord]]:
    """By student, the latest first: past ones, those that run, those to come."""
    enrolments: dict[UUID, list[EnrolmentRecord]] = {student: [] for student in students}
    for row in await session.execute(ALL_ENROLMENTS, {"students": list(students)}):
        enrolments[row.student_id].append(enrolment_of(row))
    return enrolments


def records_of(rows: Iterable[Row[*tuple[Any, ...]]]) -> list[StudentRecord]:
    """Rows of one student lie together; a student without a running enrolment has a single row."""
    return [_record(list(of_one)) for _, of_one in groupby(rows, key=lambda row: row.id)]


def _record(rows: list[Row[*tuple[Any, ...]]]) -> StudentRecord:
    first = rows[0]
    running = tuple(enrolment_of(row) for row in rows if row.programme_id is not None)
    return StudentRecord(_identity(first), first.birth_date, first.email, first.updated_at, running)


def _identity(row: Row[*tuple[Any, ...]]) -> StudentIdentity:
    return StudentIdentity(row.id, row.matricule, row.first_name, row.last_name, row.status)


def enrolment_of(row: Row[*tuple[Any, ...]]) -> EnrolmentRecord:
    """Of a row with the columns `OF_ENROLMENT`."""
    return EnrolmentRecord(
        ProgrammeRecord(row.programme_id, row.programme_code, row.programme_label, row.programme_closed_at),
        ClassRecord(row.class_id, row.class_code, row.class_label, row.programme_id, row.class_closed_at),
        row.school_year,
        row.starts_on,
        row.ends_on,
    )
