"""From the log to deliveries, in chunks: each chunk and the note that it is done are one transaction.

Killed anywhere, the next one goes on from `expanded_to`: nothing twice, nothing left out. `expand_little` and
`expand_log` are functions of the database, made by a migration: a hint costs one round trip, and no plan.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from app.core.database import Database, RawConnection, Wall
from app.core.ids import new_id
from app.domains.webhooks.claiming import LEASE_MARGIN, Leased, turns_of
from app.domains.webhooks.fairness import Room

CHUNK = 5_000
"""Deliveries that one transaction makes, more or less; a single event may need more."""
MOST_EVENTS = 50_000
"""Events that one transaction passes over, wanted or not."""
MOST_COMPARED = 100_000
"""Comparisons of an event with an endpoint, among the events of topics that somebody listens to."""
SCHOOLS_AT_ONCE = 16
BACKFILLED_AT_ONCE = 1_000
ENDPOINTS_AT_ONCE = 8

LITTLE = CHUNK // SCHOOLS_AT_ONCE
"""Deliveries of a school that is little behind, at most."""

EXPAND_LITTLE = "SELECT * FROM expand_little($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
EXPAND = "SELECT deliveries, more FROM expand_log($1, $2, $3, $4, $5)"

TAKE_LATECOMERS = f"""
SELECT school_id, endpoint_id, backfilled_to AS after,
    least(backfill_until, backfilled_to + {BACKFILLED_AT_ONCE}) AS upto
FROM endpoint_state
WHERE backfilled_to IS NOT NULL AND backfill_until IS NOT NULL AND mode IN ('active', 'paused')
LIMIT {ENDPOINTS_AT_ONCE} FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - constants

BACKFILL = """
WITH chunk AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) AS c (school_id, endpoint_id, after, upto)
),
made AS (
    INSERT INTO delivery (school_id, endpoint_id, event_id, state)
    SELECT v.school_id, e.id, v.id, CASE e.status WHEN 'active' THEN 'pending' ELSE 'held' END
    FROM chunk c
    JOIN endpoint e ON e.school_id = c.school_id AND e.id = c.endpoint_id
    JOIN event v ON v.school_id = c.school_id AND v.position > c.after AND v.position <= c.upto
        AND wants_event(e.id, e.partner_id, e.start_position, e.topics, e.filter,
            v.position, v.type, v.subject, v.facts)
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
"""


@dataclass(frozen=True, slots=True)
class Expanded:
    """What one transaction came to. `more`: there is more to expand at once."""

    deliveries: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class ExpandedLittle:
    """What one transaction came to. `waiting` of the deliveries are due and not `leased`.

    `far`: a school is too far behind for this. `more`: there may be more schools that are behind.
    """

    deliveries: int
    waiting: int
    far: bool
    more: bool
    leased: Leased


async def expand_little(
    database: Database, schools: Sequence[UUID] | None, room: Room, suspects: Collection[UUID] = ()
) -> ExpandedLittle:
    """Schools of which there can be few deliveries, of `schools` or of any.

    Leases what there is room for, of endpoints for which nothing else waits: what has just happened needs no claim.
    Raises Unavailable. The commit does not wait for the disk, as that of a claim does not.
    """
    taken, token = time.monotonic(), new_id()
    rows = await database.fetch(
        EXPAND_LITTLE,
        schools,
        SCHOOLS_AT_ONCE,
        LITTLE,
        room.places,
        room.school,
        list(room.schools),
        list(room.schools.values()),
        list(suspects),
        LEASE_MARGIN,
        token,
    )
    first, leased = rows[0], [row for row in rows if row["turn"] is not None]
    return ExpandedLittle(
        deliveries=first["deliveries"],
        waiting=first["waiting"],
        far=first["far"],
        more=first["more"],
        leased=Leased(leased, turns_of(leased), token, taken),
    )


async def expand(database: Database, schools: Sequence[UUID] | None = None, chunk: int = CHUNK) -> Expanded:
    """A chunk of schools that are behind, of `schools` or of any. Raises Unavailable."""
    [row] = await database.fetch(EXPAND, schools, SCHOOLS_AT_ONCE, chunk, MOST_EVENTS, MOST_COMPARED)
    return Expanded(row["deliveries"], row["more"])


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
