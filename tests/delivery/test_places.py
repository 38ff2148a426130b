"""Places of a process: what has just happened and what is claimed share them, and neither waits for the other."""

import asyncio
from collections.abc import Callable, Sequence

from app.core.database import Database, Wall
from app.delivery.options import Options
from app.domains.partners.tables import School
from app.domains.webhooks.fanning import expand
from app.domains.webhooks.outcomes import Cancellable, Kind, Outcome, PreparedDelivery, T
from tests.delivery.conftest import draining, eventually, in_full_swing, states
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import Deliveries, happen, make_endpoint
from tests.support.receiver import Receiver


class Counting:
    """A sender whose receivers take a moment; it counts the requests that are under way together."""

    def __init__(self) -> None:
        self.most = 0
        self._under_way = 0

    def start(
        self, batch: Sequence[tuple[PreparedDelivery, T]], done: Callable[[T, Outcome], None]
    ) -> Sequence[Cancellable]:
        self._under_way += len(batch)
        self.most = max(self.most, self._under_way)
        return [asyncio.get_running_loop().call_later(0.004, self._end, done, key) for _, key in batch]

    def _end(self, done: Callable[[T, Outcome], None], key: T) -> None:
        self._under_way -= 1
        done(key, Outcome(Kind.OK, 4, status=200))


async def test_places_that_a_claim_is_filling_are_not_given_to_what_happens_meanwhile(
    fresh_database: Database, school: School, deliveries: Deliveries
) -> None:
    """The claim has seen four places free and waits for rows that somebody holds; then four events are committed."""
    sender, other = Counting(), await make_school(fresh_database)
    for each in (school, other):
        await make_endpoint(fresh_database, each, "https://example.org/")
    await in_full_swing(fresh_database)
    await happen(fresh_database, school, 4)
    await expand(fresh_database)
    async with draining(fresh_database, options=Options(places=4), sender=sender):
        async with fresh_database.raw(Wall.worker()) as holding:
            await holding.execute("SELECT FROM delivery FOR UPDATE")
            await eventually(lambda: _somebody_waits(deliveries))
            await happen(fresh_database, other, 4)
            await eventually(states(Deliveries(fresh_database, other), {"pending": 4}))
        for each in (school, other):
            await eventually(states(Deliveries(fresh_database, each), {"succeeded": 4}))
    assert sender.most <= 4


async def test_an_expansion_that_waits_for_one_endpoint_does_not_keep_what_is_due_elsewhere(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    """Somebody holds its turn: results that are being written, a pause that is being followed."""
    other = await make_school(fresh_database)
    endpoint = await make_endpoint(fresh_database, school, receiver.url("/held"))
    await make_endpoint(fresh_database, other, receiver.url("/free"))
    async with draining(fresh_database, look_seconds=0.05), fresh_database.raw(Wall.worker()) as holding:
        await holding.execute("SELECT FROM endpoint_state WHERE endpoint_id = $1 FOR UPDATE", endpoint)
        await happen(fresh_database, school)
        await eventually(lambda: _somebody_waits(deliveries))
        await happen(fresh_database, other)
        await expand(fresh_database)
        await eventually(lambda: _has(receiver, 1), 2)  # whoever waits for a lock gives up after three
        assert [got.path for got in receiver.ledger] == ["/free"]


async def _somebody_waits(deliveries: Deliveries) -> bool:
    return bool(await deliveries.rows("SELECT FROM pg_locks WHERE NOT granted"))


async def _has(receiver: Receiver, count: int) -> bool:
    return len(receiver.ledger) >= count
