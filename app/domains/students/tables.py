"""Students, what they study, and the badges they carry."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from app.core.tables import Table, Walled, belongs_to, moment, one_of, words


class SchoolYear(Walled, table=True):
    """What is closed (a year, a programme, a class: `closed_at`) takes no more students; who is in it stays."""

    __tablename__ = "school_year"
    __table_args__ = (
        UniqueConstraint("school_id", "code"),
        CheckConstraint("starts_on < ends_on", name="order"),
    )

    code: str = words()
    starts_on: date
    ends_on: date
    closed_at: datetime | None = moment(nullable=True)


class Programme(Walled, table=True):
    __table_args__ = (UniqueConstraint("school_id", "code"),)

    code: str = words()
    label: str = words()
    closed_at: datetime | None = moment(nullable=True)


class SchoolClass(Walled, table=True):
    __tablename__ = "school_class"
    __table_args__ = (
        UniqueConstraint("school_id", "code"),
        belongs_to("programme", "programme_id"),
        Index("ix_school_class_school_id_programme_id", "school_id", "programme_id", "code"),
    )

    code: str = words()
    label: str = words()
    programme_id: UUID
    closed_at: datetime | None = moment(nullable=True)


class Student(Walled, table=True):
    """A person. `matricule` is as the school writes it, `matricule_key` its normalised form, which is looked up.

    `name_key` is what lists are sorted by and searched in; PostgreSQL writes it, whoever writes the names (ADR 0010).
    """

    __table_args__ = (
        UniqueConstraint("school_id", "matricule_key"),
        one_of("status", "active", "suspended", "graduated", "left"),
        Index("ix_student_school_id_updated_at", "school_id", "updated_at", "id"),
        Index("ix_student_school_id_status_updated_at", "school_id", "status", "updated_at", "id"),
        Index("ix_student_school_id_name_key", "school_id", "name_key", "id"),
    )

    matricule: str = words()
    matricule_key: str = words()
    first_name: str = words()
    last_name: str = words()
    name_key: str = Field(
        default=None,
        sa_type=Text(collation="C"),
        sa_column_args=[Computed("left(name_key(last_name, first_name), 64)")],
    )
    birth_date: date | None = None
    email: str | None = words(nullable=True)
    status: str = words(default="active")
    created_at: datetime = moment(default_now=True)
    updated_at: datetime = moment(default_now=True)


class FormerMatricule(Table, table=True):
    """Who has had a matricule once: events tell of them under it for as long as they are kept.

    Several may have had the same one, and somebody else may have it now.
    """

    __tablename__ = "former_matricule"
    __table_args__ = (belongs_to("student", "student_id", ondelete="CASCADE"),)

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    matricule_key: str = Field(primary_key=True, sa_type=Text)
    student_id: UUID = Field(primary_key=True)


class Enrolment(Walled, table=True):
    """A student in a programme for a year; two programmes are two rows, leaving early is an earlier end."""

    __table_args__ = (
        UniqueConstraint("school_id", "student_id", "programme_id", "school_year_id"),
        belongs_to("student", "student_id"),
        belongs_to("programme", "programme_id"),
        belongs_to("school_class", "class_id"),
        belongs_to("school_year", "school_year_id"),
        Index("ix_enrolment_school_id_class_id", "school_id", "class_id", "school_year_id", "student_id"),
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
