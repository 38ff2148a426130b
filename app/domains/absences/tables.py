"""Absences: an interval of a student's time; two of one student never overlap, and the database holds that."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.sql.expression import column

from app.core.tables import Walled, belongs_to, moment, words


class Absence(Walled, table=True):
    __table_args__ = (
        belongs_to("student", "student_id"),
        belongs_to("partner", "partner_id"),
        CheckConstraint("starts_at < ends_at", name="order"),
        ExcludeConstraint(
            (column("school_id"), "="),
            (column("student_id"), "="),
            (func.tstzrange(column("starts_at"), column("ends_at")), "&&"),
            name="ex_absence_overlap",
            using="gist",
        ),
        Index("ix_absence_school_id_starts_at", "school_id", "starts_at", "id"),
        Index("ix_absence_school_id_student_id_starts_at", "school_id", "student_id", "starts_at", "id"),
    )

    student_id: UUID
    partner_id: UUID
    starts_at: datetime = moment()
    ends_at: datetime = moment()
    reason: str | None = words(nullable=True)
    justified: bool = False
    recorded_at: datetime = moment(default_now=True)
    justified_at: datetime | None = moment(nullable=True)
    justification: str | None = words(nullable=True)
