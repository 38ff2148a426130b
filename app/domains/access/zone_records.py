"""What is asked of a zone, what one is, and what the log keeps of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.errors import InvalidInput
from app.core.money import to_decimal_string
from app.domains.access.windows import Window


@dataclass(frozen=True, slots=True)
class NewZone:
    """What is asked for. `price` is a decimal; no `programmes` is everybody, no `windows` is at any time."""

    code: str
    label: str
    currency: str
    price: str = "0"
    requires_tuition: bool = True
    anti_passback_seconds: int = 0
    windows: Sequence[Window] = ()
    programmes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ZoneRecord:
    """A zone. `price` is in minor units; the openings come by weekday and hour, the programmes by code."""

    id: UUID
    code: str
    label: str
    price: int
    currency: str
    requires_tuition: bool
    anti_passback_seconds: int
    windows: tuple[Window, ...]
    programmes: tuple[str, ...]


def zone_facts(zone: ZoneRecord) -> dict[str, Any]:
    """What the log keeps: what a turnstile needs to know that its rules have changed."""
    return {
        "zone": zone.code,
        "label": zone.label,
        "price": to_decimal_string(zone.price, zone.currency),
        "currency": zone.currency,
        "requires_tuition": zone.requires_tuition,
        "anti_passback_seconds": zone.anti_passback_seconds,
        "programmes": list(zone.programmes),
        "windows": [
            {
                "meal": window.meal,
                "weekdays": list(window.weekdays),
                "opens_at": f"{window.opens_at:%H:%M}",
                "closes_at": f"{window.closes_at:%H:%M}",
            }
            for window in zone.windows
        ],
    }


def refused(field: str, fr: str, en: str) -> InvalidInput:
    return InvalidInput(field=field, reason_fr=fr, reason_en=en)
