"""Who is behind a key, at the price of a dictionary look-up.

A key that was let in is remembered together with the *generation* it was read at: a counter in PostgreSQL that every
change of any key advances. Each process polls the counter twice a second, always. An entry opens the door only while
its generation is the one last polled and that poll is younger than a second; otherwise the database is asked, and
without the database nobody is let in. So a revoked key is out everywhere within a second, without Valkey.
"""

import asyncio
import hashlib
import ipaddress
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import asyncpg
import structlog

from app.core import api_keys
from app.core.actor import Actor
from app.core.batching import Batcher
from app.core.clock import Clock
from app.core.database import FAILURES, Database, Wall
from app.core.errors import Unavailable
from app.core.tasks import end
from app.domains.partners.errors import KeyAddressRefused, KeyExpired, KeyMalformed, KeyMissing, KeyRevoked, KeyUnknown
from app.domains.partners.key_uses import KeyUses

POLL_SECONDS = 0.5
TRUST_SECONDS = 1.0
REMEMBERED_SECONDS = 60.0
"""A key is read again after this long: the name of its partner or the time zone of its school may have changed."""
MOST_REMEMBERED = 10_000

log = structlog.get_logger(__name__)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

POLL = "SELECT generation, pg_postmaster_start_time() AS started_at FROM key_generation"
# One statement, hence one snapshot: the row is as of this generation. A key of the platform has no school: it stands
# behind a wall of its own, that of the nil UUID, where there is nothing.
FIND_KEYS = """
SELECT k.school_id, k.id, k.key_id, k.partner_id, k.scopes, k.zones, k.cidrs, k.digest, k.pepper_version, k.expires_at,
    k.revoked_at, s.code AS school_code, s.timezone, p.name AS partner_name,
    (SELECT generation FROM key_generation) AS generation
FROM api_key k
JOIN school s ON s.id = k.school_id
JOIN partner p ON p.school_id = k.school_id AND p.id = k.partner_id
WHERE k.key_id = ANY ($1)
UNION ALL
SELECT nowhere, k.id, k.key_id, nowhere, k.scopes, NULL, k.cidrs, k.digest, k.pepper_version, k.expires_at,
    k.revoked_at, '', 'UTC', k.name, (SELECT generation FROM key_generation)
FROM platform_key k, (VALUES (uuid '00000000-0000-0000-0000-000000000000')) AS no_school (nowhere)
WHERE k.key_id = ANY ($1)
"""
# What they may do now, for who stays: a row without a key tells the generation where none is left.
FIND_STATES = """
SELECT g.generation, k.key_id, k.scopes, k.zones, k.expires_at, k.revoked_at
FROM key_generation g LEFT JOIN (
    SELECT key_id, scopes, zones, expires_at, revoked_at FROM api_key WHERE key_id = ANY ($1)
    UNION ALL
    SELECT key_id, scopes, NULL, expires_at, revoked_at FROM platform_key WHERE key_id = ANY ($1)
) k ON true
"""


@dataclass(frozen=True, slots=True)
class KeyState:
    """What a key may do now."""

    scopes: frozenset[str]
    zones: frozenset[str] | None
    expires_at: datetime | None
    revoked: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """A key whose secret was right. `read_at` is monotonic."""

    actor: Actor
    row_id: UUID
    expires_at: datetime | None
    networks: tuple[Network, ...] | None
    generation: int
    read_at: float


