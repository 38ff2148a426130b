"""The reads of this slice: one statement each, with the columns they need.

Plain equality on stored text and row comparison on (timestamp, id) only: what row-level security lets use an index.
Every statement names the school itself, in front of the policy that does so again.
"""

from typing import Any

from sqlalchemy import Date, Select, Uuid, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.domains.students.tables import Badge, Enrolment, Programme, SchoolClass, SchoolYear, Student

IDENTITY = (
    col(Student.id),
    col(Student.matricule),
    col(Student.first_name),
    col(Student.last_name),
    col(Student.status),
)
DETAILS = (col(Student.birth_date), col(Student.email), col(Student.updated_at))
OF_ENROLMENT: tuple[Any, ...] = (
    col(Programme.id).label("programme_id"),
    col(Programme.code).label("programme_code"),
    col(Programme.label).label("programme_label"),
    col(Programme.closed_at).label("programme_closed_at"),
    col(SchoolClass.id).label("class_id"),
    col(SchoolClass.code).label("class_code"),
    col(SchoolClass.label).label("class_label"),
    col(SchoolClass.closed_at).label("class_closed_at"),
    col(SchoolYear.code).label("school_year"),
    col(Enrolment.starts_on),
    col(Enrolment.ends_on),
)

FIND_STUDENT = select(*IDENTITY).where(
    col(Student.school_id) == THIS_SCHOOL, col(Student.matricule_key) == bindparam("matricule_key")
)
"""Takes `matricule_key`, normalised."""

LOCK_STUDENT = FIND_STUDENT.with_for_update(key_share=True)
"""Takes `matricule_key`, normalised. Rows that only point to the student can still be written."""

FIND_BADGE_HOLDER = (
    select(*IDENTITY)
    .join(Badge, and_(col(Badge.school_id) == Student.school_id, col(Badge.student_id) == Student.id))
    .where(
        col(Badge.school_id) == THIS_SCHOOL,
        col(Badge.uid) == bindparam("uid"),
        col(Badge.revoked_at).is_(None),
    )
)
"""Takes `uid`, normalised. At most one row: one badge with a text is not revoked."""

_BADGES = select(
    *(col(Badge.id), col(Badge.uid), col(Badge.student_id), col(Student.matricule)),
    *(col(Badge.assigned_at), col(Badge.revoked_at)),
).join(Student, and_(col(Badge.school_id) == Student.school_id, col(Badge.student_id) == Student.id))

BADGES_OF_STUDENTS = _BADGES.where(
    col(Badge.school_id) == THIS_SCHOOL,
    col(Badge.student_id) == func.any(bindparam("students", type_=ARRAY(Uuid))),
).order_by(col(Badge.assigned_at).desc(), col(Badge.id).desc())
"""Takes `students`, their ids; the latest first."""

BADGES_BY_ID = _BADGES.where(
    col(Badge.school_id) == THIS_SCHOOL, col(Badge.id) == func.any(bindparam("ids", type_=ARRAY(Uuid)))
)
"""Takes `ids`."""


def with_enrolments(students: Select[*tuple[Any, ...]], *order: str) -> Select[*tuple[Any, ...]]:
    """A row for each enrolment that runs on `on`, or a single one of nulls: of a student, all rows together."""
    student = students.subquery("student")
    running = and_(
        col(Enrolment.school_id) == THIS_SCHOOL,
        col(Enrolment.student_id) == student.c.id,
        bindparam("on", type_=Date).between(col(Enrolment.starts_on), col(Enrolment.ends_on)),
    )
    return (
        select(*student.c, *OF_ENROLMENT)
        .outerjoin(Enrolment, running)
        .outerjoin(Programme, _same(Programme, Enrolment.programme_id))
        .outerjoin(SchoolClass, _same(SchoolClass, Enrolment.class_id))
        .outerjoin(SchoolYear, _same(SchoolYear, Enrolment.school_year_id))
        .order_by(*(student.c[name] for name in order), col(Enrolment.starts_on), col(Enrolment.id))
    )


def _same(table: type[Programme | SchoolClass | SchoolYear], reference: Any) -> Any:
    return and_(col(table.school_id) == Enrolment.school_id, col(table.id) == reference)


DESCRIBE_STUDENT = with_enrolments(FIND_STUDENT.add_columns(*DETAILS))
"""Takes `matricule_key`, normalised, and the day `on`."""

DESCRIBE_STUDENTS = with_enrolments(
    select(*IDENTITY, *DETAILS).where(
        col(Student.school_id) == THIS_SCHOOL, col(Student.id) == func.any(bindparam("ids", type_=ARRAY(Uuid)))
    ),
    "id",
)
"""Takes `ids` and the day `on`."""

ALL_ENROLMENTS = (
    select(col(Enrolment.student_id), *OF_ENROLMENT)
    .join(Programme, _same(Programme, Enrolment.programme_id))
    .join(SchoolClass, _same(SchoolClass, Enrolment.class_id))
    .join(SchoolYear, _same(SchoolYear, Enrolment.school_year_id))
    .where(
        col(Enrolment.school_id) == THIS_SCHOOL,
        col(Enrolment.student_id) == func.any(bindparam("students", type_=ARRAY(Uuid))),
    )
    .order_by(col(Enrolment.starts_on).desc(), col(Enrolment.id).desc())
)
"""Takes `students`, their ids; past ones and those to come, the latest first."""
