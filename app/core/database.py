"""PostgreSQL behind its walls.

Every transaction says who it is: `BEGIN; SET LOCAL ROLE …; SET LOCAL app.school = …` travel in one round trip,
and row-level security does the rest. A transaction without a wall runs as the login role, which may read nothing.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from app.core.errors import Unavailable

CONNECT_SECONDS = 5
ANSWER_SECONDS = 8
"""More than the server's own statement_timeout, which tells more: whoever is silent for longer is gone. Without this a
statement on a connection that the network lost waits until TCP gives up, and holds its place of the pool meanwhile."""
ROLLBACK_SECONDS = 2
"""A connection that takes longer to say that nothing happened is not worth keeping."""
UNREACHABLE = (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError, TimeoutError)
FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""All that a statement of asyncpg raises, time included. The last: a server that went, before its end has arrived."""


@dataclass(frozen=True, slots=True)
class Wall:
    """The role a transaction takes and, for the walled ones, the school it may see."""

    role: str
    school_id: UUID | None = None
    durable: bool = True
    """False: the commit does not wait for the disk. For what is done again if a crash of the server takes it back."""

    @classmethod
    def app(cls, school_id: UUID) -> Self:
        return cls("skooly_app", school_id)

    @classmethod
    def worker(cls, school_id: UUID | None = None, *, durable: bool = True) -> Self:
        return cls("skooly_worker", school_id, durable)

    @classmethod
    def auth(cls) -> Self:
        return cls("skooly_auth")

    @classmethod
    def owner(cls, school_id: UUID | None = None) -> Self:
        return cls("skooly_owner", school_id)

    def statements(self) -> str:
        """What is appended to BEGIN. Nothing here comes from a request but a UUID, which cannot quote."""
        school = f" SET LOCAL app.school = '{self.school_id}';" if self.school_id else ""
        patience = "" if self.durable else " SET LOCAL synchronous_commit = off;"
        return f"SET LOCAL ROLE {self.role};{school}{patience}"


ANNOUNCE = "skooly_announce"
"""Where a session keeps whom to tell of what it committed."""
Announce = Callable[[UUID, int], None]
"""Told after a commit that a school's log has grown to a position. Must neither raise nor wait."""

# A connection of its own, or what a pool lends: a proxy with the same methods.
RawConnection = asyncpg.Connection | PoolConnectionProxy


class WalledConnection(asyncpg.Connection):
    """Appends its wall to BEGIN, so that the wall costs no round trip of its own."""

    wall: Wall | None = None

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        if self.wall is not None and not args and query.startswith("BEGIN"):
            query = f"{query.rstrip(';')}; {self.wall.statements()}"
        status: str = await super().execute(query, *args, timeout=timeout)
        return status


class Database:
    """Two doors on one PostgreSQL: SQLAlchemy sessions for the services, bare asyncpg for hot batched reads."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        answer_seconds: float = ANSWER_SECONDS,
        announce: Announce | None = None,
    ) -> None:
        self.url = url
        self._announce = announce
        self.pool_size = pool_size
        self._answer_seconds = answer_seconds
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=CONNECT_SECONDS,
            connect_args={
                "connection_class": WalledConnection,
                "timeout": CONNECT_SECONDS,
                "command_timeout": answer_seconds,
            },
        )
        event.listen(self.engine.sync_engine.pool, "checkin", _drop_wall)
        self._pool: asyncpg.Pool | None = None
        self._idle: list[asyncpg.Connection] = []

    def announce(self, school_id: UUID, position: int) -> None:
        """Tells of what a bare connection committed; sessions tell by themselves."""
        if self._announce is not None:
            self._announce(school_id, position)

    async def open(self) -> Self:
        """Opens the bare pool. Idempotent."""
        if self._pool is None:
            self._pool = await asyncpg.create_pool(
                dsn=plain_dsn(self.url),
                connection_class=WalledConnection,
                min_size=0,
                max_size=self.pool_size,
                timeout=CONNECT_SECONDS,
                command_timeout=self._answer_seconds,
                # Nothing outlives a transaction here, so the reset query would be a wasted round trip.
                reset=_no_reset,
            )
        return self

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()
            self._pool = None
        while self._idle:
            await self._idle.pop().close()
        await self.engine.dispose()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def transaction(self, wall: Wall) -> AsyncIterator[AsyncSession]:
        """One walled transaction: commits on exit, rolls back on an exception. Raises Unavailable."""
        async with AsyncSession(self.engine, expire_on_commit=False, info={ANNOUNCE: self._announce}) as session:
            await _raise_wall(session, wall)
            try:
                yield session
                await session.commit()
            except BaseException:
                await session.rollback()
                raise

    @asynccontextmanager
    async def raw(self, wall: Wall) -> AsyncIterator[RawConnection]:
        """The same, as a bare asyncpg connection: for COPY and for batched reads. Raises Unavailable.

        A statement that is not answered in time ends the connection: whether a commit was, nobody knows.
        """
        await self.open()
        assert self._pool is not None
        try:
            connection = await self._pool.acquire(timeout=CONNECT_SECONDS)
        except UNREACHABLE as error:
            raise Unavailable from error
        try:
            await connection.execute(f"BEGIN; {wall.statements()}")
            yield connection
            await connection.execute("COMMIT")
        except TimeoutError as error:
            _terminate(connection)
            raise Unavailable from error
        except BaseException:
            await _roll_back(connection)
            raise
        finally:
            await self._pool.release(connection)

    async def fetch(self, statement: str, *args: Any) -> list[asyncpg.Record]:
        """One statement that takes its wall itself, in a transaction and a round trip of its own. Raises Unavailable.

        It runs on connections of its own, which a batch holds without the pool's bookkeeping (60 µs each time) and no
        slow report can keep from it. There are as many as there are calls at once: the caller bounds them.
        """
        connection = await self._held()
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await connection.fetch(statement, *args)
        except TimeoutError as error:  # nobody is there any more: the server itself stops a statement before that
            connection.terminate()
            raise Unavailable from error
        finally:
            if not connection.is_closed():
                self._idle.append(connection)

    async def _held(self) -> asyncpg.Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        try:
            return await asyncpg.connect(dsn=plain_dsn(self.url), timeout=CONNECT_SECONDS)
        except UNREACHABLE as error:
            raise Unavailable from error


async def _raise_wall(session: AsyncSession, wall: Wall) -> None:
    try:
        connection = await session.connection()
        raw = await connection.get_raw_connection()
    except UNREACHABLE as error:
        raise Unavailable from error
    driver = raw.driver_connection
    assert isinstance(driver, WalledConnection)
    driver.wall = wall


async def _roll_back(connection: RawConnection) -> None:
    """Never raises for a server that went away or is silent: the transaction has ended with the connection."""
    done = False
    try:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(ROLLBACK_SECONDS):
                await connection.execute("ROLLBACK")
            done = True
    finally:
        if not done:
            _terminate(connection)


def _terminate(connection: RawConnection) -> None:
    with contextlib.suppress(asyncpg.InterfaceError):  # it has gone from its pool by itself
        connection.terminate()


def _drop_wall(connection: Any, _: object) -> None:
    """A connection goes back to the pool without a wall: whoever takes it next must say who they are."""
    if connection is not None:
        connection.driver_connection.wall = None


async def _no_reset(_: asyncpg.Connection) -> None:
    return None


def plain_dsn(url: str) -> str:
    """A SQLAlchemy URL as libpq writes it: `postgresql+asyncpg://…` → `postgresql://…`."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
