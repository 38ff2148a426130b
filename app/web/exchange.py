"""What is known about one HTTP request while it is being answered; it travels in the ASGI scope."""

from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.actor import Actor
from app.core.errors import Language
from app.core.ids import new_id

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

ABORT = "skooly.abort"
"""In the scope: cuts the connection. What was written to a client that does not read would wait for it for ever."""
UNMATCHED = "(unmatched)"
_KEY = "skooly.exchange"
_current: ContextVar["Exchange"] = ContextVar("skooly.exchange")


@dataclass(slots=True)
class Exchange:
    """`route` is the template that matched, never the path; `client` is the caller's address."""

    request_id: UUID
    client: str | None
    language: Language = "fr"
    route: str = UNMATCHED
    actor: Actor | None = None
    asked: str | None = None
    """The root fields of a GraphQL operation."""
    answered: bool = False
    """The answer has begun: another one is not to be had."""


def exchange_of(scope: Scope) -> Exchange:
    """The request's exchange; one of its own for an app that is called without the middleware."""
    exchange = scope.get(_KEY)
    if exchange is None:
        exchange = scope[_KEY] = Exchange(new_id(), None)
    assert isinstance(exchange, Exchange)
    return exchange


def begin_exchange(scope: Scope, client: str | None, language: Language) -> Exchange:
    exchange = Exchange(new_id(), client, language)
    scope[_KEY] = exchange
    _current.set(exchange)
    return exchange


def current_exchange() -> Exchange:
    """The exchange of the request this task answers, for code that is not handed the scope."""
    return _current.get()


def note_actor(actor: Actor) -> None:
    """On the exchange of the request this task answers, where it is one: a socket has none."""
    exchange = _current.get(None)
    if exchange is not None:
        exchange.actor = actor


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of that name (in lower case), decoded as Latin-1."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def header_values(scope: Scope, name: bytes) -> list[str]:
    return [str(value, "latin-1") for key, value in scope["headers"] if key == name]
