"""Old months of deliveries go as a whole; what waits stays, and an old event can still be sent."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from app.core.database import Database, Wall
from app.core.ids import first_id_at
from app.core.migrate import differences
from app.core.partitions import ensure_partitions
from app.core.safety import refuse_unsafe
from app.domains.partners.tables import School
from app.domains.tables import METADATA, SHARED
from app.domains.webhooks.retaining import drop_old_months
from app.domains.webhooks.tables import STATES
from tests.domains.webhooks.conftest import Engine
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import Deliveries, happen, make_endpoint

PARTITIONS = """
SELECT c.relname::text FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
WHERE inhparent = $1::regclass AND relname <> ALL ($2) ORDER BY 1
"""


def months_ago(count: int) -> datetime:
    """The first instant of a month."""
    now = datetime.now(UTC)
    year, month = divmod(now.year * 12 + now.month - 1 - count, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def back_to(months: int) -> int:
    """How many days ago that month began."""
    return (datetime.now(UTC) - months_ago(months)).days


@pytest.fixture
async def old_months(fresh_database: Database) -> list[datetime]:
    """As if the instance had been there for fifteen months; returns the months that are old as a whole."""
    months = [months_ago(count) for count in (15, 14, 13)]
    async with fresh_database.raw(Wall.owner(UUID(int=0))) as connection:
        for parent in ("delivery", "attempt"):
            first = f"{parent}_p{months_ago(0):%Y_%m}"
            await connection.execute(f"ALTER TABLE {parent} DETACH PARTITION {first}")
            bounds = ["MINVALUE", *(f"'{first_id_at(months_ago(count))}'" for count in range(14, -2, -1))]
            for count, (lower, upper) in zip(range(15, -1, -1), pairwise(bounds), strict=True):
                name = f"{parent}_p{months_ago(count):%Y_%m}"
                if count:
                    await connection.execute(f"CREATE TABLE {name} (LIKE {parent} INCLUDING ALL)")
                    await connection.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
                    await connection.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
                    await connection.execute(
                        f"CREATE POLICY school ON {name} TO skooly_app, skooly_owner "
                        "USING (school_id = current_setting('app.school')::uuid)"
                    )
                await connection.execute(
                    f"ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ({lower}) TO ({upper})"
                )
    return months


@pytest.fixture
def deliveries(fresh_database: Database, school: School) -> Deliveries:
    return Deliveries(fresh_database, school)


async def deliver(database: Database, school: School, endpoint: UUID, at: datetime, state: str) -> UUID:
    """A delivery of an event of that instant, with one attempt."""
    event = UUID(int=first_id_at(at).int + STATES.index(state))
    key = school.id, endpoint, event
    async with database.raw(Wall.worker()) as connection:
        await connection.execute(
            "INSERT INTO delivery (school_id, endpoint_id, event_id, state) VALUES ($1, $2, $3, $4)", *key, state
        )
        await connection.execute(
            "INSERT INTO attempt (school_id, endpoint_id, event_id, replay, number, outcome) "
            "VALUES ($1, $2, $3, 0, 1, 'http_status')",
            *key,
        )
    return event


async def names(database: Database, parent: str) -> list[str]:
    """Of its partitions, but for those of the months to come."""
    ahead = [f"{parent}_p{months_ago(-count):%Y_%m}" for count in range(1, 4)]
    async with database.raw(Wall.worker()) as connection:
        return [row[0] for row in await connection.fetch(PARTITIONS, parent, ahead)]


async def kept(deliveries: Deliveries) -> tuple[list[tuple[UUID, str]], list[UUID]]:
    """Deliveries of every school, and the events of their attempts."""
    found = await deliveries.rows("SELECT event_id, state FROM delivery ORDER BY event_id")
    attempts = await deliveries.rows("SELECT event_id FROM attempt ORDER BY event_id")
    return [tuple(row) for row in found], [row[0] for row in attempts]


async def test_old_months_go_and_what_waits_of_them_stays(
    fresh_database: Database, school: School, deliveries: Deliveries, old_months: list[datetime]
) -> None:
    elsewhere = await make_school(fresh_database)
    first = await make_endpoint(fresh_database, school, "https://a.example/")
    other = await make_endpoint(fresh_database, elsewhere, "https://b.example/")
    waiting: list[tuple[UUID, str]] = []
    for month in (*old_months, months_ago(12)):
        for state in ("succeeded", "exhausted", "cancelled"):
            event = await deliver(fresh_database, school, first, month + timedelta(days=3), state)
            if month == months_ago(12):
                waiting.append((event, state))
    for where, endpoint, month, state in (
        (school, first, old_months[0], "held"),
        (elsewhere, other, old_months[1], "pending"),
        (school, first, old_months[2], "retry_wait"),
    ):
        waiting.append((await deliver(fresh_database, where, endpoint, month, state), state))
    assert await drop_old_months(fresh_database, back_to(12)) == 6
    assert await kept(deliveries) == (sorted(waiting), sorted(event for event, _ in waiting))
    young = [f"_p{months_ago(count):%Y_%m}" for count in range(12, -1, -1)]
    for parent in ("delivery", "attempt"):
        expected = [f"{parent}_before_{months_ago(12):%Y_%m}", *(f"{parent}{month}" for month in young)]
        assert await names(fresh_database, parent) == expected
    assert await drop_old_months(fresh_database, back_to(12)) == 0
    await refuse_unsafe(fresh_database, SHARED)
    assert await differences(fresh_database.url, METADATA) == []
    assert await ensure_partitions(fresh_database) == []


async def test_the_next_month_takes_what_has_ended_meanwhile(
    fresh_database: Database, school: School, deliveries: Deliveries, old_months: list[datetime]
) -> None:
    endpoint = await make_endpoint(fresh_database, school, "https://a.example/")
    held = await deliver(fresh_database, school, endpoint, old_months[0], "held")
    ended = await deliver(fresh_database, school, endpoint, old_months[1], "pending")
    await drop_old_months(fresh_database, back_to(12))
    async with fresh_database.raw(Wall.worker()) as connection:
        await connection.execute("UPDATE delivery SET state = 'succeeded' WHERE event_id = $1", ended)
    late = await deliver(fresh_database, school, endpoint, months_ago(40), "retry_wait")
    assert await drop_old_months(fresh_database, back_to(11)) == 4
    assert await kept(deliveries) == ([(late, "retry_wait"), (held, "held")], [late, held])


async def test_what_is_being_sent_is_settled_where_it_lies_now(
    fresh_database: Database, school: School, deliveries: Deliveries, engine: Engine
) -> None:
    await make_endpoint(fresh_database, school, "https://a.example/")
    await happen(fresh_database, school, 2)
    claimed = await engine.claim()
    async with fresh_database.raw(Wall.owner()) as connection:
        await connection.fetchval("SELECT fold_deliveries($1)", months_ago(-1))
    await engine.settle(claimed)
    assert await deliveries.states() == {"succeeded": 2}


async def test_where_much_waits_nothing_is_moved(
    fresh_database: Database, school: School, deliveries: Deliveries, old_months: list[datetime]
) -> None:
    endpoint = await make_endpoint(fresh_database, school, "https://a.example/")
    for month in old_months:
        await deliver(fresh_database, school, endpoint, month, "held")
    assert await drop_old_months(fresh_database, back_to(12), most=2) == 0
    assert len(await names(fresh_database, "delivery")) == 16
    assert await drop_old_months(fresh_database, back_to(12), most=3) == 6


async def test_it_gives_way_to_whoever_reads(
    fresh_database: Database, school: School, deliveries: Deliveries, old_months: list[datetime]
) -> None:
    async with fresh_database.raw(Wall.app(school.id)) as reading:
        await reading.execute("SELECT FROM delivery")
        assert await drop_old_months(fresh_database, back_to(12)) == 0
    assert await drop_old_months(fresh_database, back_to(12)) == 6


async def test_an_old_event_can_still_be_recovered(
    fresh_database: Database, school: School, deliveries: Deliveries, old_months: list[datetime]
) -> None:
    await drop_old_months(fresh_database, back_to(12))
    endpoint = await make_endpoint(fresh_database, school, "https://a.example/")
    event = await deliver(fresh_database, school, endpoint, old_months[0], "pending")
    assert await kept(deliveries) == ([(event, "pending")], [event])
