"""Results that wait to be written down, whatever else waits with them."""

import asyncio
from collections.abc import Sequence

from app.core.database import Database, Wall
from app.delivery.options import Options
from app.delivery.settler import Settler
from app.domains.partners.tables import School
from app.domains.webhooks.claiming import Claimed, lease, recognise
from app.domains.webhooks.endpoints import Known
from app.domains.webhooks.fairness import Room
from app.domains.webhooks.fanning import expand
from app.domains.webhooks.leases import Result
from app.domains.webhooks.outcomes import Kind, Outcome
from app.domains.webhooks.recording import Recorded
from tests.support.factories.webhooks import VAULT, Deliveries, happen, make_endpoint

OK = Outcome(Kind.OK, 5, status=200)
ROOM = Room(places=10, retries=10, slow=10, school=10)


async def claim(database: Database) -> Claimed:
    [claimed] = await recognise(database, Known(VAULT.open), await lease(database, ROOM))
    return claimed


async def test_one_attempt_that_was_made_twice_does_not_stop_the_others(
    fresh_database: Database, school: School, deliveries: Deliveries
) -> None:
    """A crash of the server takes back a lease that did not wait for the disk, and the same attempt is made again."""
    endpoint = await make_endpoint(fresh_database, school, "https://example.org/")
    await happen(fresh_database, school)
    await expand(fresh_database)
    first = await claim(fresh_database)
    async with fresh_database.raw(Wall.worker()) as connection:
        await connection.execute("UPDATE delivery SET state = 'pending', attempt_no = 0, lease_token = NULL")
        await connection.execute("UPDATE endpoint_state SET in_flight = 0, next_due_at = now() - interval '1 minute'")
    second = await claim(fresh_database)
    told: list[int] = []

    def done(results: Sequence[Result], recorded: Recorded) -> None:
        told.append(recorded.settled)

    settler = Settler(fresh_database, Options(), done)
    for each in (first, second):
        settler.put(Result(each, OK))
    running = asyncio.create_task(settler.run())
    await asyncio.wait_for(settler.settled(), 10)
    running.cancel()
    assert told == [0, 1]
    assert await deliveries.states() == {"succeeded": 1}
    assert await deliveries.outcomes(endpoint) == [(1, "ok")]
