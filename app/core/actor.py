"""Who is asking: one integration's key, in one school; or a key of the platform, in none."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

NOWHERE = UUID(int=0)
"""The school of whoever has none: a wall behind which no row of any school lies."""


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated key. `zones` is None where the key may ask about every zone of its school;
    `expires_at` as it was known when the key was read.

    A key of the platform has the school NOWHERE, no code, and UTC for its time zone.
    """

    school_id: UUID
    school_code: str
    timezone: str
    partner_id: UUID
    partner_name: str
    key_id: str
    scopes: frozenset[str]
    zones: frozenset[str] | None = None
    expires_at: datetime | None = None

    @property
    def of_platform(self) -> bool:
        return self.school_id == NOWHERE
