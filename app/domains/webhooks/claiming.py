"""Taking what is due: the endpoints whose turn it is, a share for each, and a lease on its deliveries.

All of it is a function of the database (`claim_deliveries`, made by a migration): one transaction, one round trip.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from app.core.database import Database
from app.core.ids import new_id
from app.domains.webhooks.endpoints import Known, Target
from app.domains.webhooks.envelope import Happened
from app.domains.webhooks.fairness import Room
from app.domains.webhooks.settling import Progress

ENDPOINTS_AT_ONCE = 32
LEASE_MARGIN = 30
"""Seconds that a lease outlives the longest request it may be for."""

CLAIM = "SELECT * FROM claim_deliveries($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"


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
    now: datetime
    """The database's clock at the claim."""
    taken: float
    """This process's monotonic clock before the claim."""

    @property
    def is_retry(self) -> bool:
        return self.number > 1


@dataclass(frozen=True, slots=True)
class Leased:
    """What is leased to this process, as rows, until the endpoints are known too."""

    rows: Sequence[asyncpg.Record]
    token: UUID
    taken: float
    more: bool
    """Whether another claim at once may find more."""


async def lease(database: Database, room: Room, suspects: Collection[UUID] = ()) -> Leased:
    """Leases what there is room for, and cancels what its endpoint no longer wants. `suspects` are endpoints that have
    kept a request waiting right now.

    Raises Unavailable. The commit does not wait for the disk: a lease that a crash takes back was for a request that
    the crash interrupted too, or that is repeated under the same webhook-id.
    """
    taken, token = time.monotonic(), new_id()
    turns = min(ENDPOINTS_AT_ONCE, room.places + room.slow)
    rows = await database.fetch(
        CLAIM,
        room.places,
        room.retries,
        room.slow,
        room.school,
        list(room.schools),
        list(room.schools.values()),
        list(suspects),
        turns,
        LEASE_MARGIN,
        token,
    )
    leased = [row for row in rows if row["event_id"] is not None]
    return Leased(leased, token, taken, _finds_more(rows, turns))


def _finds_more(rows: Sequence[asyncpg.Record], turns: int) -> bool:
    """Where every place that was given found something, or was cancelled, which a row without a delivery says.

    And where the endpoints may have been more than the `turns` that a claim looks at: a few of those can turn out to
    have nothing.
    """
    if not rows:
        return False
    return len(rows) >= rows[0]["asked"] or 2 * len({row["endpoint_id"] for row in rows}) >= turns


async def recognise(database: Database, known: Known, leased: Leased) -> list[Claimed]:
    """What was leased, with all that a request needs. Raises Unavailable where an endpoint cannot be read."""
    rows = leased.rows
    await known.refresh(database, {(row["school_id"], row["endpoint_id"], row["version"]) for row in rows})
    events: dict[UUID, Happened] = {}
    return [_claimed(row, known[row["endpoint_id"]], events, leased) for row in rows]


def _claimed(row: asyncpg.Record, target: Target, events: dict[UUID, Happened], leased: Leased) -> Claimed:
    event = events.get(row["event_id"])
    if event is None:
        event = events[row["event_id"]] = Happened(
            id=row["event_id"],
            type=row["type"],
            subject=row["subject"],
            facts=row["facts"],
            occurred_at=row["occurred_at"],
            schema_version=row["schema_version"],
        )
    return Claimed(
        target=target,
        event=event,
        replay=row["replay"],
        number=row["attempt_no"],
        progress=Progress(row["failures"], row["lost"]),
        token=leased.token,
        slow=row["slow"],
        now=row["moment"],
        taken=leased.taken,
    )
