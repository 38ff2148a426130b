"""What there is to do, for the metrics: bounded, so that a million rows cost no more than the bound."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core.database import Database, Wall

MOST_COUNTED = 100_000

# Endpoint by endpoint, of those where something is due: an index over all of them would be read to its end, past
# whatever is due only later.
_DUE = f"""(
    SELECT count(*) FROM (
        SELECT FROM endpoint_state s CROSS JOIN LATERAL (
            SELECT FROM delivery d
            WHERE d.school_id = s.school_id AND d.endpoint_id = s.endpoint_id AND d.state = '{{state}}'
                AND d.next_at <= now()
            OFFSET 0
        ) d
        WHERE s.mode = 'active' AND s.next_due_at <= now() LIMIT {MOST_COUNTED}
    ) due
)"""  # noqa: S608 - constants
MEASURE = f"""
SELECT
    {_DUE.format(state="pending")} + {_DUE.format(state="retry_wait")} AS due,
    (SELECT count(*) FROM (SELECT FROM delivery WHERE state = 'leased' LIMIT {MOST_COUNTED}) d) AS leased,
    coalesce((
        SELECT extract(epoch FROM now() - min(next_due_at)) FROM endpoint_state
        WHERE mode = 'active' AND next_due_at <= now()
    ), 0)::float8 AS oldest
"""  # noqa: S608 - constants
BREAKERS = "SELECT breaker, count(*) AS endpoints FROM endpoint_state WHERE mode = 'active' GROUP BY breaker"


@dataclass(frozen=True, slots=True)
class Backlog:
    """`oldest`: seconds since the longest-waiting delivery was due. Counts end at 100,000 for each kind."""

    due: int = 0
    leased: int = 0
    oldest: float = 0.0
    breakers: Mapping[str, int] = field(default_factory=dict)


async def measure(database: Database) -> Backlog:
    """Raises Unavailable."""
    async with database.raw(Wall.worker()) as connection:
        [row] = await connection.fetch(MEASURE)
        breakers = {each["breaker"]: each["endpoints"] for each in await connection.fetch(BREAKERS)}
    return Backlog(row["due"], row["leased"], row["oldest"], breakers)
