"""When each key and each of its scopes was last used: noted in memory by requests, written at most once a minute, never
by a request.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from app.core.actor import Actor
from app.core.clock import Clock
from app.core.database import Database, Wall
from app.core.scopes import Scope

FLUSH_SECONDS = 60.0

log = structlog.get_logger(__name__)

# A key deleted meanwhile is left out; a slower process must not turn the time back.
_WRITE = """
INSERT INTO key_use (school_id, id, last_used_at)
SELECT k.school_id, k.id, used.at
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS used (school_id, id, at)
JOIN api_key k ON k.school_id = used.school_id AND k.id = used.id
ORDER BY k.school_id, k.id
ON CONFLICT (school_id, id) DO UPDATE SET last_used_at = greatest(key_use.last_used_at, excluded.last_used_at)
"""
_WRITE_PLATFORM = """
UPDATE platform_key k SET last_used_at = greatest(k.last_used_at, used.at)
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS used (school_id, id, at)
WHERE used.school_id = '00000000-0000-0000-0000-000000000000' AND k.id = used.id
"""
_WRITE_SCOPES = """
INSERT INTO key_scope_use AS use (school_id, id, scope, last_used_at)
SELECT k.school_id, k.id, used.scope, used.at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) AS used (school_id, key_id, scope, at)
JOIN api_key k ON k.school_id = used.school_id AND k.key_id = used.key_id
ORDER BY k.school_id, k.id, used.scope
ON CONFLICT (school_id, id, scope) DO UPDATE SET last_used_at = greatest(use.last_used_at, excluded.last_used_at)
"""

_ANY: frozenset[str] = frozenset(map(str, Scope))

Alternatives = frozenset[frozenset[str]]
""" "One scope of each of these": what an operation needs."""


class KeyUses:
    """The uses since the last flush, by (school, row of the key); those of scopes by (school, key id)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._noted: dict[tuple[UUID, UUID], datetime] = {}
        self._scopes: dict[tuple[UUID, str], _ScopeUses] = {}

    def note(self, school_id: UUID, row_id: UUID, at: datetime) -> None:
        self._noted[school_id, row_id] = at

    def note_scopes(self, actor: Actor, needed: Alternatives) -> None:
        """That an operation with these needs was run. It takes a microsecond: every request does it."""
        uses = self._scopes.get((actor.school_id, actor.key_id))
        if uses is None or uses.held is not actor.scopes:
            uses = self._scopes[actor.school_id, actor.key_id] = _ScopeUses(actor.scopes)
        uses.needed.add(needed)

    async def flush(self) -> None:
        """Writes what was noted. When that fails it stays noted, behind what came since."""
        noted, self._noted = self._noted, {}
        scopes, self._scopes = self._scopes, {}
        try:
            await self._write(noted, scopes)
        except BaseException:
            self._noted = {**noted, **self._noted}
            self._scopes = {**scopes, **self._scopes}
            raise

    async def _write(
        self, noted: dict[tuple[UUID, UUID], datetime], scopes: "dict[tuple[UUID, str], _ScopeUses]"
    ) -> None:
        if not noted and not scopes:
            return
        used = [(school, key, scope) for (school, key), uses in scopes.items() for scope in uses.used()]
        async with self._database.raw(Wall.auth()) as connection:
            rows = [(school, key, at) for (school, key), at in noted.items()]
            for statement in (_WRITE, _WRITE_PLATFORM):
                await connection.execute(statement, *_columns(rows, 3))
            now = [self._clock.now()] * len(used)
            await connection.execute(_WRITE_SCOPES, *_columns(used, 3), now)

    async def flush_or_warn(self) -> None:
        try:
            await self.flush()
        except Exception as error:  # whatever a dying server raises: it stays noted
            log.warning("key_uses_not_written", exc_info=error)

    async def keep_flushing(self, seconds: float = FLUSH_SECONDS) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self.flush_or_warn()


@dataclass(slots=True)
class _ScopeUses:
    """What operations needed of a key that holds the scopes `held`."""

    held: frozenset[str]
    needed: set[Alternatives] = field(default_factory=set)

    def used(self) -> set[str]:
        """The scopes that opened something. What any scope opens was opened by none in particular."""
        return {scope for needs in self.needed for anyone in needs if anyone != _ANY for scope in self.held & anyone}


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[place] for row in rows] for place in range(width)]
