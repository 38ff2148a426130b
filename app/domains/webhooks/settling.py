"""What follows from an attempt: a pure function. The database's clock adds the interval; nothing here knows the time.

A delivery fails by steps of its schedule; an attempt of ours that went wrong (interrupted, lost, without a socket
or a key) takes none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.domains.webhooks.outcomes import Kind, Outcome

SCHEDULE = (60, 300, 3600)
"""Seconds before each further attempt: the contract."""
LONG_TAIL = (5 * 3600, 10 * 3600, 24 * 3600, 24 * 3600)
"""What an endpoint may ask for after that."""
JITTER = 0.1
"""At most this share is added to an interval, never taken away."""
LONGEST_RETRY_AFTER = 10 * 3600
UNSPENT: Mapping[Kind, float] = {Kind.INTERRUPTED: 0.0, Kind.OVERLOADED: 5.0, Kind.UNSIGNED: 60.0}
"""Outcomes of ours that never count, and the seconds until the delivery is due again and its endpoint is served."""
LOST_FREE = 3
"""Attempts in a row that may get lost before they count: a delivery that kills its senders must come to an end."""
GONE = 410
ASK_FOR_PATIENCE = frozenset({429, 503})


class State(StrEnum):
    """Of a delivery. The last three are final; only a replay, a delivery of its own, goes on from there."""

    PENDING = "pending"
    LEASED = "leased"
    RETRY_WAIT = "retry_wait"
    HELD = "held"
    SUCCEEDED = "succeeded"
    EXHAUSTED = "exhausted"
    CANCELLED = "cancelled"


FINAL = frozenset({State.SUCCEEDED, State.EXHAUSTED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a delivery is: steps of the schedule spent, and attempts lost in a row."""

    failures: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """The state to write; `wait` seconds from the database's now until it is due again."""

    state: State
    progress: Progress
    wait: float = 0.0


def schedule_of(base: tuple[int, ...], *, long_tail: bool) -> tuple[int, ...]:
    return base + LONG_TAIL if long_tail else base


def settle(outcome: Outcome, before: Progress, schedule: tuple[int, ...], chance: float) -> Settlement:
    """`chance` in [0, 1) decides the jitter."""
    if outcome.ok:
        return Settlement(State.SUCCEEDED, before)
    if outcome.status == GONE:
        return Settlement(State.HELD, before)
    if outcome.kind in UNSPENT:
        return Settlement(State.RETRY_WAIT, before, UNSPENT[outcome.kind] * (1 + JITTER * chance))
    if outcome.kind is Kind.LOST and before.lost < LOST_FREE:
        return Settlement(State.RETRY_WAIT, Progress(before.failures, before.lost + 1))
    return _fail(outcome, before, schedule, chance)


def _fail(outcome: Outcome, before: Progress, schedule: tuple[int, ...], chance: float) -> Settlement:
    lost = before.lost + 1 if outcome.kind is Kind.LOST else 0
    if before.failures >= len(schedule):
        return Settlement(State.EXHAUSTED, Progress(before.failures, lost))
    wait = max(schedule[before.failures], patience(outcome))
    return Settlement(State.RETRY_WAIT, Progress(before.failures + 1, lost), wait * (1 + JITTER * chance))


def patience(outcome: Outcome) -> float:
    """Seconds for which the receiver may ask to be left alone; 0 where it did not."""
    if outcome.status not in ASK_FOR_PATIENCE or outcome.retry_after is None:
        return 0.0
    return min(max(outcome.retry_after, 0.0), LONGEST_RETRY_AFTER)
