"""The key of a request: taken from its headers, never from its URL, and handed to the keyring."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from app.api.budgets import Budgets
from app.api.executor import REQUEST_COST
from app.core.actor import Actor
from app.domains.partners.errors import KeyMissing
from app.web.errors import ConflictingKeys
from app.web.exchange import Exchange, Scope, note_actor

_BEARER = "bearer "
KEY_HEADERS = (b"x-api-key", b"authorization")
"""What `key_in` looks at."""


class Keyring(Protocol):
    """Knows every key there is. `authenticate` raises a named failure for a key that does not open the door."""

    async def authenticate(self, token: str, client_ip: str | None) -> Actor: ...

    async def vouched(self, key_id: str, client_ip: str | None) -> Actor:
        """The actor of a key that has vouched for somebody who does not hold it."""
        ...


class MeteredKeyring:
    """A keyring at a door where each request costs its key, also one of which nothing comes."""

    def __init__(self, keyring: Keyring, budgets: Budgets) -> None:
        self._keyring = keyring
        self._budgets = budgets

    async def authenticate(self, token: str, client_ip: str | None) -> Actor:
        """Raises RateLimited, besides what the keyring raises."""
        return self._charge(await self._keyring.authenticate(token, client_ip))

    async def vouched(self, key_id: str, client_ip: str | None) -> Actor:
        """Likewise."""
        return self._charge(await self._keyring.vouched(key_id, client_ip))

    def _charge(self, actor: Actor) -> Actor:
        note_actor(actor)
        self._budgets.spend(actor, REQUEST_COST)
        return actor


def key_in(headers: Iterable[tuple[str, str]]) -> str:
    """The key in a request's headers, their names in lower case; a header sent twice may come as one, with a comma.

    Raises KeyMissing, or ConflictingKeys when several headers disagree.
    """
    found: set[str] = set()
    for name, value in headers:
        if name == "x-api-key":
            found.update(each.strip() for each in value.split(","))
        elif name == "authorization":
            found.update(_bearers(value))
    found.discard("")
    if not found:
        raise KeyMissing
    if len(found) > 1:
        raise ConflictingKeys
    return found.pop()


def _bearers(value: str) -> Iterator[str]:
    for each in map(str.strip, value.split(",")):
        if each[: len(_BEARER)].lower() == _BEARER:
            yield each[len(_BEARER) :].strip()


async def authenticate(keyring: Keyring, scope: Scope, exchange: Exchange) -> Actor:
    """The actor behind the request, noted on its exchange. Raises what the keyring raises, and `key_in`'s."""
    headers = ((str(name, "latin-1"), str(value, "latin-1")) for name, value in scope["headers"])
    exchange.actor = await keyring.authenticate(key_in(headers), exchange.client)
    return exchange.actor
