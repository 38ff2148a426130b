"""Sending a whole response at once."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from app.api.problems import headers_of, problem_of, status_of
from app.core.errors import Language, SkoolyError
from app.web.exchange import Exchange, Send

PROBLEM_JSON = "application/problem+json"
PROBLEM_PAGES = "/v1/problems/"


async def send_bytes(
    send: Send, status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
) -> None:
    raw = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    raw += [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def send_json(
    send: Send,
    status: int,
    value: Any,
    *,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> None:
    await send_bytes(send, status, orjson.dumps(value), content_type, headers)


def problem_body(failure: SkoolyError, language: Language, request_id: UUID) -> dict[str, Any]:
    problem = problem_of(failure.code)
    body = {
        "type": PROBLEM_PAGES + failure.code.lower().replace("_", "-"),
        "title": problem.title(language),
        "status": problem.status,
        "detail": failure.message(language),
        "code": failure.code,
        "requestId": str(request_id),
    }
    if failure.field:
        body["field"] = failure.field
    return body


async def send_problem(
    send: Send, exchange: Exchange, failure: SkoolyError, headers: Mapping[str, str] | None = None
) -> None:
    """A failure as an RFC 9457 problem, in the caller's language."""
    await send_json(
        send,
        status_of(failure.code),
        problem_body(failure, exchange.language, exchange.request_id),
        content_type=PROBLEM_JSON,
        headers={"content-language": exchange.language, **headers_of(failure), **(headers or {})},
    )
