"""What receivers answered is kept for a while: it may hold anything. The attempt, its outcome and the log stay."""

from datetime import timedelta

from app.core.database import Database, Wall

AFTER_SUCCESS = timedelta(days=7)
AFTER_FAILURE = timedelta(days=30)
ROWS_AT_ONCE = 5_000

# In the order of the index of responses, so that each night begins where there is something to forget.
FORGET = f"""
WITH old AS (
    SELECT school_id, endpoint_id, event_id, replay, number FROM attempt
    WHERE response IS NOT NULL AND at < now() - $1::interval AND (outcome = 'ok') = $2
    ORDER BY at LIMIT {ROWS_AT_ONCE}
)
UPDATE attempt a SET response = NULL FROM old o
WHERE a.school_id = o.school_id AND a.endpoint_id = o.endpoint_id AND a.event_id = o.event_id
    AND a.replay = o.replay AND a.number = o.number
"""  # noqa: S608 - constants


async def forget_responses(database: Database) -> int:
    """Returns how many. Safe to run at any time, on any number of machines. Raises Unavailable."""
    return await _forget(database, AFTER_SUCCESS, ok=True) + await _forget(database, AFTER_FAILURE, ok=False)


async def _forget(database: Database, after: timedelta, *, ok: bool) -> int:
    forgotten = 0
    while True:
        async with database.raw(Wall.worker()) as connection:
            status = await connection.execute(FORGET, after, ok)
        count = int(status.rpartition(" ")[2])
        forgotten += count
        if count < ROWS_AT_ONCE:
            return forgotten
