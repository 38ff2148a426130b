"""Taking what is due: the endpoints whose turn it is, a share for each, and a lease on its deliveries.

Whoever holds the row of an endpoint in `endpoint_state` is alone in leasing its deliveries; whoever comes second takes
other endpoints. Three statements, because each must see what was committed before the locks were had.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from app.core.database import Database, RawConnection, Wall
from app.core.ids import new_id
from app.domains.webhooks.endpoints import Known, Target
from app.domains.webhooks.envelope import Happened
from app.domains.webhooks.fairness import Room, Share, Turn, share
from app.domains.webhooks.settling import Progress

ENDPOINTS_AT_ONCE = 128
LEASE_MARGIN = 30
"""Seconds that a lease outlives the longest request it may be for."""

# `rate_at` is when the first request is let through; a second's worth of them may be saved up.
TAKE_TURNS = """
SELECT school_id, endpoint_id, version, slow OR endpoint_id = ANY ($2) AS slow, now() AS now, least(
    least(slots, coalesce(allowed, slots)) - in_flight,
    CASE WHEN rate IS NULL THEN slots WHEN rate_at IS NULL THEN rate ELSE
        least(rate, 1 + floor(extract(epoch FROM now() - rate_at) * rate)) END
)::int AS free
FROM endpoint_state
WHERE ready_at <= now() AND school_id <> ALL ($1) AND ($3 OR NOT (slow OR endpoint_id = ANY ($2)))
ORDER BY ready_at LIMIT $4 FOR UPDATE SKIP LOCKED
"""

# Of what is due the oldest first attempts and the oldest retries, in turn: neither waits for all of the other.
LEASE = """
WITH share AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::int[])
        AS s (school_id, endpoint_id, places, retries, seconds)
),
picked AS (
    SELECT d.*, s.seconds FROM share s CROSS JOIN LATERAL (
        (
            SELECT school_id, endpoint_id, event_id, replay, row_number() OVER (ORDER BY next_at) * 2 AS rank
            FROM delivery
            WHERE school_id = s.school_id AND endpoint_id = s.endpoint_id AND state = 'pending' AND next_at <= now()
            ORDER BY next_at LIMIT s.places
        ) UNION ALL (
            SELECT school_id, endpoint_id, event_id, replay, row_number() OVER (ORDER BY next_at) * 2 + 1
            FROM delivery
            WHERE school_id = s.school_id AND endpoint_id = s.endpoint_id AND state = 'retry_wait' AND next_at <= now()
            ORDER BY next_at LIMIT s.retries
        )
        ORDER BY rank LIMIT s.places
    ) d
),
leased AS (
    UPDATE delivery d SET state = 'leased', attempt_no = d.attempt_no + 1, lease_token = $6,
        lease_until = now() + make_interval(secs => p.seconds)
    FROM picked p
    WHERE d.school_id = p.school_id AND d.endpoint_id = p.endpoint_id AND d.event_id = p.event_id
        AND d.replay = p.replay AND d.state IN ('pending', 'retry_wait')
    RETURNING d.school_id, d.endpoint_id, d.event_id, d.replay, d.attempt_no, d.failures, d.lost, d.created_at
)
SELECT l.*, e.type, e.subject, e.facts, e.occurred_at, e.schema_version
FROM leased l JOIN event e ON e.school_id = l.school_id AND e.id = l.event_id
"""

# When it is due next, and its rate's account.
SERVED = """
UPDATE endpoint_state s SET in_flight = s.in_flight + n.leased, last_served_at = now(),
    next_due_at = least(
        (SELECT min(next_at) FROM delivery d
            WHERE d.school_id = s.school_id AND d.endpoint_id = s.endpoint_id AND d.state = 'pending'),
        (SELECT min(next_at) FROM delivery d
            WHERE d.school_id = s.school_id AND d.endpoint_id = s.endpoint_id AND d.state = 'retry_wait')
    ),
    rate_at = CASE WHEN s.rate IS NOT NULL THEN
        greatest(s.rate_at, now() - make_interval(secs => (s.rate - 1.0) / s.rate))
            + make_interval(secs => n.leased::float8 / s.rate) END
