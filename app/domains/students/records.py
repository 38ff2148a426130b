"""What this slice answers with: plain values, nothing attached to a session."""

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
class ProgrammeRecord:
    """`closed_at`: since when it takes no more students; None while it does. So it is with classes and years."""

    id: UUID
    code: str
    label: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClassRecord:
    id: UUID
    code: str
    label: str
    programme_id: UUID
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SchoolYearRecord:
    """The days are both inclusive."""

    id: UUID
    code: str
    starts_on: date
    ends_on: date
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class EnrolmentRecord:
    """A student in a class for a school year, of which `school_year` is the code."""

    programme: ProgrammeRecord
    school_class: ClassRecord
    school_year: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class StudentRecord:
    """A student with what they study on the day asked about; first the enrolment that began first."""

    identity: StudentIdentity
    birth_date: date | None
    email: str | None
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


@dataclass(frozen=True, slots=True)
class BadgeRecord:
    """A badge in the hands of a student, or given back at `revoked_at`. `badge` is in its normalised form."""

    id: UUID
    badge: str
    student_id: UUID
    matricule: str
    assigned_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Handover:
    """A badge given to somebody. `taken_from` are those who carried it, or another one in its place, until then."""

    badge: BadgeRecord
    taken_from: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Somebody of a class to whom a change of the whole class was not made, and why."""

    student_id: UUID
    matricule: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClassChange:
    """What was done to a class as a whole: to whom, and who was left out."""

    school_class: str
    school_year: str
    changed: tuple[UUID, ...]
    left_out: tuple[LeftOut, ...]
