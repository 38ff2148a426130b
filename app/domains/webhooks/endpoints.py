"""What a process remembers of the endpoints it sends to: read anew as soon as their version has moved."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson
import structlog

from app.core.crypto import Sealed
from app.core.database import Database, Wall
from app.core.signing import Signer
from app.domains.webhooks.outcomes import Headers

log = structlog.get_logger(__name__)

MOST_KNOWN = 10_000

READ_TARGETS = """
SELECT e.school_id, e.id AS endpoint_id, s.code AS school, e.url, e.payload, e.headers, e.sealed_headers,
    e.headers_key_version, e.timeout_seconds, e.long_tail
FROM endpoint e JOIN school s ON s.id = e.school_id
WHERE (e.school_id, e.id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
"""
READ_SECRETS = """
SELECT endpoint_id, ciphertext, key_version, expires_at FROM endpoint_secret
WHERE (school_id, endpoint_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
ORDER BY created_at DESC, id DESC
"""

Unseal = Callable[[Sealed, bytes], bytes]
"""(what is sealed, its context) → the secret: `Vault.open`."""


def secret_context(endpoint_id: UUID) -> bytes:
    """What a secret is sealed for: copied to another endpoint it cannot be opened."""
    return b"endpoint_secret:" + endpoint_id.bytes


def headers_context(endpoint_id: UUID) -> bytes:
    """The same for the headers that its owner wants added."""
    return b"endpoint_headers:" + endpoint_id.bytes


@dataclass(frozen=True, slots=True)
class Secret:
    """Decrypted; for signing only. It signs until `expires_at`."""

    signer: Signer
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint as the sending side needs it; `school` is the school's code."""

    school_id: UUID
    endpoint_id: UUID
    version: int
    school: str
    url: str
    thin: bool
    headers: Headers = field(repr=False)
    timeout_seconds: int
    long_tail: bool
    secrets: tuple[Secret, ...]

    def signers_at(self, now: datetime) -> tuple[Signer, ...]:
        """Those that sign at an instant of the database's clock, the newest first."""
        if len(self.secrets) == 1 and self.secrets[0].expires_at is None:
            return (self.secrets[0].signer,)  # nearly always
        return tuple([each.signer for each in self.secrets if each.expires_at is None or each.expires_at > now])


class Known:
    """A bounded memory of targets, the least recently used go first."""

    def __init__(self, unseal: Unseal) -> None:
        self._unseal = unseal
        self._targets: OrderedDict[UUID, Target] = OrderedDict()
        self._refreshing = asyncio.Lock()

    def __getitem__(self, endpoint_id: UUID) -> Target:
        return self._targets[endpoint_id]

    async def refresh(self, database: Database, versions: Collection[tuple[UUID, UUID, int]]) -> None:
        """`versions` are (school, endpoint, version); afterwards each is known as of its version, or as it is since.

        For as long as the caller waits for nothing else. Raises Unavailable.
        """
        async with self._refreshing:  # what one caller was told is known, another one must not forget meanwhile
            stale = {
                endpoint: (school, version) for school, endpoint, version in versions if self._lacks(endpoint, version)
            }
            if stale:
                await self._read(database, stale)
            self._forget(keep=len(versions))

    async def _read(self, database: Database, stale: Mapping[UUID, tuple[UUID, int]]) -> None:
        keys = [school for school, _ in stale.values()], list(stale)
        async with database.raw(Wall.worker()) as connection:
            secrets = self._secrets(await connection.fetch(READ_SECRETS, *keys))
            rows = await connection.fetch(READ_TARGETS, *keys)
        for row in rows:
            endpoint = row["endpoint_id"]
            headers = self._headers(row)
            # Nothing is sent without what the receiver asks for: as if no secret could be read.
            signing = () if headers is None else tuple(secrets.get(endpoint, ()))
            self._targets[endpoint] = _target(row, stale[endpoint][1], headers or (), signing)

    def _headers(self, row: asyncpg.Record) -> Headers | None:
        """None where they cannot be read."""
        if row["sealed_headers"] is None:
            return tuple(orjson.loads(row["headers"]).items())
        sealed = Sealed(row["headers_key_version"], row["sealed_headers"])
        try:
            return tuple(orjson.loads(self._unseal(sealed, headers_context(row["endpoint_id"]))).items())
        except Exception as error:  # whatever is wrong with one endpoint, the others go on
            log.error("headers_unreadable", endpoint=row["endpoint_id"], exc_info=error)
            return None

    def _lacks(self, endpoint: UUID, version: int) -> bool:
        found = self._targets.get(endpoint)
        if found is not None:
            self._targets.move_to_end(endpoint)
        # The key that was missing may be there now.
        return found is None or found.version != version or not found.secrets

    def _secrets(self, rows: Sequence[asyncpg.Record]) -> dict[UUID, list[Secret]]:
        secrets: dict[UUID, list[Secret]] = {}
        for row in rows:
            try:
                secret = self._open(row)
            except Exception as error:  # whatever is wrong with one secret, the other endpoints go on
                log.error("secret_unreadable", endpoint=row["endpoint_id"], exc_info=error)
            else:
                secrets.setdefault(row["endpoint_id"], []).append(secret)
        return secrets

    def _open(self, row: asyncpg.Record) -> Secret:
        sealed = Sealed(row["key_version"], row["ciphertext"])
        return Secret(Signer(self._unseal(sealed, secret_context(row["endpoint_id"]))), row["expires_at"])

    def _forget(self, keep: int) -> None:
        while len(self._targets) > max(MOST_KNOWN, keep):
            self._targets.popitem(last=False)


def _target(row: asyncpg.Record, version: int, headers: Headers, secrets: tuple[Secret, ...]) -> Target:
    return Target(
        school_id=row["school_id"],
        endpoint_id=row["endpoint_id"],
        version=version,
        school=row["school"],
        url=row["url"],
        thin=row["payload"] == "thin",
        headers=headers,
        timeout_seconds=row["timeout_seconds"],
        long_tail=row["long_tail"],
        secrets=secrets,
    )
