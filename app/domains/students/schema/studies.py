"""Programmes, classes and enrolments as the API shows them."""

from datetime import date, datetime
from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from app.core.graph.context import Info
from app.core.graph.node import Node, later_node_id
from app.core.graph.scoped import any_scope
from app.core.scopes import Scope
from app.domains.students.records import ClassRecord, EnrolmentRecord, ProgrammeRecord

OPEN_STUDENTS = (Scope.STUDENTS_READ, Scope.STUDENTS_LIST, Scope.STUDENTS_WRITE, Scope.ENROLMENTS_WRITE)
"""Any of these shows a student, and what a student studies."""
_KEEPS_STUDIES = (Scope.PROGRAMMES_READ, Scope.PROGRAMMES_WRITE)
_of_student = any_scope([*OPEN_STUDENTS, Scope.ENROLMENTS_READ])
_of_studies = any_scope([*OPEN_STUDENTS, Scope.ENROLMENTS_READ, *_KEEPS_STUDIES])
of_kept_studies = any_scope(_KEEPS_STUDIES)


def in_zone(moment: datetime | None, info: Info) -> datetime | None:
    """An instant as the school's clocks show it."""
    return moment and moment.astimezone(ZoneInfo(info.context.actor.timezone))


def _closed_at(root: "Programme | SchoolClass", info: Info) -> datetime | None:
    return in_zone(root.closed, info)


@strawberry.type(description="A course of study.")
class Programme(Node):
    id: strawberry.Private[UUID]
    closed: strawberry.Private[datetime | None]
    node_id: strawberry.ID = later_node_id(of_kept_studies, "Programme")
    code: str = _of_studies(description="Its code, unique in the school.", example="INF")
    label: str = _of_studies(description="Its name.", example="Informatique")
    closed_at: datetime | None = of_kept_studies(
        description="Since when it takes no more students, in the school's time zone; null while it does.",
        example="2025-07-15T18:00:00+00:00",
        resolver=_closed_at,
    )

    @classmethod
    def of(cls, record: ProgrammeRecord) -> Self:
        return cls(id=record.id, closed=record.closed_at, code=record.code, label=record.label)


@strawberry.type(description="A group of students of one programme who are taught together.")
class SchoolClass(Node):
    id: strawberry.Private[UUID]
    programme_id: strawberry.Private[UUID]
    closed: strawberry.Private[datetime | None]
    node_id: strawberry.ID = later_node_id(of_kept_studies, "SchoolClass")
    code: str = _of_studies(description="Its code, unique in the school.", example="INF-1A")
    label: str = _of_studies(description="Its name.", example="Informatique, 1re année, groupe A")
    closed_at: datetime | None = of_kept_studies(
        description="Since when it takes no more students, in the school's time zone; null while it does.",
        example="2025-07-15T18:00:00+00:00",
        resolver=_closed_at,
    )

    @classmethod
    def of(cls, record: ClassRecord) -> Self:
        return cls(
            id=record.id,
            programme_id=record.programme_id,
            closed=record.closed_at,
            code=record.code,
            label=record.label,
        )


@strawberry.type(description="A student in a programme and a class for a school year.")
class Enrolment:
    programme: Programme = _of_student(description="What is studied.")
    school_class: SchoolClass = _of_student(name="class", description="With whom.")
    school_year: str = _of_student(description="Code of the school year.", example="2024-2025")
    starts_on: date = _of_student(description="First day, inclusive.", example="2024-10-01")
    ends_on: date = _of_student(description="Last day, inclusive.", example="2025-07-31")

    @classmethod
    def of(cls, record: EnrolmentRecord) -> Self:
        return cls(
            programme=Programme.of(record.programme),
            school_class=SchoolClass.of(record.school_class),
            school_year=record.school_year,
            starts_on=record.starts_on,
            ends_on=record.ends_on,
        )
