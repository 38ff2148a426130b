"""Writing down what attempts came to, many at a time, fenced by the lease.

Only whoever still holds the lease moves the delivery. A process that comes back after its lease was given away (it had
been stopped, the network had been cut) leaves a note with the attempt, nothing more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from random import random
from typing import Any
from uuid import UUID

import asyncpg

from app.core.database import Database, Wall
from app.domains.webhooks.health import Health, observe
from app.domains.webhooks.leases import Result
from app.domains.webhooks.outcomes import RESPONSE_KEPT
from app.domains.webhooks.settling import schedule_of, settle

# Locked in one order by whoever locks several.
LOCK_STATES = """
SELECT school_id, endpoint_id, now() AS now, slots, breaker, allowed, wait_until, window_from, requests, failures,
    slow_requests, slow, first_failure_at, last_success_at, disable_for
FROM endpoint_state WHERE (school_id, endpoint_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
ORDER BY school_id, endpoint_id FOR UPDATE
"""

SETTLE = """
WITH result AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::uuid[], $7::text[], $8::float8[], $9::int[],
        $10::int[], $11::text[], $12::int[], $13::text[], $14::text[], $15::int[], $16::bytea[]
    ) AS r (
        school_id, endpoint_id, event_id, replay, number, token, state, wait, failures, lost, outcome, status_code,
        error_class, remote_ip, latency_ms, response
    )
),
settled AS (
    UPDATE delivery d SET state = r.state, next_at = now() + make_interval(secs => r.wait), failures = r.failures,
        lost = r.lost, lease_token = NULL, lease_until = NULL
    FROM result r
    WHERE d.school_id = r.school_id AND d.endpoint_id = r.endpoint_id AND d.event_id = r.event_id
        AND d.replay = r.replay AND d.state = 'leased' AND d.lease_token = r.token
    RETURNING d.school_id, d.endpoint_id, d.event_id, d.replay, d.state, d.next_at
),
recorded AS (
    INSERT INTO attempt (school_id, endpoint_id, event_id, replay, number, outcome, status_code, error_class, remote_ip,
        latency_ms, response)
    SELECT school_id, endpoint_id, event_id, replay, number, outcome, status_code, error_class, remote_ip, latency_ms,
        response
    FROM result r
    WHERE r.outcome <> 'lost' OR EXISTS (
        SELECT FROM settled s WHERE s.school_id = r.school_id AND s.endpoint_id = r.endpoint_id
            AND s.event_id = r.event_id AND s.replay = r.replay
    )
    ON CONFLICT (school_id, endpoint_id, event_id, replay, number) DO UPDATE
        SET late_outcome = excluded.outcome, status_code = excluded.status_code, error_class = excluded.error_class,
            remote_ip = excluded.remote_ip, latency_ms = excluded.latency_ms, response = excluded.response
        WHERE attempt.outcome = 'lost' AND attempt.late_outcome IS NULL
),
freed AS (
    SELECT school_id, endpoint_id, count(*) AS places, min(next_at) FILTER (WHERE state = 'retry_wait') AS next_at
    FROM settled GROUP BY school_id, endpoint_id
),
health AS (
    SELECT * FROM unnest(
        $17::uuid[], $18::uuid[], $19::text[], $20::int[], $21::timestamptz[], $22::timestamptz[], $23::int[],
        $24::int[], $25::int[], $26::bool[], $27::timestamptz[], $28::timestamptz[], $29::text[]
    ) AS h (
        school_id, endpoint_id, breaker, allowed, wait_until, window_from, requests, failures, slow_requests, slow,
        first_failure_at, last_success_at, disable_for
    )
),
known AS (
    UPDATE endpoint_state s SET breaker = h.breaker, allowed = h.allowed, wait_until = h.wait_until,
        window_from = h.window_from, requests = h.requests, failures = h.failures, slow_requests = h.slow_requests,
        slow = h.slow, first_failure_at = h.first_failure_at, last_success_at = h.last_success_at,
        disable_for = h.disable_for, in_flight = greatest(0, s.in_flight - coalesce(f.places, 0)),
        next_due_at = least(s.next_due_at, f.next_at), unsettled = s.unsettled OR s.mode <> 'active'
    FROM health h LEFT JOIN freed f USING (school_id, endpoint_id)
    WHERE s.school_id = h.school_id AND s.endpoint_id = h.endpoint_id
    RETURNING s.ready_at
)
SELECT (SELECT count(*) FROM settled) AS settled,
    (SELECT coalesce(bool_or(ready_at <= now()), false) FROM known) AS ready
"""
_HEALTH = (
    "breaker",
    "allowed",
    "wait_until",
    "window_from",
    "requests",
    "failures",
    "slow_requests",
    "slow",
    "first_failure_at",
    "last_success_at",
    "disable_for",
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """`settled`: how many deliveries moved; the others' leases had been lost. `ready`: an endpoint has more due.

    `turned` are the endpoints whose breaker opened or closed, by its new state.
    """

    settled: int
    ready: bool
    turned: Mapping[UUID, str]


async def record(database: Database, results: Sequence[Result], base: tuple[int, ...]) -> Recorded:
    """One transaction for all of them. `base` is the schedule, without the long tail that an endpoint may have.

    Raises Unavailable.
    """
    results = sorted(results, key=_endpoint)
    grouped = {key: [each.outcome for each in group] for key, group in groupby(results, _endpoint)}
    async with database.raw(Wall.worker()) as connection:
        rows = await connection.fetch(LOCK_STATES, *zip(*grouped, strict=True))
        before = {(row["school_id"], row["endpoint_id"]): _health(row) for row in rows}
        after = {key: observe(before[key], grouped[key], rows[0]["now"]) for key in before}
        [row] = await connection.fetch(SETTLE, *_result_columns(results, base), *_health_columns(after))
    turned = {key[1]: after[key].breaker for key in after if after[key].breaker != before[key].breaker}
    return Recorded(row["settled"], row["ready"], turned)


def _endpoint(result: Result) -> tuple[UUID, UUID]:
    return result.lease.school_id, result.lease.endpoint_id


def _health(row: asyncpg.Record) -> Health:
    return Health(slots=row["slots"], **{name: row[name] for name in _HEALTH})


def _health_columns(after: Mapping[tuple[UUID, UUID], Health]) -> Iterable[list[Any]]:
    yield [school for school, _ in after]
    yield [endpoint for _, endpoint in after]
    for name in _HEALTH:
        yield [getattr(health, name) for health in after.values()]


def _result_columns(results: Sequence[Result], base: tuple[int, ...]) -> Iterable[Sequence[Any]]:
    return zip(*(_as_row(each, base) for each in results), strict=True)


def _as_row(result: Result, base: tuple[int, ...]) -> tuple[Any, ...]:
    lease, outcome = result.lease, result.outcome
    schedule = schedule_of(base, long_tail=lease.long_tail)
    settlement = settle(outcome, lease.progress, schedule, random())  # noqa: S311 - jitter
    return (
        lease.school_id,
        lease.endpoint_id,
        lease.event_id,
        lease.replay,
        lease.number,
        lease.token,
        settlement.state.value,
        settlement.wait,
        settlement.progress.failures,
        settlement.progress.lost,
        outcome.kind.value,
        outcome.status,
        outcome.error,
        outcome.remote_ip,
        outcome.latency_ms,
        outcome.response[:RESPONSE_KEPT] or None,
    )
