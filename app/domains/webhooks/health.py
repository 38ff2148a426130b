"""How an endpoint is doing, from what its requests came to: a pure fold over outcomes.

Three things follow. The breaker: of ten requests or more 70 % failed → none for five minutes, then one, then a ramp
like TCP's slow start. The slow lane: more than one request in twenty over three seconds, which is a p95 over three
seconds. And the end: five days in which everything failed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.domains.webhooks.outcomes import Kind, Outcome
from app.domains.webhooks.settling import GONE, UNSPENT, patience

WINDOW = timedelta(seconds=60)
"""Counts older than this weigh half; older than ten times this, nothing."""
BREAKER_REQUESTS = 10
BREAKER_SHARE = 0.7
BREAKER_OPEN = timedelta(minutes=5)
RAMP_FROM = 2
SLOW_MS = 3000
SLOW_ONE_IN = 20
FAILING_FOR = timedelta(days=5)
OURS = frozenset({*UNSPENT, Kind.LOST})
"""Outcomes that say something about this side only."""


@dataclass(frozen=True, slots=True)
class Health:
    """As in `endpoint_state`. `allowed` is None where the breaker is closed; `slots` is what the endpoint takes."""

    slots: int
    breaker: str = "closed"
    allowed: int | None = None
    wait_until: datetime | None = None
    window_from: datetime | None = None
    requests: int = 0
    failures: int = 0
    slow_requests: int = 0
    slow: bool = False
    first_failure_at: datetime | None = None
    last_success_at: datetime | None = None
    disable_for: str | None = None


def observe(health: Health, outcomes: Iterable[Outcome], now: datetime) -> Health:
    """`now` is the database's."""
    outcomes = list(outcomes)
    if health.breaker == "closed" and outcomes and all(outcome.ok for outcome in outcomes):
        return _count_well(_age(health, now), outcomes, now)
    for outcome in outcomes:
        if outcome.kind in OURS:
            health = _rest(health, UNSPENT.get(outcome.kind, 0.0), now)
        else:
            counted = _count(_age(health, now), outcome, now)
            health = _move_breaker(counted, outcome, now, waited=health.wait_until)
    return health


def _count_well(health: Health, outcomes: Sequence[Outcome], now: datetime) -> Health:
    """Nearly all there ever is: what one after another comes to, in one step."""
    requests = health.requests + len(outcomes)
    slow = health.slow_requests + sum(outcome.latency_ms > SLOW_MS for outcome in outcomes)
    return replace(
        health,
        requests=requests,
        slow_requests=slow,
        slow=slow * SLOW_ONE_IN > requests,
        first_failure_at=None,
        last_success_at=now,
    )


def _age(health: Health, now: datetime) -> Health:
    since = health.window_from
    if since is not None and now - since <= WINDOW:
        return health
    keep = 2 if since is not None and now - since <= 10 * WINDOW else 0
    return replace(
        health,
        window_from=now,
        requests=health.requests // keep if keep else 0,
        failures=health.failures // keep if keep else 0,
        slow_requests=health.slow_requests // keep if keep else 0,
    )


def _count(health: Health, outcome: Outcome, now: datetime) -> Health:
    requests, slow = health.requests + 1, health.slow_requests + (outcome.latency_ms > SLOW_MS)
    counts: dict[str, Any] = {
        "requests": requests,
        "slow_requests": slow,
        "slow": slow * SLOW_ONE_IN > requests,
    }
    if outcome.ok:
        return replace(health, **counts, first_failure_at=None, last_success_at=now)
    since = health.first_failure_at or now
    return replace(
        health,
        **counts,
        failures=health.failures + 1,
        first_failure_at=since,
        disable_for=health.disable_for or _end_of(outcome, since, now),
        wait_until=_rest(health, patience(outcome), now).wait_until,
    )


def _end_of(outcome: Outcome, since: datetime, now: datetime) -> str | None:
    if outcome.status == GONE:
        return "gone"
    return "failing" if now - since >= FAILING_FOR else None


def _rest(health: Health, seconds: float, now: datetime) -> Health:
    """Leaves the endpoint alone for that long at least: one whose backlog cannot be sent now is not tried all over."""
    if not seconds:
        return health
    until = now + timedelta(seconds=seconds)
    return replace(health, wait_until=until if health.wait_until is None else max(health.wait_until, until))


def _move_breaker(health: Health, outcome: Outcome, now: datetime, *, waited: datetime | None) -> Health:
    """`waited`: until when the endpoint was left alone before this outcome, which may have asked for more of that."""
    if health.breaker == "open":
        return _after_probe(health, outcome, now, waited)
    if outcome.ok:
        return _widen(health) if health.breaker == "ramp" else health
    if health.requests >= BREAKER_REQUESTS and health.failures >= BREAKER_SHARE * health.requests:
        return _open(health, now)
    if health.breaker == "ramp":
        return replace(health, allowed=max(1, (health.allowed or 1) // 2))
    return health


def _open(health: Health, now: datetime) -> Health:
    until = now + BREAKER_OPEN
    if health.wait_until is not None:
        until = max(until, health.wait_until)
    return replace(_forget(health), breaker="open", allowed=1, wait_until=until)


def _after_probe(health: Health, outcome: Outcome, now: datetime, waited: datetime | None) -> Health:
    """Requests that were under way when it opened say nothing; the one that was let through afterwards decides."""
    if waited is not None and now < waited:
        return health
    if outcome.ok:
        return replace(_forget(health), breaker="ramp", allowed=RAMP_FROM)
    return _open(health, now)


def _widen(health: Health) -> Health:
    allowed = (health.allowed or RAMP_FROM) + 1
    if allowed < health.slots:
        return replace(health, allowed=allowed)
    return replace(health, breaker="closed", allowed=None)


def _forget(health: Health) -> Health:
    return replace(health, requests=0, failures=0, slow_requests=0)
