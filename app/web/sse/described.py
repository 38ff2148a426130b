"""OpenAPI of the two endpoints that no operation document can be: an answer that stays open, and the tickets to it."""

from collections.abc import Iterable
from typing import Any

from app.api.problems import PROBLEMS, Problem
from app.core.scopes import Scope
from app.domains.events.topics import Topic
from app.web.negotiation import EVENT_STREAM
from compat_rest.problems import Fault

Json = dict[str, Any]

_ID = "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"
_EVENTS = f"""retry: 3000

id: WzEsNDFd.…
event: checkpoint
data: {{"cursor":"WzEsNDFd.…"}}

id: WzEsNDJd.…
data: {{"id":"{_ID}","cursor":"WzEsNDJd.…","topic":"student.created","schemaVersion":1,"subject":"{_ID}",\
"occurredAt":"2025-01-13T09:00:00+00:00","data":{{"matricule":"2024/INF/0123"}}}}

event: closing
data: {{"code":"SHUTTING_DOWN","after":"WzEsNDJd.…"}}

"""
_STREAM_SAID = """The school's log from a cursor on, as it grows, for EventSource or any client of Server-Sent Events.

Events are plain messages; their `data` is as in `GET /v1/events`, their `id` the cursor. `checkpoint` says how far the
log was read; `gap`, followed by `complete`, that it does not go on from there; `closing` why this side ends it, and
after which cursor to go on. A comment comes every 15 seconds where nothing else does. EventSource comes back by itself
with `Last-Event-ID`. A page, which can set no header, brings a ticket in place of a key."""
_TICKET_SAID = """It opens `GET /v1/events/stream` to a page that must not hold the key, for ten minutes of connecting.

A stream that is open then stays open. A ticket falls with its key."""
_TEXT: Json = {"type": "string"}
_TOPIC: Json = {"type": "string", "enum": sorted(Topic)}
_COMMON = (
    "UNAUTHENTICATED",
    "CONFLICTING_KEYS",
    "INSUFFICIENT_SCOPE",
    "TOPIC_CLOSED",
    "TOPIC_UNKNOWN",
    "MALFORMED_REQUEST",
    "INVALID_PARAMETERS",
    "MALFORMED_HTTP",
    "RATE_LIMITED",
    "UNAVAILABLE",
    "HEAD_TOO_LARGE",
)
_OF_BODY = ("MALFORMED_JSON", "INVALID_BODY", "BODY_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "REQUEST_TOO_SLOW")


def paths() -> dict[str, dict[str, Json]]:
    """Operations by path, below the prefix of the REST contract, and by method."""
    return {"/events/stream": {"get": _stream()}, "/events/tickets": {"post": _tickets()}}


def _stream() -> Json:
    content = {EVENT_STREAM: {"schema": _TEXT, "examples": {"stream": {"value": _EVENTS}}}}
    refused = (*_COMMON, "BAD_CURSOR", "NOT_ACCEPTABLE", "ORIGIN_REFUSED", "TOO_MANY_CONNECTIONS")
    return {
        **_words("eventStream", "The events as they happen", _STREAM_SAID),
        "security": [*_by_key(), {}],
        "parameters": [
            _query("after", "The cursor of what was read last, from any channel; from now on without it.", _TEXT),
            _query(
                "topics",
                "Only these; all that the key or the ticket opens without it. Repeated, or separated by commas.",
                {"type": "array", "items": _TOPIC},
                example=["student.created"],
            ),
            _query(
                "latest",
                "For who shows how things stand: of what a slow client has waiting, the newest about each subject.",
                {"type": "boolean", "default": False},
            ),
            _query("ticket", "A ticket, in place of a key.", _TEXT),
            {
                "name": "Last-Event-ID",
                "in": "header",
                "description": "The `id` of what was read last. It takes the place of `after`.",
                "schema": _TEXT,
            },
        ],
        "responses": {"200": {"description": "It stays open.", "content": content}, **_problems(refused)},
    }


def _tickets() -> Json:
    made = {
        "type": "object",
        "properties": {
            "ticket": {**_TEXT, "description": "Give it as `ticket`."},
            "expiresAt": {**_TEXT, "format": "date-time", "description": "Until when it opens a stream."},
            "url": {**_TEXT, "description": "Where it opens one."},
        },
        "required": ["ticket", "expiresAt", "url"],
    }
    asked = {
        "type": "object",
        "properties": {
            "topics": {
                "type": ["array", "null"],
                "items": _TOPIC,
                "description": "Only these; none or null is all that the key may read.",
            }
        },
        "additionalProperties": False,
        "examples": [{"topics": ["student.created"]}],
    }
    refused = (*_COMMON, *_OF_BODY)
    return {
        **_words("createEventTicket", "A ticket for a page", _TICKET_SAID),
        "security": _by_key(),
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {
            "201": {"description": "Made.", "content": {"application/json": {"schema": made}}},
            **_problems(refused),
        },
    }


def _words(name: str, summary: str, text: str) -> Json:
    description = f"{text}\n\nScopes: `{Scope.EVENTS_READ}`."
    return {"operationId": name, "tags": ["events"], "summary": summary, "description": description}


def _by_key() -> list[Json]:
    return [{scheme: [str(Scope.EVENTS_READ)]} for scheme in ("apiKey", "bearer")]


def _query(name: str, description: str, schema: Json, **more: Any) -> Json:
    return {"name": name, "in": "query", "description": description, **more, "schema": schema}


def _problems(codes: Iterable[str]) -> Json:
    """Every status of these codes, with an example of each."""
    found: dict[str, Json] = {}
    for code in codes:
        problem = _named(code)
        examples = found.setdefault(str(problem.status), {})
        title = problem.title("fr")
        kind = f"/v1/problems/{code.lower().replace('_', '-')}"
        shown = {
            "type": kind,
            "title": title,
            "status": problem.status,
            "detail": title,
            "code": code,
            "requestId": _ID,
        }
        examples[code] = {"value": shown}
    return {status: _problem(examples) for status, examples in sorted(found.items())}


def _named(code: str) -> Problem | Fault:
    """As the application knows it, or the facade, whose words for unknown names are borrowed."""
    return PROBLEMS.get(code) or Fault[code]


def _problem(examples: Json) -> Json:
    titles = ". ".join(_named(code).title("en") for code in examples)
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": f"{titles}.",
        "content": {"application/problem+json": {"schema": schema, "examples": examples}},
    }