class Keyring:
    """Knows every key there is; between `start` and `stop` it polls. One per process.

    `peppers` maps versions to secrets. `monotonic` is in seconds. `line` is for polls and for the keys of who stays.
    """

    def __init__(
        self,
        database: Database,
        peppers: Mapping[int, bytes],
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        line: Database | None = None,
    ) -> None:
        self._database = database
        self._peppers = dict(peppers)
        self._clock = clock
        self._monotonic = monotonic
        # Connections of its own, one for the poll and one for who stays: they must not queue behind the requests that
        # they protect, nor behind each other, nor behind newcomers.
        self._line = line or Database(database.url, pool_size=2)
        self._finds: Batcher[str, asyncpg.Record | None] = Batcher(self._find_all)
        self._salt = secrets.token_bytes(16)
        self._known: dict[bytes, _Known] = {}
        self._generation: int | None = None
        self._started_at: datetime | None = None
        self.count = 0
        """How often the generation was begun anew: by a server that was restored, failed over to or restarted."""
        self._polled_at = float("-inf")
        self._moved = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []
        self.uses = KeyUses(database, clock)

    async def start(self) -> None:
        """Polls once at once, then twice a second. Without a database it starts all the same, trusting nothing."""
        await self._poll_or_warn()
        self._tasks = [asyncio.create_task(self._keep_polling()), asyncio.create_task(self.uses.keep_flushing())]

    async def stop(self) -> None:
        await end(self._tasks)
        await self.uses.flush_or_warn()
        await self._line.close()

    @property
    def fresh(self) -> bool:
        """Whether what is remembered may be trusted: the last good poll began less than a second ago."""
        return self._monotonic() - self._polled_at < TRUST_SECONDS

    async def seen(self, generation: int) -> None:
        """Returns once a poll has seen this generation or a later one."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._generation is not None and self._generation >= generation)

    @property
    def generation(self) -> int | None:
        """As last polled; None before the first poll."""
        return self._generation

    async def polled(self) -> None:
        """Returns after the next good poll."""
        async with self._moved:
            await self._moved.wait()

    async def states(self, key_ids: Collection[str]) -> tuple[int, dict[str, KeyState]]:
        """The present generation, and the keys as they are at it; one that there is not is left out. For who stays.

        Raises what the database raises, or TimeoutError: nobody may be trusted meanwhile.
        """
        async with asyncio.timeout(POLL_SECONDS):
            return await _states(self._line, key_ids)

    async def states_of_newcomers(self, key_ids: Collection[str]) -> tuple[int, dict[str, KeyState]]:
        """The same for who is not let in yet: over the connections of requests, and for as long as a request waits.

        Raises Unavailable, or what the database raises.
        """
        return await _states(self._database, key_ids)

    async def authenticate(self, token: str, client_ip: str | None) -> Actor:
        """The actor behind `token`. Raises a KeyRefused, or Unavailable when the database is needed and silent.

        `client_ip` is the caller's address; None, where the transport has none, lies in no network.
        """
        name = hashlib.blake2b(token.encode(errors="replace"), key=self._salt, digest_size=16).digest()
        known = self._known.get(name)
        if known is None or known.generation != self._generation or not self._is_recent(known):
            known = self._known_by(token, await self._find(_key_id(token)))
            self._remember(name, known)
        return self._let_in(known, client_ip)

    async def vouched(self, key_id: str, client_ip: str | None) -> Actor:
        """The actor of a key that has vouched for somebody who does not hold it, by a signed word of ours.

        Raises what `authenticate` raises: whatever ends the key ends what it has vouched for.
        """
        row = await self._find(key_id)
        if row is None:
            raise KeyUnknown
        return self._let_in(self._known_as(row), client_ip)

    def _let_in(self, known: _Known, client_ip: str | None) -> Actor:
        now = self._clock.now()
        if known.expires_at is not None and known.expires_at <= now:
            raise KeyExpired
        if known.networks is not None and not _lies_within(client_ip, known.networks):
            raise KeyAddressRefused
        self.uses.note(known.actor.school_id, known.row_id, now)
        return known.actor

    def _is_recent(self, known: _Known) -> bool:
        return self.fresh and self._monotonic() - known.read_at < REMEMBERED_SECONDS

    async def _find(self, key_id: str) -> asyncpg.Record | None:
        return await self._finds.load(key_id)

    async def _find_all(self, key_ids: Sequence[str]) -> list[asyncpg.Record | None]:
        """Raises Unavailable. As after a restart, when nobody is remembered and everybody comes back."""
        try:
            async with self._database.raw(Wall.auth()) as connection:
                rows = await connection.fetch(FIND_KEYS, list(set(key_ids)))
        except FAILURES as error:
            log.warning("key_lookup_failed", exc_info=error)
            raise Unavailable from error
        found = {row["key_id"]: row for row in rows}
        return [found.get(key_id) for key_id in key_ids]

    def _known_by(self, token: str, row: asyncpg.Record | None) -> _Known:
        """Raises KeyUnknown after the same work for an unknown id as for a wrong secret, and KeyRevoked."""
        pepper = self._peppers.get(row["pepper_version"]) if row else None
        stored = row["digest"] if row and pepper else bytes(32)
        right = api_keys.matches(token, stored, pepper or self._peppers[api_keys.newest(self._peppers)])
        if row is None or pepper is None or not right:
            raise KeyUnknown
        return self._known_as(row)

    def _known_as(self, row: asyncpg.Record) -> _Known:
        """Raises KeyRevoked."""
        if row["revoked_at"] is not None:
            raise KeyRevoked
        return _Known(
            actor=_actor(row),
            row_id=row["id"],
            expires_at=row["expires_at"],
            networks=None if row["cidrs"] is None else tuple(map(ipaddress.ip_network, row["cidrs"])),
            generation=row["generation"],
            read_at=self._monotonic(),
        )

    def _remember(self, name: bytes, known: _Known) -> None:
        self._known.pop(name, None)
        if len(self._known) >= MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[name] = known

    async def _keep_polling(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self._poll_or_warn()

    async def _poll_or_warn(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._poll()
        except Exception as error:  # whatever a dying server raises: the next poll is in half a second
            log.warning("key_poll_failed", exc_info=error)

    async def _poll(self) -> None:
        began = self._monotonic()
        async with self._line.raw(Wall.auth()) as connection:
            [(generation, started_at)] = await connection.fetch(POLL)
        is_another = started_at != self._started_at or generation < (self._generation or 0)
        if is_another:
            self.count, self._started_at = self.count + 1, started_at
        if is_another or generation != self._generation:
            self._known.clear()
        async with self._moved:
            self._generation, self._polled_at = generation, began
            self._moved.notify_all()


async def _states(database: Database, key_ids: Collection[str]) -> tuple[int, dict[str, KeyState]]:
    async with database.raw(Wall.auth()) as connection:
        rows = await connection.fetch(FIND_STATES, list(set(key_ids)))
    return rows[0]["generation"], {row["key_id"]: _state(row) for row in rows if row["key_id"] is not None}


def _state(row: asyncpg.Record) -> KeyState:
    return KeyState(
        scopes=_one_set(tuple(row["scopes"])),
        zones=None if row["zones"] is None else frozenset(row["zones"]),
        expires_at=row["expires_at"],
        revoked=row["revoked_at"] is not None,
    )


def _actor(row: asyncpg.Record) -> Actor:
    return Actor(
        school_id=row["school_id"],
        school_code=row["school_code"],
        timezone=row["timezone"],
        partner_id=row["partner_id"],
        partner_name=row["partner_name"],
        key_id=row["key_id"],
        scopes=_one_set(tuple(row["scopes"])),
        zones=None if row["zones"] is None else frozenset(row["zones"]),
        expires_at=row["expires_at"],
    )


@lru_cache(maxsize=256)
def _one_set(scopes: tuple[str, ...]) -> frozenset[str]:
    """One for all keys of a preset: every open socket and stream keeps its own actor."""
    return frozenset(scopes)


def _key_id(token: str) -> str:
    if not token:
        raise KeyMissing
    key_id = api_keys.key_id_of(token)
    if key_id is None:
        raise KeyMalformed
    return key_id


def _lies_within(client_ip: str | None, networks: tuple[Network, ...]) -> bool:
    address = _address(client_ip)
    return address is not None and any(address in network for network in networks)


def _address(text: str | None) -> Address | None:
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
