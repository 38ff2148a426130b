"""What devices tell of passages, and what is kept of it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from app.domains.access.decisions import Reason


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """What a device tells, checked and normalised. `granted` is what it did; None leaves that to the rules."""

    zone: str
    badge: str
    device_id: str
    device_event_id: str
    direction: str
    occurred_at: datetime
    offline: bool
    granted: bool | None


@dataclass(frozen=True, slots=True)
class PassageRecord:
    """A passage as recorded; times are in UTC.

    `charged` is what its meal cost in minor units: 0 for a meal that was debited before. `overdrawn` marks a meal that
    the wallet could not cover. There is a reason only where it was not granted.
    """

    id: UUID
    student_id: UUID | None
    zone: str
    direction: str
    granted: bool
    reason: Reason | None
    offline: bool
    meal: str | None
    service_date: date | None
    charged: int
    overdrawn: bool
    occurred_at: datetime
    recorded_at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row with these columns."""
        return cls(**{**row._mapping, "reason": row.reason and Reason(row.reason)})
