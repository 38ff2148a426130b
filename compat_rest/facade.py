"""The ASGI application: authenticate, route, authorise, read, execute, answer. In this order.

Nothing is looked up in the schema while a request runs: start-up left dictionaries and compiled readers. What is
neither an `Outcome` nor a `Refusal` is a fault of the application; it propagates to the host, which logs it and says
nothing of it to the client.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from compat_rest.endpoints import Endpoint, load_endpoints
from compat_rest.gateway import Gateway, Refusal
from compat_rest.negotiation import language, media_type
from compat_rest.openapi import Beside, document
from compat_rest.pages import Page, explanation, json_pages, swagger_pages
from compat_rest.problems import PAGES, Fault, Language, Problem
from compat_rest.respond import Asked, Reply, Responder, problem_of, problem_reply
from compat_rest.routes import Match, Routes, raw_path_of

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_BODY = 256 * 1024
"""Bytes."""


class ClientGone(Exception):
    """The client hung up before its body was complete: nobody waits for an answer."""


class _Served(NamedTuple):
    endpoint: Endpoint
    responder: Responder


def _new_request_id(scope: Scope) -> str:
    return str(uuid4())


def _ignore(scope: Scope, template: str) -> None:
    """Nobody wants to know."""


class Facade:
    """Serves the operation documents of a folder.

    `prefix` is what every path begins with; it is part of the request's path, not stripped by a mount.
    `request_id` gives the id the host knows a request by; `matched` is told the template a request reached
    ("/v1/students/{matricule}"), for logs and metrics. `published` are further JSON documents that need no key, by
    their name under the prefix; `beside` are operations that the host serves itself, for the OpenAPI document. Raises
    BrokenDocuments.
    """

    def __init__(
        self,
        gateway: Gateway,
        operations: Path,
        fragments: Path,
        *,
        prefix: str = "/v1",
        request_id: Callable[[Scope], str] = _new_request_id,
        matched: Callable[[Scope, str], None] = _ignore,
        max_body: int = MAX_BODY,
        published: Mapping[str, bytes] | None = None,
        beside: Beside | None = None,
    ) -> None:
        self._gateway = gateway
        self._prefix = prefix
        self._request_id = request_id
        self._matched = matched
        self._max_body = max_body
        self.endpoints = load_endpoints(gateway, operations, fragments)
        self.openapi = document(gateway, self.endpoints, prefix, beside)
        self._routes: Routes[_Served] = Routes(
            prefix,
            [
                (each.binding.method, each.binding.segments, each.binding.path, _Served(each, Responder(each, gateway)))
                for each in self.endpoints
            ],
        )
        documents = {**(published or {}), "openapi.json": self.openapi}
        self._pages: dict[bytes, Page] = {**json_pages(prefix, documents), **swagger_pages(prefix)}
        self._problems = f"{prefix}{PAGES}".encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"the REST facade speaks http, not {scope['type']}")
        headers = _headers(scope)
        wanted = language(headers.get("accept-language"))
        request_id = self._request_id(scope)
        try:
            reply = await self._reply(scope, receive, headers, wanted, request_id)
        except Problem as problem:
            reply = problem_reply(problem, self._prefix, wanted, request_id)
        except Refusal as refused:
            refusal = problem_of(self._gateway, refused.code, refused.detail, refused.field, refused.headers)
            reply = problem_reply(refusal, self._prefix, wanted, request_id)
        except ClientGone:
            return
        await _send(reply, scope["method"], send)

    async def _reply(
        self, scope: Scope, receive: Receive, headers: Mapping[str, str], wanted: Language, request_id: str
    ) -> Reply:
        raw_path = raw_path_of(scope)
        if page := self._page(raw_path):
            self._matched(scope, page.template)
            return page.reply(scope["method"], headers.get("if-none-match"))
        client = scope.get("client")
        caller = await self._gateway.authenticate(headers, client[0] if client else None)
        match = self._match(scope, raw_path)
        method = scope["method"]
        if method == "OPTIONS":
            return Reply(204, [(b"allow", match.resource.allow.encode("ascii"))], b"")
        endpoint, responder = _served(match, method)
        self._gateway.authorise(caller, endpoint.prepared)
        media = media_type(headers.get("accept"), responder.offered)
        if media is None:
            raise Problem.of(Fault.NOT_ACCEPTABLE)
        query = scope["query_string"]
        variables = endpoint.parameters.read(match.segments, query, headers)
        if endpoint.parameters.body is not None:
            await self._take_body(endpoint, receive, headers, variables)
        outcome = await self._gateway.execute(
            endpoint.prepared, variables, caller, request_id=request_id, language=wanted
        )
        return responder.reply(outcome, Asked(raw_path, query, media, headers.get("if-none-match")))

    def _page(self, raw_path: bytes) -> Page | None:
        page = self._pages.get(raw_path)
        if page is None and raw_path.startswith(self._problems):
            return explanation(self._gateway, self._prefix, raw_path[len(self._problems) :])
        return page

    def _match(self, scope: Scope, raw_path: bytes) -> Match[_Served]:
        match = self._routes.find(raw_path)
        if match is None:
            raise Problem.of(Fault.UNKNOWN_PATH)
        self._matched(scope, match.resource.template)
        return match

    async def _take_body(
        self, endpoint: Endpoint, receive: Receive, headers: Mapping[str, str], variables: dict[str, Any]
    ) -> None:
        body = endpoint.parameters.body
        assert body is not None
        raw = await self._body(receive, headers)
        if raw or body.required:
            variables[body.variable] = endpoint.parameters.read_body(headers, raw)

    async def _body(self, receive: Receive, headers: Mapping[str, str]) -> bytes:
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._max_body:
            raise Problem.of(Fault.BODY_TOO_LARGE)
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._max_body:
                raise Problem.of(Fault.BODY_TOO_LARGE)
            if not message.get("more_body", False):
                return b"".join(parts)


def _headers(scope: Scope) -> dict[str, str]:
    """By name in lower case; a header that is sent twice reads as one list (RFC 9110 §5.3)."""
    pairs = [(name.decode("latin-1"), text.decode("latin-1")) for name, text in scope["headers"]]
    headers = dict(pairs)
    if len(headers) != len(pairs):
        headers = {name: ", ".join(text for other, text in pairs if other == name) for name in headers}
    return headers


def _served(match: Match[_Served], method: str) -> _Served:
    served = match.resource.methods.get(method)
    if served is None:
        raise Problem.of(Fault.METHOD_NOT_ALLOWED, headers={"Allow": match.resource.allow})
    return served


async def _send(reply: Reply, method: str, send: Send) -> None:
    """HEAD tells the length of the body it leaves out; 204 and 304 have none to tell of."""
    headers = reply.headers
    if reply.status not in (204, 304):
        headers = [*headers, (b"content-length", b"%d" % len(reply.body))]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
