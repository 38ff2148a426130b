"""A delivery in the hands of a process."""

from dataclasses import dataclass
from uuid import UUID

from app.domains.webhooks.outcomes import Outcome
from app.domains.webhooks.settling import Progress


@dataclass(slots=True, eq=False)
class Lease:
    """A delivery leased under `token`; `number` is the attempt's. `failures` and `lost` are its progress so far."""

    school_id: UUID
    endpoint_id: UUID
    event_id: UUID
    replay: int
    number: int
    token: UUID
    failures: int
    lost: int
    long_tail: bool
    """Whether its endpoint has asked for more attempts than the contract's."""

    @property
    def progress(self) -> Progress:
        return Progress(self.failures, self.lost)


@dataclass(slots=True)
class Result:
    """What an attempt came to, for the delivery that was leased."""

    lease: Lease
    outcome: Outcome
