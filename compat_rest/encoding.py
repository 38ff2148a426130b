"""Percent-encoding and UTF-8, strictly: a request either says one thing or is refused."""

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from compat_rest.problems import Reason

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_BODY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
TEXT_PATTERN = r"^[^\u0000-\u001f\u007f-\u009f]*$"
"""The texts `decode` lets through, as OpenAPI says it."""
BODY_PATTERN = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$"
"""The texts a body may hold: lines and tabs belong to a comment."""


class Undecodable(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name)
        self.reason = reason


def decode(raw: bytes) -> str:
    """The text of one percent-encoded component. Raises Undecodable."""
    if raw.isalnum():  # ASCII letters and digits only: nothing to undo
        return raw.decode("ascii")
    if _BROKEN_ESCAPE.search(raw):
        raise Undecodable(Reason.ENCODING)
    try:
        text = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise Undecodable(Reason.ENCODING) from None
    if _CONTROL.search(text):
        raise Undecodable(Reason.CONTROL_CHARACTER)
    return text


def pairs(query: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The raw names and values of a query string, `+` made a space; `?a` is an empty `a`."""
    for part in query.replace(b"+", b" ").split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            yield name, value


def forbidden_in_body(text: str) -> bool:
    return _CONTROL_IN_BODY.search(text) is not None
