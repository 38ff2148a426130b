"""One claimed delivery: prepared, sent, and what follows from the outcome."""

import asyncio
import time
from random import random

import structlog

from app.core.outbound import Deadlines
from app.domains.webhooks.claiming import LEASE_MARGIN, Claimed, Leased
from app.domains.webhooks.envelope import webhook_id, write_envelope
from app.domains.webhooks.outcomes import Kind, Outcome, PreparedDelivery, Sender
from app.domains.webhooks.recording import Result
from app.domains.webhooks.settling import Progress, schedule_of, settle

log = structlog.get_logger(__name__)

OVERTIME = 0.3
"""Seconds after its timeout at which a sender that has not come back is given up."""


def prepare(claimed: Claimed) -> PreparedDelivery:
    target, event = claimed.target, claimed.event
    return PreparedDelivery(
        webhook_id=webhook_id(event.id, target.endpoint_id),
        school_id=target.school_id,
        endpoint_id=target.endpoint_id,
        url=target.url,
        topic=event.type,
        body=write_envelope(event, target.school, thin=target.thin),
        sent_at=claimed.now,
        timeout=float(target.timeout_seconds),
        secrets=target.secrets_at(claimed.now),
        headers=target.headers,
    )


async def attempt(sender: Sender, claimed: Claimed, deadlines: Deadlines) -> Outcome:
    """Ends within the endpoint's timeout. Raises nothing: being cancelled is an outcome too.

    A process that stood still between its claim and this moment sends nothing: another one may be doing so.
    """
    started = time.monotonic()
    if started - claimed.taken > LEASE_MARGIN:
        return Outcome(Kind.INTERRUPTED, latency_ms=0)
    task = asyncio.current_task()
    assert task is not None
    try:
        prepared = prepare(claimed)
        if not prepared.secrets:
            return Outcome(Kind.UNSIGNED, latency_ms=0)
        deadlines.set(claimed, prepared.timeout + OVERTIME, task.cancel)
        return await sender.send(prepared)
    except asyncio.CancelledError:
        kind, error = (Kind.INTERRUPTED if deadlines.clear(claimed) else Kind.TIMEOUT), None
    except Exception as unforeseen:
        log.error("sender_failed", endpoint=claimed.target.endpoint_id, exc_info=unforeseen)
        kind, error = Kind.PROTOCOL, type(unforeseen).__name__
    finally:
        deadlines.clear(claimed)
    return Outcome(kind, latency_ms=int((time.monotonic() - started) * 1000), error=error)


def result_of(claimed: Claimed, outcome: Outcome, base: tuple[int, ...]) -> Result:
    """`base` is the schedule, without the long tail that an endpoint may have."""
    schedule = schedule_of(base, long_tail=claimed.target.long_tail)
    return Result(
        school_id=claimed.target.school_id,
        endpoint_id=claimed.target.endpoint_id,
        event_id=claimed.event.id,
        replay=claimed.replay,
        number=claimed.number,
        token=claimed.token,
        outcome=outcome,
        settlement=settle(outcome, claimed.progress, schedule, random()),  # noqa: S311 - jitter
    )


def give_back(leased: Leased) -> list[Result]:
    """For what was leased and cannot be sent, because its endpoints cannot be read: it is due at once, unspent."""
    outcome = Outcome(Kind.INTERRUPTED, latency_ms=0)
    return [
        Result(
            school_id=row["school_id"],
            endpoint_id=row["endpoint_id"],
            event_id=row["event_id"],
            replay=row["replay"],
            number=row["attempt_no"],
            token=leased.token,
            outcome=outcome,
            settlement=settle(outcome, Progress(row["failures"], row["lost"]), (), 0.0),
        )
        for row in leased.rows
    ]
