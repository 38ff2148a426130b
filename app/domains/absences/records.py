"""What an absence is, and what the log keeps of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AbsenceRecord:
    """An absence from `starts_at` up to, not including, `ends_at`; all times are in UTC.

    `reason` is what was told when it was recorded, `justification` what the school was shown afterwards.
    """

    id: UUID
    student_id: UUID
    matricule: str
    starts_at: datetime
    ends_at: datetime
    reason: str | None
    justified: bool
    recorded_at: datetime
    justified_at: datetime | None = None
    justification: str | None = None


def absence_facts(absence: AbsenceRecord) -> dict[str, Any]:
    """What the log keeps. Not the reason: it may speak of somebody's health."""
    return {
        "matricule": absence.matricule,
        "starts_at": absence.starts_at.isoformat(),
        "ends_at": absence.ends_at.isoformat(),
        "justified": absence.justified,
    }
