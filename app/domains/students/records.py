"""What the reads of this slice answer with: plain values, nothing attached to a session."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class StudentIdentity:
    """Who a student is. `status` is active, suspended, graduated or left."""

    id: UUID
    matricule: str
    first_name: str
    last_name: str
    status: str


@dataclass(frozen=True, slots=True)
class EnrolmentRecord:
    """An enrolment that runs on the day asked about."""

    programme_code: str
    programme_label: str
    class_code: str
    class_label: str
    school_year: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class StudentRecord:
    """A student with what they study on the day asked about; first the enrolment that began first."""

    identity: StudentIdentity
    updated_at: datetime
    enrolments: tuple[EnrolmentRecord, ...]

    @property
    def enrolled(self) -> bool:
        """Studies here on that day: neither suspended nor gone, with an enrolment that runs."""
        return self.identity.status == "active" and bool(self.enrolments)


@dataclass(frozen=True, slots=True)
class BadgeHolder:
    """Who carries an active badge. `badge` is in its normalised form."""

    badge: str
    student: StudentIdentity
