"""What one call of a replay reads does not grow with what the endpoint was sent; whoever goes on, gets it all."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import Database, Wall
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.records import Queued
from app.domains.webhooks.service.replays import ReplayFilter, replay_deliveries
from tests.domains.webhooks.conftest import Engine
from tests.support.factories.webhooks import Deliveries, happen, make_endpoint

SENT = 1_000
LOOKED_AT = 20
READS_EACH = 15
"""Entries of indexes for each delivery that is looked at: 3 were seen, 9 where older versions of the rows are left,
and more than 50 where the log was read from end to end."""

READ = text("""
SELECT (
    SELECT coalesce(sum(seq_tup_read), 0)::int FROM pg_stat_xact_user_tables WHERE relname ~ '^(delivery|event)(_|$)'
) + (
    SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(indexrelid)), 0)::int FROM pg_stat_user_indexes
    WHERE relname ~ '^(delivery|event)(_|$)'
)
""")


@pytest.fixture
async def endpoint(engine: Engine, school: School) -> UUID:
    """It got a thousand events of a topic, and then two of another."""
    made = await make_endpoint(engine.database, school, "https://example.org/")
    await happen(engine.database, school, SENT)
    await happen(engine.database, school, 2, Topic.STUDENT_CREATED)
    await engine.expand()
    await engine.work_off()
    return made


async def replay(session: AsyncSession, endpoint: UUID, which: ReplayFilter, after: UUID | None = None) -> Queued:
    return await replay_deliveries(session, Owner(), endpoint, which, after=after, looked=LOOKED_AT)


@pytest.mark.parametrize("counted", [False, True], ids=["before ANALYZE", "after ANALYZE"])
@pytest.mark.parametrize(
    "which",
    [
        ReplayFilter(("succeeded",), "student.created"),
        ReplayFilter(("cancelled",)),
        ReplayFilter(("exhausted", "cancelled")),
        ReplayFilter(("exhausted",)),
    ],
    ids=["rare topic", "rare state", "two states", "exhausted"],
)
async def test_a_call_reads_what_it_may_look_at(
    engine: Engine, school: School, endpoint: UUID, which: ReplayFilter, counted: bool
) -> None:
    if counted:
        async with engine.database.raw(Wall.owner()) as connection:
            await connection.execute("ANALYZE")
    async with engine.database.transaction(Wall.app(school.id)) as session:
        before = (await session.execute(READ)).scalar_one()
        queued = await replay(session, endpoint, which)
        after = (await session.execute(READ)).scalar_one()
        assert (queued.count, queued.more) == (0, which.states != ("exhausted",))
        assert after - before <= LOOKED_AT * READS_EACH
        await session.execute(text("SELECT count(*) FROM delivery WHERE attempt_no >= 0"))
        assert (await session.execute(READ)).scalar_one() - after >= SENT, "a scan would be noticed"


async def test_whoever_goes_on_gets_it_all_and_twice_adds_nothing(
    fresh_database: Database, school: School, endpoint: UUID
) -> None:
    which = ReplayFilter(("succeeded",), "student.created")
    for expected in (2, 0):
        calls, queued, count = 0, Queued(0, more=True), 0
        while queued.more:
            async with fresh_database.transaction(Wall.app(school.id)) as session:
                queued = await replay(session, endpoint, which, queued.last)
            calls, count = calls + 1, count + queued.count
        assert (count, calls > SENT // LOOKED_AT) == (expected, True)
    assert await Deliveries(fresh_database, school).states() == {"succeeded": SENT + 2, "pending": 2}


async def test_an_event_whose_deliveries_two_calls_would_look_at_is_replayed_once(
    engine: Engine, school: School, endpoint: UUID
) -> None:
    """Its first delivery is the last one that a call looks at, its replay is behind that."""
    everything = ReplayFilter(("succeeded",), "student.created")
    for _ in range(2):
        async with engine.database.transaction(Wall.app(school.id)) as session:
            assert (await replay_deliveries(session, Owner(), endpoint, everything)).count == 2
        await engine.work_off()
    async with engine.database.transaction(Wall.app(school.id)) as session:
        looked = SENT + 1
        queued = await replay_deliveries(session, Owner(), endpoint, everything, looked=looked)
        assert (queued.count, queued.more) == (1, True)
        queued = await replay_deliveries(session, Owner(), endpoint, everything, after=queued.last, looked=looked)
        assert (queued.count, queued.more) == (1, False)
