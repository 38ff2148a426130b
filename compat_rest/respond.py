"""Answers: an operation's outcome as status, headers and bytes."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from compat_rest.endpoints import FAILURE_KEYS, Endpoint
from compat_rest.gateway import Gateway, OperationError, Outcome
from compat_rest.negotiation import JSON, NDJSON
from compat_rest.problems import MEDIA_TYPE, Fault, Language, Problem
from compat_rest.selection import TYPENAME

Headers = list[tuple[bytes, bytes]]
VARY = (b"vary", b"Accept, Accept-Language, Authorization, X-API-KEY")
_NO_STORE = (b"cache-control", b"no-store")
_REVALIDATE = (b"cache-control", b"private, no-cache")
_TYPES = {JSON: (b"content-type", b"application/json"), NDJSON: (b"content-type", b"application/x-ndjson")}
_SAID = frozenset({TYPENAME, *FAILURE_KEYS, *FAILURE_KEYS.values()})
"""Keys of a failure that the problem's own members carry."""


class Reply(NamedTuple):
    status: int
    headers: Headers
    body: bytes


class Asked(NamedTuple):
    """What of the request an answer depends on."""

    raw_path: bytes
    query: bytes
    media: str
    if_none_match: str | None


def encoded(headers: Mapping[str, str]) -> Headers:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


class Responder:
    """Answers for one endpoint; what does not change from request to request is prepared."""

    def __init__(self, endpoint: Endpoint, gateway: Gateway) -> None:
        self._gateway = gateway
        self._root = endpoint.root
        self._success = endpoint.binding.success
        self._paging = endpoint.paging
        self._cached = endpoint.binding.method == "GET"
        self._always: Headers = [VARY, *encoded(dict(endpoint.lifecycle.headers))]
        self._names = {each.variable: each.name for each in endpoint.parameters.all}
        self.offered = (JSON,) if endpoint.paging.rows is None else (JSON, NDJSON)

    def reply(self, outcome: Outcome, asked: Asked) -> Reply:
        """Raises Problem for errors, failures and null."""
        if outcome.errors or outcome.data is None:
            raise self._error(outcome)
        answer = outcome.data[self._root.key]
        if answer is None:
            raise Problem.of(Fault.NOT_FOUND, headers=outcome.headers)
        status = self._status(answer, outcome) if self._root.members else self._success
        body = self._body(answer, asked.media)
        headers = [*self._always, _TYPES[asked.media]]
        if outcome.headers:
            headers += encoded(outcome.headers)
        if link := self._paging.link(asked.raw_path, asked.query, answer):
            headers.append((b"link", link.encode("ascii")))
        if not self._cached or status != 200:
            return Reply(status, [*headers, _NO_STORE], body)
        return _revalidated(headers, body, asked.if_none_match)

    def _status(self, answer: dict[str, Any], outcome: Outcome) -> int:
        """The status of this member of the union. Raises Problem where it is a failure."""
        name = answer.pop(TYPENAME) if self._root.typename_is_ours else answer[TYPENAME]
        member = self._root.members[name]
        if member.failure:
            raise self._failure(member.status, answer, outcome)
        return member.status

    def _failure(self, status: int, answer: Mapping[str, Any], outcome: Outcome) -> Problem:
        code, message = answer["_code"], answer["_message"]
        return Problem(
            status,
            code,
            self._gateway.titles.get(code) or {"fr": message, "en": message},
            message,
            field=self._field(answer["_field"]),
            headers=outcome.headers,
            extensions={key: value for key, value in answer.items() if key not in _SAID},
        )

    def _error(self, outcome: Outcome) -> Problem:
        """The first error decides. One that the table of statuses does not know says nothing about itself."""
        error = outcome.errors[0] if outcome.errors else OperationError("", "")
        return problem_of(self._gateway, error.code, error.message, self._field(error.field), outcome.headers)

    def _field(self, field: str | None) -> str | None:
        """The input at fault under the name it has here: a header's is not its variable's."""
        return self._names.get(field, field) if field else field

    def _body(self, answer: Any, media: str) -> bytes:
        if media == JSON:
            return orjson.dumps(answer)
        return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in self._paging.lines(answer))


def _revalidated(headers: Headers, body: bytes, if_none_match: str | None) -> Reply:
    etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    headers += [(b"etag", etag.encode("ascii")), _REVALIDATE]
    if if_none_match is not None and _matches(if_none_match, etag):
        return Reply(304, [each for each in headers if each[0] != b"content-type"], b"")
    return Reply(200, headers, body)


def _matches(header: str, etag: str) -> bool:
    """If-None-Match compares weakly (RFC 9110 §13.1.2)."""
    return header.strip() == "*" or etag in (each.strip().removeprefix("W/") for each in header.split(","))


def problem_of(
    gateway: Gateway, code: str, detail: str | None, field: str | None, headers: Mapping[str, str]
) -> Problem:
    """The problem of one of the application's codes; an unknown code is an internal error without a word of it."""
    status = gateway.statuses.get(code)
    if status is None:
        return Problem.of(Fault.INTERNAL_ERROR, headers=headers)
    titles = gateway.titles.get(code, {})
    return Problem(status, code, titles, detail, field=field, headers=headers)


def problem_reply(problem: Problem, prefix: str, language: Language, request_id: str) -> Reply:
    headers = [
        (b"content-type", MEDIA_TYPE.encode("ascii")),
        (b"content-language", language.encode("ascii")),
        VARY,
        _NO_STORE,
        *encoded(problem.headers),
    ]
    return Reply(problem.status, headers, problem.body(prefix, language, request_id))
