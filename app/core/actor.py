"""Who is asking: one integration's key, in one school."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated key. `zones` is None where the key may ask about every zone of its school."""

    school_id: UUID
    school_code: str
    timezone: str
    partner_id: UUID
    partner_name: str
    key_id: str
    scopes: frozenset[str]
    zones: frozenset[str] | None = None
