"""The log of a school for EventSource: `GET /v1/events/stream`, and the tickets that open it to a browser's page."""

from typing import Any
from urllib.parse import parse_qs

import orjson

from app.api.authoriser import authorise
from app.api.executor import Request
from app.api.operations import PreparedOperation, Preparer
from app.api.streams import Frame
from app.core.actor import Actor
from app.core.errors import SkoolyError
from app.domains.events.visibility import chosen_topics, separated
from app.web.answers import send_json, send_problem
from app.web.body import parse_json, read_body, require_json
from app.web.errors import MalformedRequest, MethodNotAllowed, NotAcceptable, OriginRefused
from app.web.exchange import Receive, Scope, Send, exchange_of, header
from app.web.guarded import named
from app.web.keys import Keyring, authenticate
from app.web.negotiation import EVENT_STREAM, accepts
from app.web.origins import Origins
from app.web.sse import wire
from app.web.sse.answer import Connection, Follower, Headers
from app.web.sse.refusing import refuse_unknown, send_refusal
from app.web.sse.tickets import Grant, Tickets
from compat_rest.binding import Place
from compat_rest.problems import Problem

Query = dict[str, list[str]]
MOST_PARAMETERS = 100
"""As many as there may be topics, and then some."""
TAKEN = ("after", "topics", "latest", "ticket")
STREAM = "/v1/events/stream"
TICKETS = "/v1/events/tickets"
DOCUMENT = """
subscription EventStream($after: String, $topics: [String!], $latest: Boolean! = false) {
  events(after: $after, topics: $topics, latest: $latest) {
    __typename
    ... on Event { id cursor topic schemaVersion subject occurredAt data }
    ... on Checkpoint { cursor }
    ... on Gap { code message oldestAvailable }
  }
}
"""
NAMES = {"Event": None, "Checkpoint": "checkpoint", "Gap": "gap"}
"""An event is EventSource's `message`; the others a page may do without."""


class LogWords:
    """As `Words` has it: each event as `GET /v1/events` shows it."""

    def frame(self, frame: Frame) -> bytes:
        shown = orjson.loads(frame.payload)["data"]["events"]
        name = NAMES[shown.pop("__typename")]
        return wire.event(orjson.dumps(shown), name=name, id=frame.cursor)

    def ending(self, failure: SkoolyError | None, after: str | None) -> bytes:
        """`closing` says why; `complete` follows a Gap, after which coming back as before is no use."""
        if failure is None:
            return wire.COMPLETE
        return wire.event(orjson.dumps({"code": failure.code, "after": after}), name="closing")


class LogStreamEndpoint:
    def __init__(
        self, preparer: Preparer, keyring: Keyring, tickets: Tickets, origins: Origins, follower: Follower
    ) -> None:
        self._prepared = preparer.prepare(DOCUMENT)
        self._keyring = keyring
        self._tickets = tickets
        self._origins = origins
        self._follower = follower

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        exchange.route = STREAM
        try:
            await self._answer(Connection(scope, receive, send))
        except Problem as problem:
            await send_refusal(send, exchange, problem)
        except Exception as error:
            if exchange.answered:
                raise
            failure = named(error, exchange)
            await send_problem(send, exchange, failure, _allowed(failure))

    async def _answer(self, connection: Connection) -> None:
        """Raises whatever refuses the stream, before anything is sent."""
        scope = connection.scope
        if scope["method"] != "GET":
            raise MethodNotAllowed(allowed="GET")
        headers = self._shared_with(scope)
        if not accepts(header(scope, b"accept"), EVENT_STREAM):
            raise NotAcceptable(available=EVENT_STREAM)
        asked = _query(scope)
        actor, variables = await self._let_in(scope, asked)
        refuse_unknown(Place.QUERY, asked, TAKEN)
        exchange = exchange_of(scope)
        request = Request(exchange.request_id, exchange.language, "rest")
        await self._follower.follow(self._prepared, variables, actor, request, LogWords(), connection, headers)

    async def _let_in(self, scope: Scope, asked: Query) -> tuple[Actor, dict[str, Any]]:
        """Who asks, and for what: a ticket's topics can be narrowed, not left."""
        exchange = exchange_of(scope)
        topics = separated(asked.get("topics")) or None
        if ticket := _last(asked, "ticket"):
            grant = self._tickets.read(ticket)
            actor = exchange.actor = await self._keyring.vouched(grant.key_id, exchange.client)
            topics = _narrowed(grant, topics)
        else:
            actor = await authenticate(self._keyring, scope, exchange)
        after = header(scope, b"last-event-id") or _last(asked, "after") or None
        return actor, {"after": after, "topics": topics, "latest": _last(asked, "latest") == "true"}

    def _shared_with(self, scope: Scope) -> Headers:
        """What lets a page of an allowed origin read the answer. Raises OriginRefused."""
        origin = header(scope, b"origin")
        if not self._origins.allow(scope):
            raise OriginRefused
        if origin is None:
            return ((b"vary", b"origin"),)
        return ((b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"origin"))


