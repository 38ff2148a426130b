"""Writing down successes, which need no deciding: one call of a function of the database, `settle_successes`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.database import Database
from app.domains.webhooks.health import SLOW_MS, SLOW_ONE_IN, WINDOW
from app.domains.webhooks.leases import Result
from app.domains.webhooks.outcomes import RESPONSE_KEPT
from app.domains.webhooks.recording import Recorded

# What there is of each result goes as the text of an array: of a list the driver looks at every value to see whether it
# is a list too, and two thirds of the time of writing this down went into that.
SETTLE = """
SELECT settled, ready, left_over
FROM settle_successes($1, $2, $3, $4, $5::text::int[], $6::text::uuid[], $7::text::int[], $8::text::int[],
    $9::text::uuid[], $10::text::int[], $11::text::text[], $12::text::int[], $13::text::bytea[], $14, $15)
"""
Endpoint = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Written:
    """`undecided` are the results of endpoints of which a request failed, or whose breaker is not closed."""

    recorded: Recorded
    results: Sequence[Result]
    undecided: Sequence[Result]


async def record_successes(database: Database, results: Sequence[Result]) -> Written:
    """One transaction for the endpoints whose requests all succeeded. Raises Unavailable."""
    grouped = _by_endpoint(results)
    well = sorted(key for key, group in grouped.items() if all(each.outcome.ok for each in group))
    recorded = Recorded(0, ready=False, turned={})
    if well:
        [row] = await database.fetch(SETTLE, *_columns([grouped[key] for key in well]))
        recorded = Recorded(row["settled"], row["ready"], {})
        for turn in reversed(row["left_over"] or ()):
            del well[turn - 1]
    written = [each for key in well for each in grouped.pop(key)]
    return Written(recorded, written, [each for group in grouped.values() for each in group])


def _by_endpoint(results: Sequence[Result]) -> dict[Endpoint, list[Result]]:
    grouped: dict[Endpoint, list[Result]] = {}
    for each in results:
        grouped.setdefault((each.lease.school_id, each.lease.endpoint_id), []).append(each)
    return grouped


def _columns(groups: Sequence[Sequence[Result]]) -> Iterable[Any]:
    yield [group[0].lease.school_id for group in groups]
    yield [group[0].lease.endpoint_id for group in groups]
    yield [len(group) for group in groups]
    yield [sum([each.outcome.latency_ms > SLOW_MS for each in group]) for group in groups]
    yield _array([str(turn) for turn, group in enumerate(groups, start=1) for _ in group])
    yield from map(_array, zip(*(_texts(each) for group in groups for each in group), strict=True))
    yield int(WINDOW.total_seconds())
    yield SLOW_ONE_IN


def _texts(result: Result) -> tuple[str, ...]:
    lease, outcome = result.lease, result.outcome
    response = outcome.response[:RESPONSE_KEPT]
    return (
        lease.event_id.hex,
        str(lease.replay),
        str(lease.number),
        lease.token.hex,
        str(outcome.status) if outcome.status else "NULL",
        outcome.remote_ip or "NULL",
        str(outcome.latency_ms),
        f'"\\\\x{response.hex()}"' if response else "NULL",
    )


def _array(values: Sequence[str]) -> str:
    """The text of an array, of values that need no more quotes."""
    return f"{{{','.join(values)}}}"
