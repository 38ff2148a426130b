"""When each key was last used: noted in memory by requests, written at most once a minute, never by a request."""

import asyncio
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from app.core.database import Database, Wall
from app.core.errors import Unavailable

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


class KeyUses:
    """The uses since the last flush, by (school, row of the key)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[tuple[UUID, UUID], datetime] = {}

    def note(self, school_id: UUID, row_id: UUID, at: datetime) -> None:
        self._noted[school_id, row_id] = at

    async def flush(self) -> None:
        """Writes what was noted. When that fails it stays noted, behind what came since."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        schools, keys = zip(*noted, strict=True)
        try:
            async with self._database.raw(Wall.auth()) as connection:
                await connection.execute(_WRITE, schools, keys, list(noted.values()))
        except BaseException:
            self._noted = {**noted, **self._noted}
            raise

    async def keep_flushing(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable) as error:
                log.warning("key_uses_not_written", exc_info=error)
