"""What a resolver is given: who asks, the clock, and one guarded transaction."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from uuid import UUID

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import Clock
from app.core.database import Database, Wall
from app.core.errors import Language, SkoolyError
from app.core.graph.loading import Batch, Loaders

Service = TypeVar("Service")
Key = TypeVar("Key")
Value = TypeVar("Value")


class StartedOver(Exception):
    """Rolls back a reading transaction; never leaves the context."""


class RecordAudit(Protocol):
    """Writes the audit row of an operation: who saw which `subjects`. Called inside the operation's transaction."""

    async def __call__(
        self,
        session: AsyncSession,
        actor: Actor,
        *,
        request_id: UUID,
        operation: str,
        channel: str,
        subjects: Collection[UUID],
    ) -> None: ...


@dataclass(slots=True)
class Context:
    """One operation of one actor.

    `request_id` is a uuidv7; `cost` is what the whole request costs the key. `services` holds what lives as long as the
    process (batchers), by class. Subjects noted by `saw` are written as one audit row before the transaction that
    showed them ends.
    """

    actor: Actor
    database: Database
    clock: Clock
    language: Language
    request_id: UUID
    operation: str
    channel: str
    record_audit: RecordAudit
    cost: int = 0
    services: Mapping[type, object] = field(default_factory=dict)
    subjects: set[UUID] = field(default_factory=set)
    _session: AsyncSession | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _loaders: "Loaders[Context] | None" = None

    def service(self, kind: type[Service]) -> Service:
        found = self.services[kind]
        assert isinstance(found, kind)
        return found

    def saw(self, *students: UUID) -> None:
        """Notes whose data this operation shows: they become the subjects of its audit row."""
        self.subjects.update(students)

    def load(self, batch: "Batch[Context, Key, Value]", key: Key) -> Awaitable[Value]:
        """The value of `key`, fetched by `batch` together with whatever else is asked of it at the same moment.

        A resolver that only gives this back need not be `async`, which spares a task for each item of a list. Never
        await it inside `read`: the batch function waits for the same session.
        """
        if self._loaders is None:  # most operations load nothing, and the loaders hold on to their context
            self._loaders = Loaders(self)
        return self._loaders.load(batch, key)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """The operation's one reading transaction. Siblings resolve concurrently, a session cannot: they queue."""
        async with self._lock:
            if self._session is None:
                self._session = await self._stack.enter_async_context(
                    self.database.transaction(Wall.app(self.actor.school_id))
                )
            yield self._session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction of its own for one mutation field: commits on success, rolls back on a failure.

        A failure that speaks of a student has `student_id` among its facts: being told it is audited too, by `close`.
        """
        try:
            async with self.database.transaction(Wall.app(self.actor.school_id)) as session:
                yield session
                await self._audit(session)
        except SkoolyError as failure:
            if isinstance(student := failure.facts.get("student_id"), UUID):
                self.saw(student)
            raise
        finally:
            if self._loaders is not None:
                self._loaders.forget()  # what was loaded before may have been changed

    async def start_over(self) -> None:
        """Forgets what was read, for a query that is resolved a second time: rolls back, notes no subject yet."""
        await self._finish_loading()
        stack, self._stack, self._session = self._stack, AsyncExitStack(), None
        self.subjects.clear()
        reason = StartedOver()
        await stack.__aexit__(StartedOver, reason, None)

    async def close(self) -> None:
        """Writes the audit row of what was read and ends the reading transaction, if there was one."""
        await self._finish_loading()
        try:
            if self.subjects:
                async with self.read() as session:
                    await self._audit(session)
        finally:
            await self._stack.aclose()
            self._session = None

    async def abandon(self, error: BaseException) -> None:
        """Rolls the reading transaction back, if there was one: the operation broke off and shows nothing."""
        if self._loaders is not None:
            await self._loaders.stop()
        with contextlib.suppress(Exception):  # the connection may have broken off with it
            await self._stack.__aexit__(type(error), error, error.__traceback__)
        self._session = None

    async def _finish_loading(self) -> None:
        loaders, self._loaders = self._loaders, None
        if loaders is not None:
            await loaders.finish()

    async def _audit(self, session: AsyncSession) -> None:
        if not self.subjects:
            return
        subjects, self.subjects = self.subjects, set()
        await self.record_audit(
            session,
            self.actor,
            request_id=self.request_id,
            operation=self.operation,
            channel=self.channel,
            subjects=subjects,
        )


Info = strawberry.Info[Context, None]
