"""Headers of a partner's own choice: none that could change where a request goes, how long it is or who signed it."""

import re
from collections.abc import Sequence

from app.core.outbound.errors import HeaderMalformed, HeaderRepeated, HeaderReserved, TooManyHeaders

FIELD = "headers"
MOST = 20
LONGEST_VALUE = 1_024

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}", re.ASCII)
_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?", re.ASCII)
RESERVED = frozenset(
    {
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "upgrade",
        "expect",
        "te",
        "trailer",
        "accept-encoding",
        "user-agent",
        "via",
        "forwarded",
    }
)
RESERVED_PREFIXES = ("webhook-", "x-skooly-", "proxy-", "x-forwarded-", "sec-")


def read_headers(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The headers by lower-case name. Raises a HeaderRefused."""
    if len(headers) > MOST:
        raise TooManyHeaders(field=FIELD, most=MOST, count=len(headers))
    read = {_name(name): _value(name, value) for name, value in headers}
    if len(read) < len(headers):
        raise HeaderRepeated(field=FIELD)
    return read


def _name(name: str) -> str:
    lower = name.lower()
    if not _NAME.fullmatch(name):
        raise HeaderMalformed(field=FIELD, name=name[:64], most=LONGEST_VALUE)
    if lower in RESERVED or lower.startswith(RESERVED_PREFIXES):
        raise HeaderReserved(field=FIELD, name=name)
    return lower


def _value(name: str, value: str) -> str:
    if len(value) > LONGEST_VALUE or not _VALUE.fullmatch(value):
        raise HeaderMalformed(field=FIELD, name=name, most=LONGEST_VALUE)
    return value
