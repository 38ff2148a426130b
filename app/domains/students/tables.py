"""Students, what they study, and the badges they carry."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text

from app.core.tables import Walled, belongs_to, moment, one_of, words


class SchoolYear(Walled, table=True):
    __tablename__ = "school_year"
    __table_args__ = (
        UniqueConstraint("school_id", "code"),
        CheckConstraint("starts_on < ends_on", name="order"),
    )

    code: str = words()
    starts_on: date
    ends_on: date


class Programme(Walled, table=True):
    __table_args__ = (UniqueConstraint("school_id", "code"),)

    code: str = words()
    label: str = words()


class SchoolClass(Walled, table=True):
    __tablename__ = "school_class"
    __table_args__ = (UniqueConstraint("school_id", "code"), belongs_to("programme", "programme_id"))

    code: str = words()
    label: str = words()
    programme_id: UUID


class Student(Walled, table=True):
    """A person. `matricule` is as the school writes it, `matricule_key` its normalised form, which is looked up."""

    __table_args__ = (
        UniqueConstraint("school_id", "matricule_key"),
        one_of("status", "active", "suspended", "graduated", "left"),
        Index("ix_student_school_id_updated_at", "school_id", "updated_at", "id"),
    )

    matricule: str = words()
    matricule_key: str = words()
    first_name: str = words()
    last_name: str = words()
    birth_date: date | None = None
    email: str | None = words(nullable=True)
    status: str = words(default="active")
    created_at: datetime = moment(default_now=True)
    updated_at: datetime = moment(default_now=True)


class Enrolment(Walled, table=True):
    """A student in a programme for a year; two programmes are two rows. `ended_on` is set when left early."""

    __table_args__ = (
        UniqueConstraint("school_id", "student_id", "programme_id", "school_year_id"),
        belongs_to("student", "student_id"),
        belongs_to("programme", "programme_id"),
        belongs_to("school_class", "class_id"),
        belongs_to("school_year", "school_year_id"),
    )

    student_id: UUID
    programme_id: UUID
    class_id: UUID
    school_year_id: UUID
    starts_on: date
    ends_on: date
    created_at: datetime = moment(default_now=True)


class Badge(Walled, table=True):
    """A badge in somebody's hands. A badge given to someone else is another row; one at a time is not revoked."""

    __table_args__ = (
        belongs_to("student", "student_id"),
        Index(
            "uq_badge_school_id_uid_active",
            "school_id",
            "uid",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
        Index("ix_badge_school_id_uid", "school_id", "uid", "assigned_at"),
        Index("ix_badge_school_id_student_id", "school_id", "student_id"),
    )

    uid: str = words()
    student_id: UUID
    assigned_at: datetime = moment(default_now=True)
    revoked_at: datetime | None = moment(nullable=True)
