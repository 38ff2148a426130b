"""Reading a JSON body: bounded, complete, and strict about everything that parsers disagree on."""

import json
from typing import Any

import orjson

from app.web.errors import BodyTooLarge, MalformedJson, UnsupportedMediaType
from app.web.exchange import Receive, Scope, header

MAX_BODY = 64 * 1024
"""Bytes."""


class ClientGone(Exception):
    """The client closed the connection before its request was complete: nobody waits for an answer."""


def require_json(scope: Scope) -> None:
    """Raises UnsupportedMediaType unless the body is declared as plain UTF-8 JSON."""
    media, _, parameters = (header(scope, b"content-type") or "").lower().partition(";")
    charset = next((p.strip()[8:] for p in parameters.split(";") if p.strip().startswith("charset=")), "utf-8")
    encoding = header(scope, b"content-encoding") or "identity"
    if media.strip() != "application/json" or charset.strip('"') not in ("utf-8", "utf8") or encoding != "identity":
        raise UnsupportedMediaType


async def read_body(receive: Receive, maximum: int = MAX_BODY) -> bytes:
    """Raises BodyTooLarge as soon as there is more than `maximum`, ClientGone when it breaks off."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size > maximum:
            raise BodyTooLarge(maximum=maximum)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def parse_json(body: bytes) -> Any:
    """Raises MalformedJson, also for what some parsers let pass: NaN, lone surrogates, a name given twice."""
    try:
        parsed = orjson.loads(body)
        json.loads(body, object_pairs_hook=_unique)
    except orjson.JSONDecodeError as error:
        where = f"({error.lineno}:{error.colno})"
        raise MalformedJson(reason_fr=f"illisible {where}", reason_en=f"{error.msg} {where}") from None
    except _Repeated as error:
        raise MalformedJson(
            reason_fr=f"« {error.name} » y est deux fois", reason_en=f"“{error.name}” appears twice"
        ) from None
    except (ValueError, RecursionError):
        raise MalformedJson(
            reason_fr="nombre ou imbrication hors limites", reason_en="number or nesting out of bounds"
        ) from None
    return parsed


class _Repeated(ValueError):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


def _unique(pairs: list[tuple[str, Any]]) -> None:
    """Builds nothing: the only question is whether an object names something twice."""
    seen = set()
    for name, _ in pairs:
        if name in seen:
            raise _Repeated(name)
        seen.add(name)
