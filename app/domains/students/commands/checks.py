"""What a person's data and the days of an enrolment have to look like."""

import re
import unicodedata
from datetime import date

from app.core.errors import InvalidInput
from app.core.text import IDENTIFIER, Form, normalise_matricule

NAME = Form(100)
LABEL = Form(200)
EMAIL = Form(254)
EARLIEST_BIRTH = date(1900, 1, 1)
# What mistypings look like; whether the address exists is not ours to know.
_EMAIL = re.compile(r"[^\s@,;<>()\"]+@[^\s@,;<>()\".]+(\.[^\s@,;<>()\".]+)+")


def matricule_as_written(matricule: str, field: str = "matricule") -> tuple[str, str]:
    """As the school writes it, with single spaces, and the key under which it is found. Raises InvalidInput."""
    IDENTIFIER.read(matricule, field)
    return _single_spaced(matricule), normalise_matricule(matricule)


def name(text: str | None, field: str) -> str:
    """In NFC, with single spaces. Raises InvalidInput, also for None."""
    return _single_spaced(NAME.read(text or "", field))


def label(text: str | None) -> str:
    """Of a programme or a class. Raises InvalidInput, also for None."""
    return _single_spaced(LABEL.read(text or "", "label"))


def email(text: str | None) -> str | None:
    """Raises InvalidInput."""
    if text is None:
        return None
    address = EMAIL.read(text, "email")
    if not _EMAIL.fullmatch(address):
        raise InvalidInput(
            field="email", reason_fr="ce n'est pas une adresse e-mail", reason_en="this is not an e-mail address"
        )
    return address


def birth_date(day: date | None, today: date) -> date | None:
    """Raises InvalidInput."""
    if day is not None and not EARLIEST_BIRTH <= day <= today:
        raise InvalidInput(
            field="birthDate",
            reason_fr=f"du {EARLIEST_BIRTH:%d/%m/%Y} à aujourd'hui",
            reason_en=f"from {EARLIEST_BIRTH} to today",
        )
    return day


def day_within(day: date, first: date, last: date, field: str) -> date:
    """The day itself. Raises InvalidInput for one outside `first` to `last`, both inclusive."""
    if not first <= day <= last:
        raise InvalidInput(
            field=field,
            reason_fr=f"un jour du {first:%d/%m/%Y} au {last:%d/%m/%Y}",
            reason_en=f"a day from {first} to {last}",
        )
    return day


def day_past(day: date | None, today: date, field: str) -> date:
    """The day itself, or today. Raises InvalidInput for one that is still to come."""
    if day is not None and day > today:
        raise InvalidInput(
            field=field, reason_fr="ce jour n'est pas encore venu", reason_en="this day is still to come"
        )
    return day or today


def _single_spaced(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
