"""Claimed deliveries, prepared and begun."""

import asyncio
import time
from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg
import structlog

from app.domains.webhooks.claiming import LEASE_MARGIN, Claimed, Leased
from app.domains.webhooks.envelope import Happened, webhook_id, write_envelope
from app.domains.webhooks.leases import Lease, Result
from app.domains.webhooks.outcomes import Cancellable, Kind, Outcome, PreparedDelivery, Sender

log = structlog.get_logger(__name__)

Ended = Callable[[Claimed, Outcome], None]


def prepare(claimed: Claimed) -> PreparedDelivery:
    target, event = claimed.target, claimed.event
    return PreparedDelivery(
        webhook_id(event.id, target.endpoint_id),
        target.endpoint_id,
        target.url,
        target.headers,
        write_envelope(event, target.school, thin=target.thin),
        claimed.now,
        target.timeout_seconds,
        target.signers_at(claimed.now),
    )


def attempt(sender: Sender, claimed: Sequence[Claimed], ended: Ended) -> list[Cancellable]:
    """One answer for each. `ended` hears of each, whatever its outcome is, and never before this returns; of what was
    cancelled it hears nothing.
    """
    ready = [_ready(each) for each in claimed]
    batch = [(one, each) for one, each in zip(ready, claimed, strict=True) if isinstance(one, PreparedDelivery)]
    try:
        begun = iter(sender.start(batch, ended))
    except Exception as unforeseen:
        begun = iter([_tell(ended, each, _unforeseen(unforeseen, each.endpoint_id)) for _, each in batch])
    return [
        next(begun) if isinstance(one, PreparedDelivery) else _tell(ended, each, one)
        for one, each in zip(ready, claimed, strict=True)
    ]


def _ready(claimed: Claimed) -> PreparedDelivery | Outcome:
    """What is to be sent, or why nothing is.

    A process that stood still between its claim and this moment sends nothing: another one may be doing so.
    """
    if time.monotonic() - claimed.taken > LEASE_MARGIN:
        return Outcome(Kind.INTERRUPTED, 0)
    try:
        prepared = prepare(claimed)
    except Exception as unforeseen:
        return _unforeseen(unforeseen, claimed.endpoint_id)
    return prepared if prepared.signers else Outcome(Kind.UNSIGNED, 0)


def _unforeseen(error: Exception, endpoint_id: UUID) -> Outcome:
    """Its message may hold data: only its class is kept."""
    log.error("sender_failed", endpoint=endpoint_id, exc_info=error)
    return Outcome(Kind.PROTOCOL, 0, error=type(error).__name__)


def _tell(ended: Ended, claimed: Claimed, outcome: Outcome) -> Cancellable:
    return asyncio.get_running_loop().call_soon(ended, claimed, outcome)


def give_back(leased: Leased) -> list[Result]:
    """For what was leased and cannot be sent, because its endpoints cannot be read: it is due at once, unspent."""
    return [Result(_lease(row, event, leased), Outcome(Kind.INTERRUPTED, 0)) for row, event in leased.deliveries()]


def _lease(row: asyncpg.Record, event: Happened, leased: Leased) -> Lease:
    turn = leased.turns[row["turn"] - 1]
    return Lease(
        school_id=turn.school_id,
        endpoint_id=turn.endpoint_id,
        event_id=event.id,
        replay=row["replay"],
        number=row["attempt_no"],
        token=leased.token,
        failures=row["failures"],
        lost=row["lost"],
        long_tail=False,  # what is given back is on no schedule
    )
