"""GraphQL over HTTP, by the GraphQL-over-HTTP draft: POST and JSON only, one operation a request."""

import orjson

from app.api.authoriser import authorise
from app.api.executor import Executor, Request
from app.api.operations import PreparedOperation, Preparer
from app.api.problems import headers_of, status_of
from app.core.errors import SkoolyError
from app.web.answers import send_bytes
from app.web.body import parse_json, read_body, require_json
from app.web.errors import MethodNotAllowed, NotAcceptable
from app.web.exchange import Exchange, Receive, Scope, Send, exchange_of, header
from app.web.graphql_answers import request_errors, result_of
from app.web.graphql_request import GraphQLRequest, read_request
from app.web.keys import Keyring, authenticate
from app.web.negotiation import GRAPHQL_JSON, PLAIN_JSON, media_type

PATH = "/graphql"
ANSWERED_IN_GRAPHQL = frozenset(
    {
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "UNKNOWN_OPERATION",
        "LIMIT_EXCEEDED",
        "COST_EXCEEDED",
        "MIXED_INTROSPECTION",
        "BAD_USER_INPUT",
    }
)
"""The request was well formed, its document was not: 200 for a client that takes application/json."""


class GraphQLEndpoint:
    def __init__(self, preparer: Preparer, executor: Executor, keyring: Keyring) -> None:
        self._preparer = preparer
        self._executor = executor
        self._keyring = keyring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        exchange.route = PATH
        try:
            body = await self._answer(scope, receive, exchange)
        except SkoolyError as failure:
            await refuse(scope, send, exchange, failure)
        else:
            await send_bytes(send, 200, body, _content_type(scope))

    async def _answer(self, scope: Scope, receive: Receive, exchange: Exchange) -> bytes:
        if scope["method"] != "POST":
            raise MethodNotAllowed(allowed="POST")
        actor = await authenticate(self._keyring, scope, exchange)
        if media_type(header(scope, b"accept")) is None:
            raise NotAcceptable(available=f"{GRAPHQL_JSON}, {PLAIN_JSON}")
        require_json(scope)
        asked = read_request(parse_json(await read_body(receive)))
        prepared = self._prepared(asked, exchange)
        authorise(actor, prepared.needs)
        request = Request(exchange.request_id, exchange.language, "graphql")
        outcome = await self._executor.execute(prepared, asked.variables, actor, request)
        return orjson.dumps(result_of(outcome, exchange.request_id))

    def _prepared(self, asked: GraphQLRequest, exchange: Exchange) -> PreparedOperation:
        prepared = self._preparer.prepare(asked.query, asked.operation_name)
        exchange.asked = prepared.label
        return prepared


async def refuse(scope: Scope, send: Send, exchange: Exchange, failure: SkoolyError) -> None:
    """Answers a request of which nothing was run: errors, and no `data`."""
    content_type = _content_type(scope)
    status = status_of(failure.code)
    if content_type.startswith(PLAIN_JSON) and failure.code in ANSWERED_IN_GRAPHQL:
        status = 200
    headers = {"content-language": exchange.language, **headers_of(failure)}
    if isinstance(failure, MethodNotAllowed):
        headers["allow"] = str(failure.facts["allowed"])
    body = orjson.dumps({"errors": request_errors(failure, exchange.language, exchange.request_id)})
    await send_bytes(send, status, body, content_type, headers)


def _content_type(scope: Scope) -> str:
    return f"{media_type(header(scope, b'accept')) or PLAIN_JSON}; charset=utf-8"
