"""A process that claims and settles, without a network: outcomes are given by the test."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from app.core.database import Database
from app.core.signing import Signer, sign_body
from app.domains.partners.tables import School
from app.domains.webhooks.claiming import Claimed, lease, recognise
from app.domains.webhooks.endpoints import Known
from app.domains.webhooks.fairness import Room
from app.domains.webhooks.fanning import expand
from app.domains.webhooks.leases import Result
from app.domains.webhooks.outcomes import Kind, Outcome
from app.domains.webhooks.recording import Recorded, record
from app.domains.webhooks.settling import SCHEDULE
from app.domains.webhooks.succeeding import record_successes
from tests.domains.webhooks.managing import Manager, asking
from tests.support.clock import FixedClock
from tests.support.factories.partners import hold_key, make_actor, make_school
from tests.support.factories.webhooks import VAULT, happen, make_endpoint
from tests.support.operations import Asker

ROOM = Room(places=512, retries=384, slow=64, school=256)
NO_ROOM = Room(places=0, retries=0, slow=0, school=0)
OK = Outcome(Kind.OK, 5, status=200)


class Engine:
    """Claims and settles over one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.known = Known(VAULT.open)

    async def expand(self) -> None:
        while (await expand(self.database)).more:
            pass

    async def claim(self, room: Room = ROOM) -> Sequence[Claimed]:
        await self.expand()
        return await recognise(self.database, self.known, await lease(self.database, room))

    async def settle(self, claimed: Sequence[Claimed], outcome: Outcome = OK) -> Recorded:
        return await self._record([Result(each, outcome) for each in claimed])

    async def work_off(self, outcome: Outcome | Callable[[Claimed], Outcome] = OK) -> int:
        """Claims and settles until nothing is ready; returns how many attempts that were."""
        attempts = 0
        while claimed := await self.claim():
            attempts += len(claimed)
            results = [Result(each, outcome(each) if callable(outcome) else outcome) for each in claimed]
            await self._record(results)
        return attempts

    async def _record(self, results: Sequence[Result]) -> Recorded:
        """As a worker does: what succeeded, and then what has to be decided on."""
        written = await record_successes(self.database, results)
        if not written.undecided:
            return written.recorded
        recorded = await record(self.database, written.undecided, SCHEDULE)
        return replace(recorded, settled=recorded.settled + written.recorded.settled)


async def endpoint_in_full_swing(engine: Engine, school: School, **columns: object) -> UUID:
    """One that has proved itself: the ramp is behind it, and nothing waits."""
    endpoint = await make_endpoint(engine.database, school, "https://example.org/hook", **columns)
    await happen(engine.database, school, 30)
    await engine.work_off()
    return endpoint


def are_of(signers: Sequence[Signer], *secrets: bytes) -> bool:
    """Whether they sign as these secrets do."""
    return [sign_body(each, b"") for each in signers] == [sign_body(Signer(secret), b"") for secret in secrets]


@pytest.fixture
async def asker(fresh_database: Database, clock: FixedClock) -> AsyncIterator[Asker]:
    """Of the endpoints' schema, over the engine's database."""
    async with asking(fresh_database, clock) as (asker, _):
        yield asker


@pytest.fixture
async def school(fresh_database: Database) -> School:
    return await make_school(fresh_database)


@pytest.fixture
async def manager(fresh_database: Database, asker: Asker, school: School) -> Manager:
    """The school itself."""
    actor = await make_actor(fresh_database, school)
    await hold_key(fresh_database, actor)
    return Manager(asker, actor)


@pytest.fixture
def engine(fresh_database: Database) -> Engine:
    return Engine(fresh_database)
