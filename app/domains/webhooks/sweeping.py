"""What is done without any hint, by whoever comes by: a step that is killed anywhere is taken up by the next one."""

from datetime import datetime
from uuid import UUID

import asyncpg
from sqlalchemy import text

from app.core.database import Database, RawConnection, Wall
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.webhooks.facts import endpoint_facts
from app.domains.webhooks.leases import Lease, Result
from app.domains.webhooks.outcomes import Kind, Outcome
from app.domains.webhooks.recording import record

LEASES_AT_ONCE = 500
ROWS_AT_ONCE = 1_000
ENDPOINTS_AT_ONCE = 8

# Read without a lock: what is written down below is fenced by the token, like any result.
EXPIRED = f"""
SELECT d.school_id, d.endpoint_id, d.event_id, d.replay, d.attempt_no, d.failures, d.lost, d.lease_token, e.long_tail
FROM delivery d JOIN endpoint e ON e.school_id = d.school_id AND e.id = d.endpoint_id
WHERE d.state = 'leased' AND d.lease_until < now()
ORDER BY d.lease_until LIMIT {LEASES_AT_ONCE}
"""  # noqa: S608 - constants

TAKE_UNSETTLED = f"""
SELECT school_id, endpoint_id, mode FROM endpoint_state WHERE unsettled LIMIT {ENDPOINTS_AT_ONCE}
FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - constants

# What an endpoint's deliveries turn into when it is paused, disabled, deleted or used again: {from} → {to}.
_FOLLOW = """
WITH chosen AS (
    SELECT school_id, endpoint_id, event_id, replay FROM delivery
    WHERE school_id = $1 AND endpoint_id = $2 AND state {states} LIMIT {rows}
),
moved AS (
    UPDATE delivery d SET state = {to}, next_at = now() FROM chosen s
    WHERE d.school_id = s.school_id AND d.endpoint_id = s.endpoint_id AND d.event_id = s.event_id
        AND d.replay = s.replay
    RETURNING d.event_id
)
SELECT count(*) FROM moved
"""
HOLD = _FOLLOW.format(states="IN ('pending', 'retry_wait')", to="'held'", rows=ROWS_AT_ONCE)
CANCEL = _FOLLOW.format(states="IN ('pending', 'retry_wait', 'held')", to="'cancelled'", rows=ROWS_AT_ONCE)
# What was held may be of a topic that the integration is no longer told of.
LET_GO = f"""
WITH chosen AS (
    SELECT d.school_id, d.endpoint_id, d.event_id, d.replay,
        topic_is_open(e.school_id, e.partner_id, v.type, e.filter ->> 'zone') AS open
    FROM delivery d JOIN endpoint e ON e.school_id = d.school_id AND e.id = d.endpoint_id
    LEFT JOIN event v ON v.school_id = d.school_id AND v.id = d.event_id
    WHERE d.school_id = $1 AND d.endpoint_id = $2 AND d.state = 'held' LIMIT {ROWS_AT_ONCE}
),
moved AS (
    UPDATE delivery d SET next_at = now(), state =
        CASE WHEN NOT s.open THEN 'cancelled' WHEN d.attempt_no = 0 THEN 'pending' ELSE 'retry_wait' END
    FROM chosen s
    WHERE d.school_id = s.school_id AND d.endpoint_id = s.endpoint_id AND d.event_id = s.event_id
        AND d.replay = s.replay
    RETURNING d.event_id
)
SELECT count(*) FROM moved
"""  # noqa: S608 - constants
FOLLOW = {"active": LET_GO, "paused": HOLD, "disabled": HOLD, "deleted": CANCEL}

FOLLOWED = """
UPDATE endpoint_state SET unsettled = $3,
    next_due_at = CASE WHEN mode = 'active' THEN least(next_due_at, now()) WHEN $3 THEN next_due_at END
