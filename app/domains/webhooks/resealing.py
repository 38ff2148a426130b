"""Sealing anew what an older key sealed, or what was written before headers were sealed at all.

Each batch is a transaction of its own: killed anywhere, the next one finds what is left. A row that somebody changed
meanwhile is left to them; workers read an endpoint again because its version moves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import asyncpg
import orjson
import structlog

from app.core.crypto import CannotOpen, Sealed, Vault
from app.core.database import Database, RawConnection, Wall
from app.domains.webhooks.endpoints import headers_context, secret_context

log = structlog.get_logger(__name__)

ROWS_AT_ONCE = 100
NOWHERE = UUID(int=0)
Progress = Callable[[int, int], None]

_STALE_SECRETS = "FROM endpoint_secret WHERE key_version <> $1"
_STALE_HEADERS = "FROM endpoint WHERE (headers <> '{}' OR headers_key_version <> $1)"
COUNT = f"SELECT (SELECT count(*) {_STALE_SECRETS}) + (SELECT count(*) {_STALE_HEADERS})"
SECRETS = f"""
SELECT school_id, endpoint_id, id, ciphertext, key_version {_STALE_SECRETS}
    AND (school_id, endpoint_id, id) > ($2, $3, $4) ORDER BY school_id, endpoint_id, id LIMIT {ROWS_AT_ONCE}
"""
HEADERS = f"""
SELECT school_id, id AS endpoint_id, id, headers, sealed_headers, headers_key_version {_STALE_HEADERS}
    AND (school_id, id, id) > ($2, $3, $4) ORDER BY school_id, id LIMIT {ROWS_AT_ONCE}
"""
WRITE_SIGNING = """
UPDATE endpoint_secret SET ciphertext = $3, key_version = $4 WHERE school_id = $1 AND id = $2 AND ciphertext = $5
"""
WRITE_HEADERS = """
UPDATE endpoint SET headers = '{}', header_names = $3, sealed_headers = $4, headers_key_version = $5
WHERE school_id = $1 AND id = $2 AND headers = $6 AND sealed_headers IS NOT DISTINCT FROM $7
"""


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many rows were sealed anew, and how many could not be opened: the key of their version is not there."""

    secrets: int = 0
    headers: int = 0
    unreadable: int = 0

    @property
    def looked_at(self) -> int:
        return self.secrets + self.headers + self.unreadable

    def plus(self, *, secrets: int = 0, headers: int = 0, unreadable: int = 0) -> "Resealed":
        return Resealed(self.secrets + secrets, self.headers + headers, self.unreadable + unreadable)


async def reseal(database: Database, vault: Vault, progress: Progress = lambda done, total: None) -> Resealed:
    """Everything that the newest key did not seal, in all schools. Again does nothing more.

    Every process that opens secrets must have the newest key by then. Raises Unavailable.
    """
    async with database.raw(Wall.worker()) as connection:
        total: int = await connection.fetchval(COUNT, vault.newest)
    done = Resealed()
    for statement in (SECRETS, HEADERS):
        after = (NOWHERE, NOWHERE, NOWHERE)
        while rows := await _stale(database, statement, vault, after):
            for school_id, of_school in groupby(rows, lambda row: row["school_id"]):
                async with database.raw(Wall.app(school_id)) as connection:
                    for row in of_school:
                        done = await _reseal(connection, vault, row, done)
            progress(done.looked_at, max(total, done.looked_at))
            after = (rows[-1]["school_id"], rows[-1]["endpoint_id"], rows[-1]["id"])
    return done


async def _stale(
    database: Database, statement: str, vault: Vault, after: tuple[UUID, UUID, UUID]
) -> Sequence[asyncpg.Record]:
    async with database.raw(Wall.worker()) as connection:
        rows: list[asyncpg.Record] = await connection.fetch(statement, vault.newest, *after)
    return rows


async def _reseal(connection: RawConnection, vault: Vault, row: asyncpg.Record, done: Resealed) -> Resealed:
    try:
        if "ciphertext" in row:
            return done.plus(secrets=await _reseal_secret(connection, vault, row))
        return done.plus(headers=await _reseal_headers(connection, vault, row))
    except CannotOpen as error:
        log.error("not_resealed", endpoint=row["endpoint_id"], reason=str(error))
        return done.plus(unreadable=1)


async def _reseal_secret(connection: RawConnection, vault: Vault, row: asyncpg.Record) -> int:
    context = secret_context(row["endpoint_id"])
    sealed = vault.seal(vault.open(Sealed(row["key_version"], row["ciphertext"]), context), context)
    key = row["school_id"], row["id"]
    return _changed(
        await connection.execute(WRITE_SIGNING, *key, sealed.ciphertext, sealed.key_version, row["ciphertext"])
    )


async def _reseal_headers(connection: RawConnection, vault: Vault, row: asyncpg.Record) -> int:
    context = headers_context(row["id"])
    plain = row["headers"].encode()
    if row["sealed_headers"] is not None:
        plain = vault.open(Sealed(row["headers_key_version"], row["sealed_headers"]), context)
    sealed, names = vault.seal(plain, context), sorted(orjson.loads(plain))
    values = row["school_id"], row["id"], names, sealed.ciphertext, sealed.key_version
    return _changed(await connection.execute(WRITE_HEADERS, *values, row["headers"], row["sealed_headers"]))


def _changed(status: str) -> int:
    return int(status.rpartition(" ")[2])
