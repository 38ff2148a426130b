"""Writing down successes, which need no deciding: one call of a function of the database, `settle_successes`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.database import Database
from app.domains.webhooks.health import SLOW_MS, SLOW_ONE_IN, WINDOW
from app.domains.webhooks.outcomes import RESPONSE_KEPT
from app.domains.webhooks.recording import Recorded, Result

SETTLE = """
SELECT settled, ready, left_over
FROM settle_successes($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
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
    grouped: dict[Endpoint, list[Result]] = {}
    for result in results:
        grouped.setdefault((result.school_id, result.endpoint_id), []).append(result)
    well = sorted(key for key, group in grouped.items() if all(each.outcome.ok for each in group))
    recorded = Recorded(0, ready=False, turned={})
    if well:
        [row] = await database.fetch(SETTLE, *_columns(well, grouped))
        recorded = Recorded(row["settled"], row["ready"], {})
        for turn in reversed(row["left_over"] or ()):
            del well[turn - 1]
    written = [each for key in well for each in grouped.pop(key)]
    return Written(recorded, written, [each for group in grouped.values() for each in group])


def _columns(well: Sequence[Endpoint], grouped: dict[Endpoint, list[Result]]) -> Iterable[Any]:
    groups = [grouped[key] for key in well]
    yield [school for school, _ in well]
    yield [endpoint for _, endpoint in well]
    yield [len(group) for group in groups]
    yield [sum(each.outcome.latency_ms > SLOW_MS for each in group) for group in groups]
    yield from zip(*(_row(turn, each) for turn, group in enumerate(groups, start=1) for each in group), strict=True)
    yield int(WINDOW.total_seconds())
    yield SLOW_ONE_IN


def _row(turn: int, result: Result) -> tuple[Any, ...]:
    outcome = result.outcome
    return (
        turn,
        result.event_id,
        result.replay,
        result.number,
        result.token,
        outcome.status,
        outcome.remote_ip,
        outcome.latency_ms,
        outcome.response[:RESPONSE_KEPT] or None,
    )
