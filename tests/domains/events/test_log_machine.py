"""Whatever mixture of commits, rollbacks, savepoints and bulk appends: the log is what was committed, in order."""

import asyncio
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.database import Database, Wall
from app.domains.events.service import append_events_from, read_events, record_event
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from tests.support.factories.partners import make_school

counts = st.integers(min_value=0, max_value=4)
steps = st.one_of(
    st.tuples(st.just("commit"), counts),
    st.tuples(st.just("rollback"), counts),
    st.tuples(st.just("bulk"), counts),
    st.tuples(st.just("savepoints"), st.lists(st.tuples(st.booleans(), counts), max_size=4)),
)
BULK = (
    "SELECT 'wallet.low', subject::uuid, '{}'::jsonb, NULL::timestamptz "
    "FROM unnest($1::text[]) WITH ORDINALITY AS given (subject, n) ORDER BY n"
)


class Log:
    """The log under test, and what should be in it."""

    def __init__(self, database: Database, school: School) -> None:
        self.database = database
        self.wall = Wall.app(school.id)
        self.expected: list[UUID] = []

    async def commit(self, count: int) -> None:
        subjects = [uuid4() for _ in range(count)]
        async with self.database.transaction(self.wall) as session:
            for subject in subjects:
                record_event(session, Topic.WALLET_LOW, subject=subject, facts={})
        self.expected += subjects

    async def rollback(self, count: int) -> None:
        with pytest.raises(LookupError):
            async with self.database.transaction(self.wall) as session:
                for _ in range(count):
                    record_event(session, Topic.WALLET_LOW, subject=uuid4(), facts={})
                raise LookupError

    async def bulk(self, count: int) -> None:
        subjects = [uuid4() for _ in range(count)]
        async with self.database.raw(self.wall) as connection:
            assert await append_events_from(connection, BULK, [str(subject) for subject in subjects]) == count
        self.expected += subjects

    async def savepoints(self, parts: list[tuple[bool, int]]) -> None:
        async with self.database.transaction(self.wall) as session:
            for kept, count in parts:
                subjects = [uuid4() for _ in range(count)]
                async with session.begin_nested() as savepoint:
                    for subject in subjects:
                        record_event(session, Topic.WALLET_LOW, subject=subject, facts={})
                    if not kept:
                        await savepoint.rollback()
                self.expected += subjects if kept else []

    async def check(self) -> None:
        async with self.database.transaction(self.wall) as session:
            events = await read_events(session, 0, 1000)
        assert [event.subject for event in events] == self.expected
        assert [event.position for event in events] == list(range(1, len(events) + 1))


@settings(max_examples=40)
@given(st.lists(steps, max_size=8))
def test_the_log_is_what_was_committed(database_url: str, plan: list[tuple[str, object]]) -> None:
    async def run() -> None:
        async with Database(database_url) as database:
            log = Log(database, await make_school(database))
            for name, argument in plan:
                await getattr(log, name)(argument)
            await log.check()

    asyncio.run(run())
