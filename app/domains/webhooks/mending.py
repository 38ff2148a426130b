"""A net under the engine: the turns of endpoints as their deliveries say, where the two disagree.

And as the clock says: what was written while the database's clock was ahead would wait until time has caught up.
"""

from uuid import UUID

from app.core.database import Database, Wall
from app.domains.webhooks.claiming import LEASE_MARGIN
from app.domains.webhooks.settling import LONGEST_RETRY_AFTER
from app.domains.webhooks.tables import LONGEST_TIMEOUT

ENDPOINTS_AT_ONCE = 500
NOBODY = UUID(int=0)
SOON = 5
"""Seconds of the future that are past soon enough, and that a statement may differ from its neighbour by."""
LONGEST_LEASE = LONGEST_TIMEOUT + LEASE_MARGIN

_SOON = f"now() + interval '{SOON} s'"
_LATEST_WAIT = f"now() + interval '{LONGEST_RETRY_AFTER} s'"
_WAITS_TOO_LONG = f"s.wait_until > {_LATEST_WAIT} + interval '{SOON} s'"
# A first attempt is due when it is made; a retry may be due a day from now.
_AHEAD = f"""
s.last_served_at > {_SOON} OR s.rate_at > {_SOON} OR {_WAITS_TOO_LONG} OR EXISTS (
    SELECT FROM delivery d WHERE d.school_id = s.school_id AND d.endpoint_id = s.endpoint_id
        AND d.state = 'pending' AND d.next_at > {_SOON}
)"""
_TRUTH = f"""
SELECT s.school_id, s.endpoint_id, s.in_flight, s.next_due_at, coalesce(l.leased, 0)::int AS leased, least(
    (SELECT min(next_at) FROM delivery d WHERE d.school_id = s.school_id AND d.endpoint_id = s.endpoint_id
        AND d.state = 'pending'),
    (SELECT min(next_at) FROM delivery d WHERE d.school_id = s.school_id AND d.endpoint_id = s.endpoint_id
        AND d.state = 'retry_wait')
) AS due, coalesce({_AHEAD}, false) AS ahead
FROM endpoint_state s LEFT JOIN (
    SELECT school_id, endpoint_id, count(*) AS leased FROM delivery WHERE state = 'leased' GROUP BY 1, 2
) l USING (school_id, endpoint_id)
WHERE s.mode = 'active' AND """  # noqa: S608 - constants
LOOK = f"""
SELECT *, ahead OR in_flight <> leased OR next_due_at > due OR (next_due_at IS NULL AND due IS NOT NULL) AS wrong
FROM ({_TRUTH} s.endpoint_id > $1 ORDER BY s.endpoint_id LIMIT $2) truth ORDER BY endpoint_id
"""  # noqa: S608 - constants
LOCK = "SELECT FROM endpoint_state WHERE endpoint_id = ANY ($1) ORDER BY school_id, endpoint_id FOR UPDATE"
HASTEN = f"""
UPDATE delivery d SET next_at = now() FROM endpoint_state s
WHERE s.endpoint_id = ANY ($1) AND d.school_id = s.school_id AND d.endpoint_id = s.endpoint_id
    AND d.state = 'pending' AND d.next_at > {_SOON}
"""  # noqa: S608 - constants
MEND = f"""
UPDATE endpoint_state s SET in_flight = t.leased, next_due_at = t.due,
    last_served_at = CASE WHEN s.last_served_at > {_SOON} THEN now() ELSE s.last_served_at END,
    rate_at = CASE WHEN s.rate_at > {_SOON} THEN now() ELSE s.rate_at END,
    wait_until = CASE WHEN {_WAITS_TOO_LONG} THEN {_LATEST_WAIT} ELSE s.wait_until END
FROM ({_TRUTH} s.endpoint_id = ANY ($1)) t
WHERE s.school_id = t.school_id AND s.endpoint_id = t.endpoint_id
    AND (t.ahead OR (s.in_flight, s.next_due_at) IS DISTINCT FROM (t.leased, t.due))
"""  # noqa: S608 - constants
SHORTEN_LEASES = f"""
UPDATE delivery SET lease_until = now() + interval '{LONGEST_LEASE} s'
WHERE state = 'leased' AND lease_until > now() + interval '{LONGEST_LEASE + SOON} s'
"""  # noqa: S608 - constants


async def mend_turns(database: Database) -> int:
    """Returns how many endpoints were wrong. Looks without a lock, and looks again under one. Raises Unavailable."""
    async with database.raw(Wall.worker()) as connection:
        await connection.execute(SHORTEN_LEASES)
    mended, last = 0, NOBODY
    while True:
        async with database.raw(Wall.worker()) as connection:
            rows = await connection.fetch(LOOK, last, ENDPOINTS_AT_ONCE)
            if suspects := [row["endpoint_id"] for row in rows if row["wrong"]]:
                await connection.execute(LOCK, suspects)
                await connection.execute(HASTEN, suspects)
                mended += int((await connection.execute(MEND, suspects)).rpartition(" ")[2])
        if len(rows) < ENDPOINTS_AT_ONCE:
            return mended
        last = rows[-1]["endpoint_id"]
