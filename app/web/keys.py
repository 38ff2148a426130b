"""The key of a request: taken from its headers, never from its URL, and handed to the keyring."""

from typing import Protocol

from app.core.actor import Actor
from app.web.errors import ConflictingKeys, KeyMissing
from app.web.exchange import Exchange, Scope

_BEARER = "bearer "


class Keyring(Protocol):
    """Knows every key there is. `authenticate` raises a named failure for a key that does not open the door."""

    async def authenticate(self, token: str, client_ip: str | None) -> Actor: ...


def key_in(headers: list[tuple[bytes, bytes]]) -> str:
    """The key. Raises KeyMissing, or ConflictingKeys when several headers disagree."""
    found = set()
    for name, value in headers:
        if name == b"x-api-key":
            found.add(str(value, "latin-1").strip())
        elif name == b"authorization":
            text = str(value, "latin-1").strip()
            if text[: len(_BEARER)].lower() == _BEARER:
                found.add(text[len(_BEARER) :].strip())
    found.discard("")
    if not found:
        raise KeyMissing
    if len(found) > 1:
        raise ConflictingKeys
    return found.pop()


async def authenticate(keyring: Keyring, scope: Scope, exchange: Exchange) -> Actor:
    """The actor behind the request, noted on its exchange. Raises what the keyring raises, and `key_in`'s."""
    exchange.actor = await keyring.authenticate(key_in(scope["headers"]), exchange.client)
    return exchange.actor
