"""Taking what is due: the endpoints whose turn it is, a share for each, and a lease on its deliveries.

All of it is a function of the database (`claim_deliveries`, made by a migration): one transaction, one round trip.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from app.core.database import Database
from app.core.ids import new_id
from app.domains.webhooks.endpoints import Known, Target
from app.domains.webhooks.envelope import Happened
from app.domains.webhooks.fairness import Room
from app.domains.webhooks.leases import Lease

ENDPOINTS_AT_ONCE = 32
LEASE_MARGIN = 30
"""Seconds that a lease outlives the longest request it may be for."""

CLAIM = "SELECT * FROM claim_deliveries($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"


@dataclass(slots=True, eq=False)
class Claimed(Lease):
    """A leased delivery with all that its request needs; equal to itself alone."""

    target: Target
    event: Happened
    slow: bool
    now: datetime
    """The database's clock at the claim."""
    taken: float
    """This process's monotonic clock before the claim."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An endpoint whose turn it was."""

    school_id: UUID
    endpoint_id: UUID
    version: int
    slow: bool


@dataclass(frozen=True, slots=True)
class Leased:
    """What is leased to this process, as rows, until the endpoints are known too."""

    rows: Sequence[asyncpg.Record]
    turns: Sequence[Turn]
    """What the `turn` of a row counts, from 1 on."""
    token: UUID
    taken: float
    more: bool = False
    """Whether another claim at once may find more."""

    def deliveries(self) -> Iterator[tuple[asyncpg.Record, Happened]]:
        """Each with its event, which is one object for all who are told of it."""
        event = None
        for row in self.rows:
            if row["event_id"] is not None:
                event = _happened(row)
            assert event is not None
            yield row, event


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
    leased = [row for row in rows if row["turn"] is not None]
    return Leased(leased, turns_of(rows), token, taken, _finds_more(rows, turns))


def turns_of(rows: Sequence[asyncpg.Record]) -> Sequence[Turn]:
    """The endpoints that rows are for: the first row tells of all."""
    if not rows:
        return ()
    first = rows[0]
    columns = (first[name] for name in ("turn_schools", "turn_endpoints", "turn_versions", "turn_slow"))
    return [Turn(*each) for each in zip(*columns, strict=True)]


def _finds_more(rows: Sequence[asyncpg.Record], turns: int) -> bool:
    """Where every place that was given found something, or was cancelled, which a row without a delivery says.

    And where the endpoints may have been more than the `turns` that a claim looks at: a few of those can turn out to
    have nothing.
    """
    if not rows:
        return False
    return len(rows) >= rows[0]["asked"] or 2 * len({row["turn"] for row in rows}) >= turns


async def recognise(database: Database, known: Known, leased: Leased) -> list[Claimed]:
    """What was leased, with all that a request needs. Raises Unavailable where an endpoint cannot be read."""
    if not leased.rows:
        return []
    turns = {number: leased.turns[number - 1] for number in {row["turn"] for row in leased.rows}}
    await known.refresh(database, {(turn.school_id, turn.endpoint_id, turn.version) for turn in turns.values()})
    targets = {number: (known[turn.endpoint_id], turn.slow) for number, turn in turns.items()}
    now = leased.rows[0]["moment"]
    return [_claimed(row, event, *targets[row["turn"]], leased=leased, now=now) for row, event in leased.deliveries()]


def _claimed(
    row: asyncpg.Record, event: Happened, target: Target, slow: bool, *, leased: Leased, now: datetime
) -> Claimed:
    return Claimed(
        target.school_id,
        target.endpoint_id,
        event.id,
        row["replay"],
        row["attempt_no"],
        leased.token,
        row["failures"],
        row["lost"],
        target.long_tail,
        target,
        event,
        slow,
        now,
        leased.taken,
    )


def _happened(row: asyncpg.Record) -> Happened:
    return Happened(
        id=row["event_id"],
        type=row["type"],
        subject=row["subject"],
        facts=row["facts"],
        occurred_at=row["occurred_at"],
        schema_version=row["schema_version"],
    )
