"""How dates, instants and identifiers are written in GraphQL: one notation each, as REST has it too."""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII | re.IGNORECASE
)


def _reader(name: str, pattern: re.Pattern[str], read: Callable[[str], Any]) -> Callable[[Any], Any]:
    def parse(value: Any) -> Any:
        """Raises ValueError, OverflowError included: near the years 1 and 9999 an offset can leave the calendar."""
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"not a {name}")
        try:
            return read(value)
        except OverflowError:
            raise ValueError(f"not a {name}") from None

    return parse


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is not None:
        moment.astimezone(UTC)
    return moment


def _scalar(
    name: str, description: str, origin: type, write: Callable[[Any], str], parse: Callable[[Any], Any]
) -> ScalarDefinition:
    return ScalarDefinition(
        name=name,
        description=description,
        specified_by_url=None,
        serialize=write,
        parse_value=parse,
        parse_literal=None,
        origin=origin,
    )


SCALARS: Mapping[object, ScalarDefinition] = {
    date: _scalar(
        "Date", "A day, written 2024-12-31.", date, date.isoformat, _reader("Date", _DATE, date.fromisoformat)
    ),
    datetime: _scalar(
        "DateTime",
        "An instant with its offset, written 2024-12-31T12:00:00+00:00 (ISO 8601).",
        datetime,
        datetime.isoformat,
        _reader("DateTime", _INSTANT, _instant),
    ),
    JSON: ScalarDefinition(
        name="JSON",
        description="A value in JSON; what it belongs to says of which shape.",
        specified_by_url=None,
        serialize=lambda value: value,
        parse_value=None,
        parse_literal=None,
        origin=JSON,
    ),
    uuid.UUID: _scalar(
        "UUID",
        "An identifier, written 0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e.",
        uuid.UUID,
        str,
        _reader("UUID", _UUID, uuid.UUID),
    ),
}
