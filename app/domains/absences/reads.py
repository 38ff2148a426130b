"""Reading absences: in the order in which they begin, of everybody or of one student."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Row, Select, Uuid, and_, bindparam, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.pagination import Page, Position
from app.core.scopes import Scope
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_matricule
from app.domains.absences.records import AbsenceRecord
from app.domains.absences.tables import Absence
from app.domains.students.tables import Student

READERS = frozenset({Scope.ABSENCES_READ, Scope.ABSENCES_JUSTIFY})


STUDENTS = bindparam("students", type_=ARRAY(Uuid))


@dataclass(frozen=True, slots=True)
class AbsenceFilter:
    """Which absences: those of a student, those that last past `since`, begin before `until`, are justified or not."""

    matricule: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    justified: bool | None = None


def select_absences() -> Select[*tuple[Any, ...]]:
    """The columns of an AbsenceRecord, of every absence of the transaction's school."""
    same = and_(col(Student.school_id) == Absence.school_id, col(Student.id) == Absence.student_id)
    return (
        select(
            col(Absence.id),
            col(Absence.student_id),
            col(Student.matricule),
            col(Absence.starts_at),
            col(Absence.ends_at),
            col(Absence.reason),
            col(Absence.justified),
            col(Absence.recorded_at),
            col(Absence.justified_at),
            col(Absence.justification),
        )
        .join(Student, same)
        .where(col(Absence.school_id) == THIS_SCHOOL)
    )


async def list_absences(
    session: AsyncSession, *, first: int, after: Position | None, which: AbsenceFilter, newest: bool
) -> Page[AbsenceRecord]:
    """A page by the instant they begin, the latest first where `newest`. Raises InvalidInput for a bad matricule."""
    found = await session.execute(absence_page(first, after, which, newest=newest))
    return Page.cut(_records(found.all()), first)


def absence_page(first: int, after: Position | None, which: AbsenceFilter, *, newest: bool) -> Select[*tuple[Any, ...]]:
    """The statement behind `list_absences`: one row more than a page."""
    listed = _filtered(select_absences(), which).limit(first + 1)
    if newest:
        listed = listed.order_by(col(Absence.starts_at).desc(), col(Absence.id).desc())
    else:
        listed = listed.order_by(col(Absence.starts_at), col(Absence.id))
    return listed if after is None else listed.where(_past(after, newest=newest))


def _past(after: Position, *, newest: bool) -> ColumnElement[bool]:
    place, key = tuple_(col(Absence.starts_at), col(Absence.id)), tuple_(after.key, after.id)
    return place < key if newest else place > key


async def absences_of(
    session: AsyncSession, students: Sequence[UUID], first: int, after: Position | None
) -> dict[UUID, Page[AbsenceRecord]]:
    """A page of the absences of each student, the latest first: one statement for them all."""
    found: dict[UUID, list[AbsenceRecord]] = {student: [] for student in students}
    rows = await session.execute(absences_of_students(first, after), {"students": students})
    for record in _records(rows.all()):
        found[record.student_id].append(record)
    return {student: Page.cut(records, first) for student, records in found.items()}


def absences_of_students(first: int, after: Position | None) -> Select[*tuple[Any, ...]]:
    """The statement behind `absences_of`: of each of `students` one row more than a page."""
    latest = (col(Absence.starts_at).desc(), col(Absence.id).desc())
    place = func.row_number().over(partition_by=col(Absence.student_id), order_by=latest).label("place")
    ranked = select_absences().add_columns(place).where(col(Absence.student_id) == func.any(STUDENTS))
    if after is not None:
        ranked = ranked.where(_past(after, newest=True))
    rows = ranked.subquery()
    kept = select(*(each for each in rows.c if each.name != "place")).where(rows.c.place <= first + 1)
    return kept.order_by(rows.c.student_id, rows.c.place)


async def absences_by_id(session: AsyncSession, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, AbsenceRecord]:
    """Those of the absences that are there for the key: one that may only write reads back what its partner wrote."""
    listed = select_absences().where(col(Absence.id).in_(ids))
    if actor.scopes.isdisjoint(READERS):
        listed = listed.where(col(Absence.partner_id) == actor.partner_id)
    return {record.id: record for record in _records((await session.execute(listed)).all())}


def _filtered(listed: Select[*tuple[Any, ...]], which: AbsenceFilter) -> Select[*tuple[Any, ...]]:
    if which.matricule is not None:
        listed = listed.where(
            col(Student.matricule_key) == normalise_matricule(which.matricule),
        )
    if which.since is not None:
        listed = listed.where(col(Absence.ends_at) > which.since)
    if which.until is not None:
        listed = listed.where(col(Absence.starts_at) < which.until)
    if which.justified is not None:
        listed = listed.where(col(Absence.justified).is_(which.justified))
    return listed


def _records(rows: Sequence[Row[*tuple[Any, ...]]]) -> list[AbsenceRecord]:
    return [AbsenceRecord(*row) for row in rows]
