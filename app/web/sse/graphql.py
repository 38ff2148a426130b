"""`POST /graphql` with `Accept: text/event-stream`: the "distinct connections" mode of graphql-sse.

A query or mutation is answered by one `next` and `complete`. A subscription brings `next` after `next`, each with the
cursor as its `id:`; where it ends without `complete`, the client comes back. Why it ended stands in a comment, since
the protocol has no event for it.
"""

import asyncio
from typing import Any

import orjson
from graphql import FieldNode, OperationType
from graphql.language import VariableNode

from app.api.authoriser import authorise
from app.api.executor import Executor, Request
from app.api.operations import PreparedOperation, Preparer
from app.api.problems import headers_of, status_of
from app.api.streams import Frame
from app.core.actor import Actor
from app.core.errors import SkoolyError
from app.web.answers import send_json
from app.web.body import ClientGone, parse_json, read_body, require_json
from app.web.errors import MalformedRequest, MethodNotAllowed, RequestTooSlow
from app.web.exchange import App, Exchange, Receive, Scope, Send, exchange_of, header
from app.web.graphql_answers import request_errors, result_of
from app.web.graphql_http import PATH
from app.web.graphql_request import GraphQLRequest, read_request
from app.web.guarded import BODY_SECONDS, named
from app.web.keys import Keyring, authenticate
from app.web.negotiation import GRAPHQL_JSON, prefers_events
from app.web.sse import wire
from app.web.sse.answer import Connection, Follower


class WithStreams:
    """Whoever would rather have an event stream gets one; every other request is `api`'s."""

    def __init__(self, api: App, streams: App) -> None:
        self._api = api
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._streams if prefers_events(header(scope, b"accept")) else self._api
        await app(scope, receive, send)


class GraphQLWords:
    """As `Words` has it, of graphql-sse. The payloads name no request: they are shared."""

    def frame(self, frame: Frame) -> bytes:
        return wire.event(frame.payload, name="next", id=frame.cursor)

    def ending(self, failure: SkoolyError | None, after: str | None) -> bytes:
        if failure is None:
            return wire.COMPLETE
        return wire.comment(orjson.dumps({"code": failure.code, "after": after}).decode())


class GraphQLStreams:
    def __init__(self, preparer: Preparer, executor: Executor, keyring: Keyring, follower: Follower) -> None:
        self._preparer = preparer
        self._executor = executor
        self._keyring = keyring
        self._follower = follower

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        exchange.route = PATH
        try:
            actor, asked = await self._asked(scope, receive, exchange)
            await self._answer(Connection(scope, receive, send), actor, asked)
        except ClientGone:
            return
        except Exception as error:
            if exchange.answered:
                raise
            await _refuse(send, exchange, named(error, exchange))

    async def _asked(self, scope: Scope, receive: Receive, exchange: Exchange) -> tuple[Actor, GraphQLRequest]:
        if scope["method"] != "POST":
            raise MethodNotAllowed(allowed="POST")
        actor = await authenticate(self._keyring, scope, exchange)
        require_json(scope)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await read_body(receive)
        except TimeoutError:
            raise RequestTooSlow from None
        return actor, read_request(parse_json(body))

    async def _answer(self, connection: Connection, actor: Actor, asked: GraphQLRequest) -> None:
        """Raises whatever refuses the operation, before anything is sent."""
        exchange = exchange_of(connection.scope)
        prepared = self._preparer.prepare(asked.query, asked.operation_name)
        exchange.asked = prepared.label
        authorise(actor, prepared.needs)
        request = Request(exchange.request_id, exchange.language, "graphql")
        if prepared.operation.operation is not OperationType.SUBSCRIPTION:
            outcome = await self._executor.execute(prepared, asked.variables, actor, request)
            await _send_once(connection.send, result_of(outcome, exchange.request_id))
            return
        variables = resumed(prepared, asked.variables, header(connection.scope, b"last-event-id"))
        await self._follower.follow(prepared, variables, actor, request, GraphQLWords(), connection)


def resumed(prepared: PreparedOperation, variables: dict[str, Any], last_event_id: str | None) -> dict[str, Any]:
    """The variables of a client that comes back: `Last-Event-ID` takes the place of what it first gave as `after`.

    Raises MalformedRequest where the document has no variable there: the client would be given again what it has.
    """
    if not last_event_id:
        return variables
    for selection in prepared.operation.selection_set.selections:
        for argument in (selection.arguments or ()) if isinstance(selection, FieldNode) else ():
            if argument.name.value == "after" and isinstance(argument.value, VariableNode):
                return {**variables, argument.value.name.value: last_event_id}
    raise MalformedRequest(
        reason_fr="Last-Event-ID demande un document où « after » est une variable",
        reason_en="Last-Event-ID needs a document in which “after” is a variable",
    )


async def _send_once(send: Send, result: dict[str, Any]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(wire.HEADERS)})
    body = wire.event(orjson.dumps(result), name="next") + wire.COMPLETE
    await send({"type": "http.response.body", "body": body})


async def _refuse(send: Send, exchange: Exchange, failure: SkoolyError) -> None:
    headers = {"content-language": exchange.language, **headers_of(failure)}
    if isinstance(failure, MethodNotAllowed):
        headers["allow"] = str(failure.facts["allowed"])
    errors = request_errors(failure, exchange.language, exchange.request_id)
    await send_json(
        send,
        status_of(failure.code),
        {"errors": errors},
        content_type=f"{GRAPHQL_JSON}; charset=utf-8",
        headers=headers,
    )