WHERE school_id = $1 AND endpoint_id = $2
"""

# Keys run out without a statement: whoever looks next ends what they opened, as a trigger does where a key is taken
# back. A look goes back a minute behind the one before, for endpoints that were being made meanwhile.
END_ACCESS = """
WITH ended AS (
    SELECT DISTINCT school_id, partner_id FROM api_key
    WHERE expires_at > coalesce($1::timestamptz, '-infinity') AND expires_at <= now()
),
closed AS (
    SELECT s.school_id, s.endpoint_id
    FROM ended JOIN endpoint e USING (school_id, partner_id)
    JOIN endpoint_state s ON s.school_id = e.school_id AND s.endpoint_id = e.id
    WHERE e.status IN ('active', 'paused') AND s.disable_for IS NULL
        AND closed_topic(e.school_id, e.partner_id, e.topics, e.filter) IS NOT NULL
    ORDER BY s.school_id, s.endpoint_id FOR UPDATE OF s
),
stopped AS (
    UPDATE endpoint_state s SET disable_for = 'access_ended' FROM closed c
    WHERE s.school_id = c.school_id AND s.endpoint_id = c.endpoint_id
)
SELECT now() - interval '1 minute'
"""

TO_DISABLE = f"""
SELECT school_id, endpoint_id, disable_for FROM endpoint_state
WHERE disable_for IS NOT NULL AND mode IN ('active', 'paused') LIMIT {ENDPOINTS_AT_ONCE}
"""  # noqa: S608 - constants
DISABLE = text("""
UPDATE endpoint SET status = 'disabled', disabled_reason = :reason, disabled_at = now()
WHERE school_id = :school_id AND id = :endpoint_id AND status IN ('active', 'paused')
RETURNING url, partner_id
""")


async def give_up_lost(database: Database, base: tuple[int, ...]) -> int:
    """Attempts whose process never came back: returns how many. `base` is the schedule. Raises Unavailable."""
    async with database.raw(Wall.worker()) as connection:
        rows = await connection.fetch(EXPIRED)
    if not rows:
        return 0
    return (await record(database, [_lost(row) for row in rows], base)).settled


def _lost(row: asyncpg.Record) -> Result:
    lease = Lease(
        school_id=row["school_id"],
        endpoint_id=row["endpoint_id"],
        event_id=row["event_id"],
        replay=row["replay"],
        number=row["attempt_no"],
        token=row["lease_token"],
        failures=row["failures"],
        lost=row["lost"],
        long_tail=row["long_tail"],
    )
    return Result(lease, Outcome(Kind.LOST, latency_ms=0))


async def follow_modes(database: Database) -> int:
    """Holds, cancels or lets go what is on its way to endpoints whose status changed. Raises Unavailable."""
    async with database.raw(Wall.worker()) as connection:
        moved = [await _follow(connection, row) for row in await connection.fetch(TAKE_UNSETTLED)]
    return sum(moved)


async def _follow(connection: RawConnection, row: asyncpg.Record) -> int:
    key = row["school_id"], row["endpoint_id"]
    moved: int = await connection.fetchval(FOLLOW[row["mode"]], *key)
    await connection.execute(FOLLOWED, *key, moved >= ROWS_AT_ONCE)
    return moved


async def end_access(database: Database, since: datetime | None) -> datetime:
    """Stops endpoints whose integration's keys ran out since then (None: ever), to be disabled like those that fail.

    Returns from when on the next look goes. Raises Unavailable.
    """
    async with database.raw(Wall.worker()) as connection:
        looked: datetime = await connection.fetchval(END_ACCESS, since)
    return looked


async def disable_failing(database: Database) -> list[UUID]:
    """Disables the endpoints whose health asks for it, each with one event in its school's log. Raises Unavailable."""
    async with database.raw(Wall.worker()) as connection:
        rows = await connection.fetch(TO_DISABLE)
    return [row["endpoint_id"] for row in rows if await _disable(database, **row)]


async def _disable(database: Database, school_id: UUID, endpoint_id: UUID, disable_for: str) -> bool:
    """False where somebody else has done so, or it was deleted: the event is sent once."""
    async with database.transaction(Wall.app(school_id)) as session:
        values = {"school_id": school_id, "endpoint_id": endpoint_id, "reason": disable_for}
        disabled = (await session.execute(DISABLE, values)).one_or_none()
        if disabled is None:
            return False
        facts = {"reason": disable_for, **endpoint_facts(disabled.url, disabled.partner_id)}
        record_event(session, Topic.ENDPOINT_DISABLED, subject=endpoint_id, facts=facts)
    return True
