"""One operation on a socket, from `subscribe` to `complete` or `error`."""

import asyncio
from typing import TYPE_CHECKING, Any

import structlog
from graphql import OperationType

from app.api.authoriser import authorise
from app.api.executor import Request
from app.api.faults import name_failure
from app.api.operations import PreparedOperation
from app.api.streams import Stream
from app.core.actor import Actor
from app.core.errors import SkoolyError
from app.core.ids import new_id
from app.domains.partners.errors import KeyRefused
from app.web.graphql_answers import request_errors, result_of
from app.web.graphql_request import GraphQLRequest, read_request
from app.web.sockets import messages
from app.web.sockets.closing import ending_of

if TYPE_CHECKING:
    from app.web.sockets.socket import Socket

log = structlog.get_logger(__name__)


class Operation:
    """`sent` is the cursor after which nothing was handed to the connection yet. `stream` is of a subscription."""

    def __init__(self, socket: "Socket", id: str, given: dict[str, Any]) -> None:
        self.id = id
        self.task: asyncio.Task[None] | None = None
        self.stream: Stream | None = None
        self.sent: str | None = None
        self._socket = socket
        self._given = given
        self._request = Request(new_id(), socket.exchange.language, "graphql")

    def stop(self) -> None:
        """The client does not want it any more."""
        if self.task is not None:
            self.task.cancel()

    async def run(self) -> None:
        try:
            failure = await self._failure()
            if failure is not None:
                await self._fail(failure)
        except OSError:  # the client has gone, perhaps before it was told why
            self._socket.close(None)

    async def _failure(self) -> SkoolyError | None:
        """Operates; what then is still to be told."""
        try:
            await self._operate()
        except KeyRefused:
            return None  # which has ended the socket
        except SkoolyError as failure:
            return failure
        except OSError:
            raise
        except Exception as error:
            log.error("operation failed", exc_info=error, request_id=str(self._request.request_id))
            return name_failure(error, self._request.request_id)
        return None

    async def _operate(self) -> None:
        actor = await self._socket.authenticate()
        asked = read_request(self._given)
        prepared = self._socket.house.preparer.prepare(asked.query, asked.operation_name)
        authorise(actor, prepared.needs)
        if prepared.operation.operation is OperationType.SUBSCRIPTION:
            await self._follow(prepared, asked, actor)
        else:
            await self._execute(prepared, asked, actor)

    async def _execute(self, prepared: PreparedOperation, asked: GraphQLRequest, actor: Actor) -> None:
        outcome = await self._socket.house.executor.execute(prepared, asked.variables, actor, self._request)
        await self._socket.send(messages.next_(self.id, result_of(outcome, self._request.request_id)))
        await self._complete()

    async def _follow(self, prepared: PreparedOperation, asked: GraphQLRequest, actor: Actor) -> None:
        stream = await self._socket.house.live.subscribe(prepared, asked.variables, actor, self._request)
        self.stream = stream
        stream.on_end = self._note_end
        try:
            await self._pass_on(stream)
        finally:
            await stream.close()
        failure = stream.closing.failure if stream.closing else None
        if failure is None:
            await self._complete()
        elif ending_of(failure) is None:
            await self._fail(failure)

    async def _pass_on(self, stream: Stream) -> None:
        while await self._pass_frames_on(stream):
            pass

    async def _pass_frames_on(self, stream: Stream) -> bool:
        """Holds none while it waits for the next: thousands of sockets do hardly anything else."""
        frames, prefix = await stream.take(), messages.next_prefix(self.id)
        for frame in frames:
            await self._socket.send(prefix + frame.payload.decode() + "}")
            self.sent = frame.cursor
        return bool(frames)

    def _note_end(self) -> None:
        """At once, also while a frame waits for room in the connection: what ends the socket must not wait for it."""
        closing = self.stream.closing if self.stream else None
        if closing is not None and closing.failure is not None:
            closed = ending_of(closing.failure, self._socket.resumes_after())
            if closed is not None:
                self._socket.close(closed)

    async def _complete(self) -> None:
        self._socket.over(self)
        await self._socket.send(messages.complete(self.id))

    async def _fail(self, failure: SkoolyError) -> None:
        self._socket.over(self)
        errors = request_errors(failure, self._request.language, self._request.request_id)
        await self._socket.send(messages.error(self.id, errors))