class TicketEndpoint:
    """`POST {"topics": [...]}` with a key."""

    def __init__(self, prepared: PreparedOperation, keyring: Keyring, tickets: Tickets) -> None:
        self._prepared = prepared
        self._keyring = keyring
        self._tickets = tickets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        exchange.route = TICKETS
        if scope["method"] != "POST":
            raise_ = MethodNotAllowed(allowed="POST")
            await send_problem(send, exchange, raise_, _allowed(raise_))
            return
        actor = await authenticate(self._keyring, scope, exchange)
        authorise(actor, self._prepared.needs)
        try:
            topics = await self._asked(scope, receive)
        except Problem as problem:
            await send_refusal(send, exchange, problem)
            return
        chosen_topics(actor, topics)
        ticket, expires_at = self._tickets.write(Grant(actor.key_id, topics))
        await send_json(
            send, 201, {"ticket": ticket, "expiresAt": expires_at.isoformat(), "url": f"{STREAM}?ticket={ticket}"}
        )

    async def _asked(self, scope: Scope, receive: Receive) -> tuple[str, ...] | None:
        """The topics that a ticket is to open. Raises Problem, MalformedRequest and UnsupportedMediaType."""
        refuse_unknown(Place.QUERY, _query(scope), ())
        require_json(scope)
        return _topics(parse_json(await read_body(receive) or b"{}"))


def _topics(body: Any) -> tuple[str, ...] | None:
    """Raises MalformedRequest, and Problem for what is not read."""
    if not isinstance(body, dict):
        raise MalformedRequest(reason_fr="le corps doit être un objet", reason_en="the body has to be an object")
    refuse_unknown(Place.BODY, body, ("topics",))
    topics = body.get("topics")
    if topics is None or (isinstance(topics, list) and all(isinstance(each, str) for each in topics)):
        return tuple(topics or ()) or None
    raise MalformedRequest(
        field="topics",
        reason_fr="« topics » doit être une liste de textes",
        reason_en="“topics” has to be a list of strings",
    )


def _narrowed(grant: Grant, topics: list[str] | None) -> list[str] | None:
    """Raises MalformedRequest for topics beyond those of the ticket."""
    if grant.topics is None or topics is None:
        return topics if grant.topics is None else list(grant.topics)
    if not set(topics) <= set(grant.topics):
        raise MalformedRequest(
            field="topics",
            reason_fr="le ticket n'ouvre pas ces sujets",
            reason_en="the ticket does not open these topics",
        )
    return topics


def _query(scope: Scope) -> Query:
    """The values of each parameter. Raises MalformedRequest for what is no UTF-8 or too much."""
    try:
        text = scope["query_string"].decode("ascii")
        return parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise MalformedRequest(reason_fr="paramètres illisibles", reason_en="unreadable parameters") from None


def _last(asked: Query, name: str) -> str | None:
    return asked[name][-1] if name in asked else None


def _allowed(failure: SkoolyError) -> dict[str, str]:
    return {"allow": str(failure.facts["allowed"])} if isinstance(failure, MethodNotAllowed) else {}
