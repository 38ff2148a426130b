"""Where an import puts a file's rows before any of them counts.

`COPY` into a walled table is refused, so rows go to temporary tables: unlogged, seen by no other session, and gone
with the connection, also after a crash. The connection is the import's own, because temporary tables belong to a
session: it needs PostgreSQL itself or a session-mode pooler, and says so when it finds another kind. Rows arrive in
short commits; what they become is one transaction.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from app.core.database import CONNECT_SECONDS, UNREACHABLE, Database, RawConnection, Wall, plain_dsn
from app.core.errors import SkoolyError, Unavailable

LONGEST_STATEMENT = "15min"
RACES = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,
)


class SessionLost(SkoolyError):
    """A transaction-mode pooler gave two transactions of one client to two sessions."""

    code = "SESSION_LOST"
    fr = (
        "La connexion passe par un répartiteur en mode transaction : donnez à l'import l'adresse directe de "
        "PostgreSQL dans SKOOLY_DATABASE_URL."
    )
    en = (
        "The connection goes through a transaction-mode pooler: give the import PostgreSQL's own address in "
        "SKOOLY_DATABASE_URL."
    )


class StagingForbidden(SkoolyError):
    """The roles are older than imports."""

    code = "STAGING_FORBIDDEN"
    fr = "Le rôle de l'application ne peut pas créer de tables temporaires : relancez ./skooly bootstrap."
    en = "The application's role may not make temporary tables: run ./skooly bootstrap again."


class ImportRunning(SkoolyError):
    """Two imports of one school at once would judge rows that the other is changing."""

    code = "IMPORT_RUNNING"
    fr = "Un autre import de cette école est en cours. Réessayez quand il sera fini."
    en = "Another import of this school is running. Try again when it has ended."


class SchoolChanged(SkoolyError):
    """Somebody changed the school between an import's checks and its writes; nothing was kept."""

    code = "SCHOOL_CHANGED"
    fr = "L'école a été modifiée pendant l'import ({reason}). Rien n'a été importé : relancez la commande."
    en = "The school was changed during the import ({reason}). Nothing was imported: run the command again."


@dataclass(slots=True)
class Applying:
    """A transaction that comes to nothing unless somebody says that it counts."""

    connection: RawConnection
    keep: bool = False


class Staging:
    """Temporary tables and walled transactions on one connection, as the application's role in one school."""

    def __init__(self, connection: RawConnection, school_id: UUID) -> None:
        self._connection = connection
        self._wall = Wall.app(school_id)
        self._school_id = school_id
        self._backend: int | None = None

    async def make(self, table: str, columns: str) -> None:
        """A temporary table; `columns` as in CREATE TABLE. Raises StagingForbidden."""
        try:
            async with self._transaction() as connection:
                await connection.execute(f"CREATE TEMPORARY TABLE {table} ({columns})")
        except asyncpg.InsufficientPrivilegeError:
            raise StagingForbidden from None

    async def copy(self, table: str, records: Sequence[tuple[Any, ...]]) -> None:
        """Adds rows to a temporary table, in a commit of their own."""
        async with self._transaction() as connection:
            await connection.copy_records_to_table(table, records=records, schema_name="pg_temp")

    async def analyse(self, table: str) -> None:
        """Tells the planner how many rows came: nobody else can analyse a temporary table."""
        async with self._transaction() as connection:
            await connection.execute(f"ANALYZE pg_temp.{table}")

    @asynccontextmanager
    async def apply(self) -> AsyncIterator["Applying"]:
        """The one transaction that counts. It is rolled back unless `keep` is set in it.

        Raises ImportRunning, SchoolChanged.
        """
        try:
            async with self._transaction() as connection:
                lock = f"import {self._school_id}"
                if not await connection.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", lock):
                    raise ImportRunning
                # A school that is being filled has no statistics yet: without them the planner would look up each of
                # many rows by a scan. A hash over one school is never far from the best and never far off.
                await connection.execute("SET LOCAL enable_nestloop = off")
                applying = Applying(connection)
                yield applying
                if not applying.keep:
                    await connection.execute("ROLLBACK")
        except RACES as error:
            raise SchoolChanged(reason=error.constraint_name or error) from error

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[RawConnection]:
        connection = self._connection
        # A limit on transactions cannot be raised once it runs, only taken off.
        limits = f"SET LOCAL transaction_timeout = 0; SET LOCAL statement_timeout = '{LONGEST_STATEMENT}';"
        await connection.execute(f"BEGIN; {limits} {self._wall.statements()}")
        try:
            backend = await connection.fetchval("SELECT pg_backend_pid()")
            if self._backend not in (None, backend):
                raise SessionLost
            self._backend = backend
            yield connection
            await connection.execute("COMMIT")
        except BaseException:
            if not connection.is_closed():
                await connection.execute("ROLLBACK")
            raise


@asynccontextmanager
async def open_staging(database: Database, school_id: UUID) -> AsyncIterator[Staging]:
    """A staging area that ends with the context. Raises Unavailable."""
    try:
        connection = await asyncpg.connect(plain_dsn(database.url), timeout=CONNECT_SECONDS)
    except UNREACHABLE as error:
        raise Unavailable from error
    try:
        yield Staging(connection, school_id)
        await connection.close(timeout=CONNECT_SECONDS)
    except asyncpg.PostgresConnectionError as error:
        raise Unavailable from error
    finally:
        # Whatever state the session is in, the server drops what is temporary when it ends.
        connection.terminate()
