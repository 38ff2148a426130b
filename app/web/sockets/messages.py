"""The messages of `graphql-transport-ws`: what a client may say, and how what is said to it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.core.errors import SkoolyError
from app.web.body import parse_json
from app.web.sockets.closing import CloseCode, SocketClosed

LONGEST_ID = 128
ACK = '{"type":"connection_ack"}'


@dataclass(frozen=True, slots=True)
class Init:
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ping:
    payload: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Pong:
    pass


@dataclass(frozen=True, slots=True)
class Subscribe:
    id: str
    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Complete:
    id: str


Message = Init | Ping | Pong | Subscribe | Complete


def read_message(text: str) -> Message:
    """Raises SocketClosed for whatever the protocol does not have."""
    try:
        message = parse_json(text.encode())
    except (SkoolyError, UnicodeEncodeError):
        raise _bad("JSON") from None
    if not isinstance(message, dict):
        raise _bad("OBJECT")
    kind = message.get("type")
    if kind == "subscribe":
        return Subscribe(_id(message), _object(message, "payload") or _missing())
    if kind == "complete":
        return Complete(_id(message))
    if kind == "connection_init":
        return Init(_object(message, "payload") or {})
    if kind == "ping":
        return Ping(_object(message, "payload"))
    if kind == "pong":
        _object(message, "payload")
        return Pong()
    raise _bad("TYPE")


def pong(ping: Ping) -> str:
    """With the payload of the ping, as the protocol allows: some clients tell their pings apart by it."""
    return _text({"type": "pong"} if ping.payload is None else {"type": "pong", "payload": ping.payload})


def next_(id: str, result: Any) -> str:
    return _text({"id": id, "type": "next", "payload": result})


def next_prefix(id: str) -> str:
    """What stands before a payload that is JSON already; a `}` closes the message."""
    return _text({"id": id, "type": "next"})[:-1] + ',"payload":'


def error(id: str, errors: Sequence[Mapping[str, Any]]) -> str:
    return _text({"id": id, "type": "error", "payload": errors})


def complete(id: str) -> str:
    return _text({"id": id, "type": "complete"})


def _text(message: Mapping[str, Any]) -> str:
    return orjson.dumps(message).decode()


def _id(message: Mapping[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= LONGEST_ID:
        raise _bad("ID")
    return id


def _object(message: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = message.get(name)
    if value is not None and not isinstance(value, dict):
        raise _bad("PAYLOAD")
    return value


def _missing() -> Mapping[str, Any]:
    raise _bad("PAYLOAD")


def _bad(what: str) -> SocketClosed:
    return SocketClosed(CloseCode.BAD_MESSAGE, f"BAD_MESSAGE_{what}")
