"""Bounds every request in time and size, and turns whatever escapes from an endpoint into an answer."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from app.api.errors import Timeout
from app.api.faults import name_failure
from app.core.errors import SkoolyError
from app.web.answers import send_problem
from app.web.body import MAX_BODY, ClientGone
from app.web.errors import BodyTooLarge, RequestTooSlow
from app.web.exchange import App, Exchange, Message, Receive, Scope, Send, exchange_of, header

BODY_SECONDS = 15.0
"""From the beginning of a request until its body has come."""
SECONDS = 20.0
"""For a whole request, its body included; what runs operations is given more than the longest of them takes."""

Answer = Callable[[Scope, Send, Exchange, SkoolyError], Awaitable[None]]
log = structlog.get_logger()


async def as_problem(_: Scope, send: Send, exchange: Exchange, failure: SkoolyError) -> None:
    await send_problem(send, exchange, failure)


class _Body:
    """A request's body on its way in: it has to have come within `seconds`."""

    def __init__(self, receive: Receive, maximum: int, seconds: float) -> None:
        self._receive = receive
        self._left = maximum
        self._maximum = maximum
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._has_come = False

    async def receive(self) -> Message:
        """Raises BodyTooLarge and RequestTooSlow."""
        if self._has_come:  # whoever listens on hears when the client goes
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise RequestTooSlow from None
        self._has_come = not message.get("more_body", False)
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise BodyTooLarge(maximum=self._maximum)
        return message


class Guarded:
    """`answer` writes the failure in the words of the channel."""

    def __init__(
        self,
        app: App,
        *,
        answer: Answer = as_problem,
        seconds: float = SECONDS,
        body_seconds: float = BODY_SECONDS,
        maximum: int = MAX_BODY,
    ) -> None:
        self._app = app
        self._answer = answer
        self._seconds = seconds
        self._body_seconds = body_seconds
        self._maximum = maximum

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        failure: SkoolyError
        body = _Body(receive, self._maximum, self._body_seconds)
        try:
            self._refuse_announced(scope)
            async with asyncio.timeout(self._seconds):
                await self._app(scope, body.receive, send_noting)
            return
        except ClientGone:
            return
        except TimeoutError:
            failure = Timeout()
        except Exception as error:
            failure = named(error, exchange_of(scope))
        if started:
            raise failure  # half an answer is out: closing the connection is all that is left
        await self._answer(scope, send, exchange_of(scope), failure)

    def _refuse_announced(self, scope: Scope) -> None:
        length = header(scope, b"content-length")
        if length is not None and length.isdigit() and int(length) > self._maximum:
            raise BodyTooLarge(maximum=self._maximum)


def named(error: Exception, exchange: Exchange) -> SkoolyError:
    """What to answer with; what has no name of its own is logged."""
    failure = name_failure(error, exchange.request_id)
    if not isinstance(error, SkoolyError):
        log.error("request failed", exc_info=error, request_id=str(exchange.request_id), route=exchange.route)
    return failure
