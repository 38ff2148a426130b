"""How long deliveries and attempts are kept: by the month of their event, and what waits for as long as it does.

Months are dropped, not deleted row by row. What waits of them (its endpoint is paused, say) moves with its attempts to
one partition of all that is older, which has no lower bound: an old event can still be sent.
"""

from datetime import datetime, timedelta

import asyncpg
import structlog

from app.core.database import Database, Wall
from app.domains.webhooks.settling import FINAL
from app.domains.webhooks.tables import STATES

log = structlog.get_logger(__name__)

MOST_MOVED = 20_000
"""Deliveries that wait. More would keep the workers waiting while they are moved: the months stay until fewer do."""

# State by state, so that the partial indexes serve.
_MONTH = "date_trunc('month', now() - $1::interval, 'UTC')"
_WAITING = " UNION ALL ".join(
    f"SELECT FROM delivery WHERE event_id < first_uuid_at({_MONTH}) AND state = '{state}'"
    for state in STATES
    if state not in FINAL
)
WAITING = f"""
SELECT {_MONTH} AS month, (SELECT count(*) FROM (SELECT FROM ({_WAITING}) w LIMIT $2) d) AS waiting
"""  # noqa: S608 - constants


async def drop_old_months(database: Database, days: int, most: int = MOST_MOVED) -> int:
    """Drops the months that lie `days` back as a whole, and returns how many partitions those were.

    `days` is more than the ninety that are recovered: what is forgotten might be sent again. 0 where too much waits in
    them, and where somebody held the tables for half a second: the next night tries again. Safe to run at any time, on
    any number of machines. Raises Unavailable.
    """
    async with database.raw(Wall.worker()) as connection:
        [row] = await connection.fetch(WAITING, timedelta(days=days), most + 1)
    if row["waiting"] > most:
        log.warning("old_deliveries_wait", count=row["waiting"])
        return 0
    return await _fold(database, row["month"])


async def _fold(database: Database, month: datetime) -> int:
    try:
        async with database.raw(Wall.owner()) as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('ensure_partitions'))")
            folded: int = await connection.fetchval("SELECT fold_deliveries($1)", month)
    except asyncpg.LockNotAvailableError:
        log.info("old_deliveries_in_use")
        return 0
    return folded
