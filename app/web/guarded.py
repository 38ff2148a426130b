"""Bounds every request in time and size, and turns whatever escapes from an endpoint into an answer."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from app.api.errors import Timeout
from app.api.faults import name_failure
from app.core.errors import SkoolyError
from app.web.answers import send_problem
from app.web.body import MAX_BODY, ClientGone
from app.web.errors import BodyTooLarge
from app.web.exchange import App, Exchange, Message, Receive, Scope, Send, exchange_of, header

SECONDS = 15.0
"""For a whole request, its body included; an operation has less (`app.api.executor`)."""

Answer = Callable[[Scope, Send, Exchange, SkoolyError], Awaitable[None]]
log = structlog.get_logger()


async def as_problem(_: Scope, send: Send, exchange: Exchange, failure: SkoolyError) -> None:
    await send_problem(send, exchange, failure)


class Guarded:
    """`answer` writes the failure in the words of the channel."""

    def __init__(
        self, app: App, *, answer: Answer = as_problem, seconds: float = SECONDS, maximum: int = MAX_BODY
    ) -> None:
        self._app = app
        self._answer = answer
        self._seconds = seconds
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
        try:
            self._refuse_announced(scope)
            async with asyncio.timeout(self._seconds):
                await self._app(scope, self._bounded(receive), send_noting)
            return
        except ClientGone:
            return
        except TimeoutError:
            failure = Timeout()
        except Exception as error:
            failure = self._named(error, exchange_of(scope))
        if started:
            raise failure  # half an answer is out: closing the connection is all that is left
        await self._answer(scope, send, exchange_of(scope), failure)

    def _refuse_announced(self, scope: Scope) -> None:
        length = header(scope, b"content-length")
        if length is not None and length.isdigit() and int(length) > self._maximum:
            raise BodyTooLarge(maximum=self._maximum)

    def _bounded(self, receive: Receive) -> Receive:
        size = 0

        async def receive_bounded() -> Message:
            nonlocal size
            message = await receive()
            if message["type"] == "http.request":
                size += len(message.get("body", b""))
                if size > self._maximum:
                    raise BodyTooLarge(maximum=self._maximum)
            return message

        return receive_bounded

    def _named(self, error: Exception, exchange: Exchange) -> SkoolyError:
        failure = name_failure(error, exchange.request_id)
        if not isinstance(error, SkoolyError):
            log.error("request failed", exc_info=error, request_id=str(exchange.request_id), route=exchange.route)
        return failure
