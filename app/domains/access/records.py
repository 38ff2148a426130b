"""What devices tell of passages, and what is kept of it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import TypeAdapter

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

    def encode(self) -> dict[str, Any]:
        """As JSON, for the outcome that an idempotency key keeps."""
        encoded: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return encoded

    @staticmethod
    def decode(outcome: dict[str, Any]) -> "PassageRecord":
        return _ADAPTER.validate_python(outcome)


_ADAPTER = TypeAdapter(PassageRecord)
