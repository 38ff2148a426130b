"""Opening hours as an operator writes them: `déjeuner lun-ven 11:30-14:00`."""

import re
from dataclasses import dataclass
from datetime import time

from app.core.errors import InvalidInput
from app.core.text import refuse_control_characters

DAYS = {"lun": 1, "mar": 2, "mer": 3, "jeu": 4, "ven": 5, "sam": 6, "dim": 7}
DAYS |= {"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 7}
LONGEST_MEAL = 40
_HOURS = re.compile(r"(?P<days>[a-z]{3}(?:-[a-z]{3})?) +(?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """`weekdays` are ISO, Monday is 1. A window that closes before it opens lasts into the next day."""

    meal: str
    weekdays: tuple[int, ...]
    opens_at: time
    closes_at: time


def read_window(text: str) -> Window:
    """Raises InvalidInput with the notation."""
    meal, _, hours = refuse_control_characters(text, "window").strip().partition(" ")
    parts = _HOURS.fullmatch(hours.strip().lower())
    if not parts or not 1 <= len(meal) <= LONGEST_MEAL:
        raise _unreadable(text)
    try:
        opens, closes = time.fromisoformat(parts["opens"]), time.fromisoformat(parts["closes"])
        first, _, last = parts["days"].partition("-")
        weekdays = _days(DAYS[first], DAYS[last or first])
    except (ValueError, KeyError):
        raise _unreadable(text) from None
    if opens == closes:
        raise _unreadable(text)
    return Window(meal, weekdays, opens, closes)


def _days(first: int, last: int) -> tuple[int, ...]:
    """`sam-lun` goes over the end of the week."""
    return tuple((first - 1 + ahead) % 7 + 1 for ahead in range((last - first) % 7 + 1))


def _unreadable(text: str) -> InvalidInput:
    return InvalidInput(
        field="window",
        reason_fr=f"« {text} » n'est pas un horaire : écrivez « déjeuner lun-ven 11:30-14:00 »",
        reason_en=f"“{text}” is no opening time: write “lunch mon-fri 11:30-14:00”",
    )
