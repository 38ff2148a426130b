"""What every command of this slice asks of its inputs."""

from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, UTC, datetime

from app.core.errors import InvalidInput
from app.core.money import LARGEST, exponent
from app.core.text import Form

REFERENCE = Form(64)
LABEL = Form(200)


def amount_of(amount: int, currency: str, field: str = "amount") -> int:
    """The amount itself. Raises InvalidInput unless it is positive and sensible, in a currency we know."""
    exponent(currency)
    if not 0 < amount <= LARGEST:
        raise InvalidInput(
            field=field,
            reason_fr="un montant plus grand que zéro, et raisonnable",
            reason_en="an amount greater than zero, of a sensible size",
        )
    return amount


def instant_of(moment: datetime, field: str) -> datetime:
    """The instant in UTC. Raises InvalidInput without an offset, or where some offset leaves the calendar.

    In the years 1 and 9999 the offset given, or that of the school to which it is shown, may do so.
    """
    if moment.tzinfo is not None and MINYEAR < moment.year < MAXYEAR:
        return moment.astimezone(UTC)
    raise InvalidInput(
        field=field,
        reason_fr="une date et une heure avec leur décalage, comme 2025-01-13T08:00:00+00:00",
        reason_en="a date and time with their offset, like 2025-01-13T08:00:00+00:00",
    )


def one_of(text: str, known: Sequence[str], field: str) -> str:
    """The text itself. Raises InvalidInput unless it is one of those known."""
    if text not in known:
        listed = ", ".join(known)
        raise InvalidInput(field=field, reason_fr=f"l'un de : {listed}", reason_en=f"one of: {listed}")
    return text
