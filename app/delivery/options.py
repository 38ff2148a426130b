"""How much a process does at once, and how patient it is."""

from dataclasses import dataclass

from app.domains.webhooks.settling import SCHEDULE

MOST_UNDER_WAY = 2_048


@dataclass(frozen=True, slots=True)
class Options:
    """`places` bound the requests that begin; those that take long move to the slow lane and free theirs. What is known
    to be slow begins in `slow_places` only.
    """

    places: int = 512
    slow_places: int = 256
    most: int = MOST_UNDER_WAY
    """Requests under way, whatever moved: each is a socket."""
    school_places: int = 256
    """Of all places, what one school may have."""
    retry_places: int = 384
    """The rest is for first attempts."""
    suspect_after: float = 1.0
    """Seconds after which a request that goes on is known to be slow, before it ends."""
    claim_at_most: int = 256
    """Places for one claim: its requests begin together, and those under way wait for that long, some 3 ms."""
    refill: int = 128
    """Places that are free again before more of a backlog is claimed."""
    settle_every: float = 0.005
    """Seconds in which results are gathered for one transaction."""
    unsettled: int = 2_000
    """Results that wait to be written before nothing more is claimed: what cannot be written is not sent either."""
    look_every: float = 1.0
    """Seconds between looking everywhere, hint or no hint."""
    measure_every: float = 15.0
    mend_every: float = 300.0
    """Seconds between looking for turns that are wrong: none is unless a clock was, or a row was changed by hand."""
    schedule: tuple[int, ...] = SCHEDULE
    grace: float = 15.0
    """Seconds that requests under way are given once the process is told to stop."""
