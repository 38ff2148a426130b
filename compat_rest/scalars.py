"""Every scalar the facade can carry: how it looks in OpenAPI and when a text of it is well formed.

A scalar that is not listed here stops the start: nothing goes out under a guess.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from compat_rest.problems import Reason

INT_LOW, INT_HIGH = -(2**31), 2**31 - 1
Schema = dict[str, Any]
Check = Callable[[Any], Reason | None]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?")
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DECIMAL = r"-?[0-9]{1,30}(\.[0-9]{1,10})?"
_DECIMAL = re.compile(DECIMAL)


@dataclass(frozen=True, slots=True)
class Scalar:
    """`check` looks at a JSON value, never null, and says what is wrong with it.

    A scalar without a check goes out and never comes in.
    """

    schema: Mapping[str, Any]
    check: Check | None


def _text(value: Any) -> Reason | None:
    return None if isinstance(value, str) else Reason.NOT_TEXT


def _boolean(value: Any) -> Reason | None:
    return None if isinstance(value, bool) else Reason.NOT_BOOLEAN


def _integer(value: Any) -> Reason | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return Reason.NOT_INTEGER
    return None if INT_LOW <= value <= INT_HIGH else Reason.OUT_OF_RANGE


def _number(value: Any) -> Reason | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Reason.NOT_NUMBER
    return None if abs(value) <= 1e308 else Reason.OUT_OF_RANGE


def _formed(pattern: re.Pattern[str], read: Callable[[str], object], reason: Reason) -> Check:
    """A text that matches `pattern` and that `read` accepts."""

    def check(value: Any) -> Reason | None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            return reason
        try:
            read(value)
        except (ValueError, OverflowError):
            return reason
        return None

    return check


def _instant(value: str) -> object:
    """Near the years 1 and 9999 an offset can leave the calendar."""
    return datetime.fromisoformat(value.upper()).astimezone(UTC)


def _base64(value: Any) -> Reason | None:
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return Reason.NOT_BASE64
    return None


SCALARS: Mapping[str, Scalar] = {
    "String": Scalar({"type": "string"}, _text),
    "ID": Scalar({"type": "string"}, _text),
    "Boolean": Scalar({"type": "boolean"}, _boolean),
    "Int": Scalar({"type": "integer", "minimum": INT_LOW, "maximum": INT_HIGH}, _integer),
    "Float": Scalar({"type": "number"}, _number),
    "Date": Scalar({"type": "string", "format": "date"}, _formed(_DATE, date.fromisoformat, Reason.NOT_A_DATE)),
    "Time": Scalar({"type": "string"}, _formed(_TIME, time.fromisoformat, Reason.NOT_A_TIME)),
    "DateTime": Scalar({"type": "string", "format": "date-time"}, _formed(_DATETIME, _instant, Reason.NOT_A_DATETIME)),
    "UUID": Scalar({"type": "string", "format": "uuid"}, _formed(_UUID, str, Reason.NOT_A_UUID)),
    "Decimal": Scalar({"type": "string", "pattern": f"^{DECIMAL}$"}, _formed(_DECIMAL, str, Reason.NOT_A_DECIMAL)),
    "Base64": Scalar({"type": "string", "contentEncoding": "base64"}, _base64),
    "JSON": Scalar({}, None),
}
