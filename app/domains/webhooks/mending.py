"""A net under the engine: the turns of endpoints as their deliveries say, where the two disagree."""

from uuid import UUID

from app.core.database import Database, Wall

ENDPOINTS_AT_ONCE = 500
NOBODY = UUID(int=0)

_TRUTH = """
SELECT s.school_id, s.endpoint_id, s.in_flight, s.next_due_at, coalesce(l.leased, 0)::int AS leased, least(
    (SELECT min(next_at) FROM delivery d WHERE d.school_id = s.school_id AND d.endpoint_id = s.endpoint_id
        AND d.state = 'pending'),
    (SELECT min(next_at) FROM delivery d WHERE d.school_id = s.school_id AND d.endpoint_id = s.endpoint_id
        AND d.state = 'retry_wait')
) AS due
FROM endpoint_state s LEFT JOIN (
    SELECT school_id, endpoint_id, count(*) AS leased FROM delivery WHERE state = 'leased' GROUP BY 1, 2
) l USING (school_id, endpoint_id)
WHERE s.mode = 'active' AND """
LOOK = f"""
SELECT *, in_flight <> leased OR next_due_at > due OR (next_due_at IS NULL AND due IS NOT NULL) AS wrong
FROM ({_TRUTH} s.endpoint_id > $1 ORDER BY s.endpoint_id LIMIT $2) truth ORDER BY endpoint_id
"""  # noqa: S608 - constants
LOCK = "SELECT FROM endpoint_state WHERE endpoint_id = ANY ($1) ORDER BY school_id, endpoint_id FOR UPDATE"
MEND = f"""
UPDATE endpoint_state s SET in_flight = t.leased, next_due_at = t.due FROM ({_TRUTH} s.endpoint_id = ANY ($1)) t
WHERE s.school_id = t.school_id AND s.endpoint_id = t.endpoint_id
    AND (s.in_flight, s.next_due_at) IS DISTINCT FROM (t.leased, t.due)
"""  # noqa: S608 - constants


async def mend_turns(database: Database) -> int:
    """Returns how many endpoints were wrong. Looks without a lock, and looks again under one. Raises Unavailable."""
    mended, last = 0, NOBODY
    while True:
        async with database.raw(Wall.worker()) as connection:
            rows = await connection.fetch(LOOK, last, ENDPOINTS_AT_ONCE)
            if suspects := [row["endpoint_id"] for row in rows if row["wrong"]]:
                await connection.execute(LOCK, suspects)
                mended += int((await connection.execute(MEND, suspects)).rpartition(" ")[2])
        if len(rows) < ENDPOINTS_AT_ONCE:
            return mended
        last = rows[-1]["endpoint_id"]