FROM (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS n (school_id, endpoint_id, leased)) n
WHERE s.school_id = n.school_id AND s.endpoint_id = n.endpoint_id
"""


@dataclass(frozen=True, slots=True, eq=False)
class Claimed:
    """A delivery leased to this process; equal to itself alone. `number` is the attempt's."""

    target: Target
    event: Happened
    replay: int
    number: int
    progress: Progress
    token: UUID
    slow: bool
    created_at: datetime
    now: datetime
    """The database's clock at the claim."""
    taken: float
    """This process's monotonic clock before the claim."""

    @property
    def is_retry(self) -> bool:
        return self.number > 1


@dataclass(frozen=True, slots=True)
class _Moment:
    """When a claim was made: by the database's clock, and before it by this process's."""

    now: datetime
    taken: float


@dataclass(frozen=True, slots=True)
class Claim:
    """What one claim came to. `more`: another one at once may find something."""

    deliveries: Sequence[Claimed] = ()
    more: bool = False


async def claim(database: Database, known: Known, room: Room, suspects: Collection[UUID] = ()) -> Claim:
    """Leases what there is room for. `suspects` are endpoints that have kept a request waiting right now.

    Raises Unavailable. The commit does not wait for the disk: a lease that a crash takes back was for a request that
    the crash interrupted too, or that is repeated under the same webhook-id.
    """
    taken = time.monotonic()
    async with database.raw(Wall.worker(durable=False)) as connection:
        rows = await connection.fetch(
            TAKE_TURNS,
            room.full_schools(),
            list(suspects),
            room.slow > 0,
            min(ENDPOINTS_AT_ONCE, room.places + room.slow),
        )
        turns = [Turn(row["school_id"], row["endpoint_id"], row["free"], row["slow"]) for row in rows]
        shares = share(turns, room)
        if not shares:
            return Claim()
        await known.refresh(connection, [(row["school_id"], row["endpoint_id"], row["version"]) for row in rows])
        deliveries = await _lease(connection, known, shares, _Moment(rows[0]["now"], taken))
    return Claim(deliveries, more=len(deliveries) >= sum(each.places for each in shares))


async def _lease(
    connection: RawConnection, known: Known, shares: Sequence[Share], moment: _Moment
) -> Sequence[Claimed]:
    token = new_id()
    schools = [each.turn.school_id for each in shares]
    endpoints = [each.turn.endpoint_id for each in shares]
    seconds = [known[endpoint].timeout_seconds + LEASE_MARGIN for endpoint in endpoints]
    places, retries = [each.places for each in shares], [each.retries for each in shares]
    leased = await connection.fetch(LEASE, schools, endpoints, places, retries, seconds, token)
    counts = dict.fromkeys(endpoints, 0)
    for row in leased:
        counts[row["endpoint_id"]] += 1
    await connection.execute(SERVED, schools, endpoints, [counts[endpoint] for endpoint in endpoints])
    slow = {each.turn.endpoint_id for each in shares if each.turn.slow}
    return [_claimed(row, known[row["endpoint_id"]], token, row["endpoint_id"] in slow, moment) for row in leased]


def _claimed(row: asyncpg.Record, target: Target, token: UUID, slow: bool, moment: _Moment) -> Claimed:
    return Claimed(
        target=target,
        event=Happened(
            id=row["event_id"],
            type=row["type"],
            subject=row["subject"],
            facts=orjson.loads(row["facts"]),
            occurred_at=row["occurred_at"],
            schema_version=row["schema_version"],
        ),
        replay=row["replay"],
        number=row["attempt_no"],
        progress=Progress(row["failures"], row["lost"]),
        token=token,
        slow=slow,
        created_at=row["created_at"],
        now=moment.now,
        taken=moment.taken,
    )
