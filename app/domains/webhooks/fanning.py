"""From the log to deliveries, in chunks: each chunk and the note that it is done are one transaction.

Killed anywhere, the next one goes on from `expanded_to`: nothing twice, nothing left out. Two statements, because what
the second sees must begin after the first has the lock: an endpoint made meanwhile is seen, or waits for the lock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from app.core.database import Database, RawConnection, Wall

CHUNK = 5_000
"""Deliveries that one transaction makes, more or less; a single event may need more."""
SCHOOLS_AT_ONCE = 16
BACKFILLED_AT_ONCE = 1_000
ENDPOINTS_AT_ONCE = 8

# $1 names schools, or is NULL for all. The endpoints of a school bound how many of its events are a chunk.
TAKE_SCHOOLS = f"""
SELECT f.school_id, f.expanded_to AS after, l.last_position,
    least(l.last_position, f.expanded_to + greatest(1, {CHUNK} / greatest(1, (
        SELECT count(*) FROM endpoint e WHERE e.school_id = f.school_id AND e.status IN ('active', 'paused')
    )))) AS upto
FROM fan_out f JOIN school_log l USING (school_id)
WHERE l.last_position > f.expanded_to AND ($1::uuid[] IS NULL OR f.school_id = ANY ($1))
ORDER BY random() LIMIT {SCHOOLS_AT_ONCE} FOR UPDATE OF f SKIP LOCKED
"""  # noqa: S608 - constants

# Whether endpoint `e` wants event `v`. A filter lists facts that must be there and equal; a test is for one endpoint.
WANTED = """
e.start_position < v.position AND CASE v.type WHEN 'endpoint.tested' THEN v.subject = e.id
    ELSE (e.topics = '{}' OR v.type = ANY (e.topics)) AND v.facts @> e.filter END"""

# The turn of an endpoint is written even where it seems due already: a claim may just be finding nothing left. Rows are
# locked in one order by whoever locks several.
_WAKE = """
taken AS (
    SELECT s.school_id, s.endpoint_id FROM endpoint_state s
    JOIN (SELECT DISTINCT school_id, endpoint_id FROM made) m USING (school_id, endpoint_id)
    ORDER BY s.school_id, s.endpoint_id FOR UPDATE OF s
),
woken AS (
    UPDATE endpoint_state s SET next_due_at = least(s.next_due_at, now()), unsettled = s.unsettled OR s.mode <> 'active'
    FROM taken t WHERE s.school_id = t.school_id AND s.endpoint_id = t.endpoint_id
)"""

EXPAND = f"""
WITH chunk AS (SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS c (school_id, after, upto)),
made AS (
    INSERT INTO delivery (school_id, endpoint_id, event_id, state)
    SELECT v.school_id, e.id, v.id, CASE e.status WHEN 'active' THEN 'pending' ELSE 'held' END
    FROM chunk c
    JOIN event v ON v.school_id = c.school_id AND v.position > c.after AND v.position <= c.upto
    JOIN endpoint e ON e.school_id = c.school_id AND e.status IN ('active', 'paused') AND {WANTED}
    ON CONFLICT DO NOTHING
    RETURNING school_id, endpoint_id
),
{_WAKE},
done AS (UPDATE fan_out f SET expanded_to = c.upto FROM chunk c WHERE f.school_id = c.school_id)
SELECT count(*) FROM made
"""  # noqa: S608 - constants

TAKE_LATECOMERS = f"""
SELECT school_id, endpoint_id, backfilled_to AS after,
    least(backfill_until, backfilled_to + {BACKFILLED_AT_ONCE}) AS upto
FROM endpoint_state
WHERE backfilled_to IS NOT NULL AND backfill_until IS NOT NULL AND mode IN ('active', 'paused')
LIMIT {ENDPOINTS_AT_ONCE} FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - constants

BACKFILL = f"""
WITH chunk AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) AS c (school_id, endpoint_id, after, upto)
),
made AS (
    INSERT INTO delivery (school_id, endpoint_id, event_id, state)
    SELECT v.school_id, e.id, v.id, CASE e.status WHEN 'active' THEN 'pending' ELSE 'held' END
    FROM chunk c
    JOIN endpoint e ON e.school_id = c.school_id AND e.id = c.endpoint_id
    JOIN event v ON v.school_id = c.school_id AND v.position > c.after AND v.position <= c.upto AND {WANTED}
    ON CONFLICT DO NOTHING
    RETURNING endpoint_id
),
done AS (
    UPDATE endpoint_state s SET
        next_due_at = CASE WHEN EXISTS (SELECT FROM made m WHERE m.endpoint_id = s.endpoint_id)
            THEN least(s.next_due_at, now()) ELSE s.next_due_at END,
        unsettled = s.unsettled OR s.mode <> 'active',
        backfilled_to = CASE WHEN c.upto < s.backfill_until THEN c.upto END,
        backfill_until = CASE WHEN c.upto < s.backfill_until THEN s.backfill_until END
    FROM chunk c WHERE s.school_id = c.school_id AND s.endpoint_id = c.endpoint_id
)
SELECT count(*) FROM made
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Expanded:
    """What one transaction came to. `more`: there is more to expand at once."""

    deliveries: int = 0
    more: bool = False


async def expand(database: Database, schools: Sequence[UUID] | None = None) -> Expanded:
    """One chunk of each school that is behind, of `schools` or of any. Raises Unavailable."""
    async with database.raw(Wall.worker(durable=False)) as connection:
        taken = await connection.fetch(TAKE_SCHOOLS, schools)
        if not taken:
            return Expanded()
        columns = [[row[name] for row in taken] for name in ("school_id", "after", "upto")]
        made: int = await connection.fetchval(EXPAND, *columns)
    behind = any(row["upto"] < row["last_position"] for row in taken)
    return Expanded(made, more=behind or len(taken) == SCHOOLS_AT_ONCE)


async def backfill(database: Database) -> Expanded:
    """One chunk for each endpoint that starts before its making, or comes back after having been disabled."""
    async with database.raw(Wall.worker(durable=False)) as connection:
        taken = await connection.fetch(TAKE_LATECOMERS)
        if not taken:
            return Expanded()
        return Expanded(await _backfill(connection, taken), more=True)


async def _backfill(connection: RawConnection, taken: Sequence[asyncpg.Record]) -> int:
    names = ("school_id", "endpoint_id", "after", "upto")
    made: int = await connection.fetchval(BACKFILL, *([row[name] for row in taken] for name in names))
    return made
