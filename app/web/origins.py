"""Whose pages a browser may bring here: the platform's own, and those of the operator's list."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from app.web.exchange import Scope, header_values

_PORTS = {"http": 80, "https": 443}


class Origins:
    """Whose pages may open sockets and event streams. Who sends no origin is no browser."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = {_origin(each) for each in allowed}

    def allow(self, scope: Scope) -> bool:
        return all(_origin(each) in self._allowed for each in header_values(scope, b"origin"))


def _origin(text: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port; None for what is no origin, `null` among them."""
    try:
        parts = urlsplit(text)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.scheme and parts.hostname else None
