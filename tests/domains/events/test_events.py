"""The log as it is polled: from a cursor on, without a hole, or with a word that there is one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.errors import WaitsBesideOthers
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.doorbell import Doorbell
from app.core.errors import SkoolyError
from app.core.partitions import ensure_partitions
from app.core.scopes import Scope
from app.domains.events.cursors import LogCursors, Place
from app.domains.events.schema import Query
from app.domains.events.schema.polling import LOOKED_THROUGH
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.events.visibility import READERS, family, topics_open_to
from app.domains.events.watching import READING_AT_ONCE, KeyLook, LogWatch
from app.domains.partners.errors import KeyExpired, KeyRevoked
from app.domains.students.commands import update_student
from app.live.errors import KeyChanged
from app.live.watch import Watch
from tests.support.clock import FixedClock
from tests.support.factories.events import move_the_log
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student
from tests.support.operations import CURSOR_SECRET, Asker
from tests.support.processes import until

READ = """query ($first: Int! = 20, $after: String, $topics: [String!], $wait: Int! = 0) {
    events(first: $first, after: $after, topics: $topics, wait: $wait) {
        ... on EventPage { events { cursor topic subject data } cursor hasMore }
        ... on Gap { code field oldestAvailable } } }"""
CURSORS = LogCursors(CURSOR_SECRET)


@pytest.fixture
async def asker(database: Database, clock: FixedClock, redis_url: str) -> AsyncIterator[Asker]:
    async with Doorbell(redis_url) as doorbell, Watch(database, doorbell) as watch:
        yield Asker(database, clock, [Query], services={LogWatch: LogWatch(watch.wait_past)})


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


async def happen(database: Database, actor: Actor, *told: tuple[Topic, dict[str, Any]]) -> None:
    """Each in a transaction of its own."""
    for topic, facts in told:
        async with database.transaction(Wall.app(actor.school_id)) as session:
            record_event(session, topic, subject=uuid4(), facts=facts)


async def read(asker: Asker, actor: Actor, **asked: Any) -> dict[str, Any]:
    page: dict[str, Any] = (await asker.data(actor, READ, **asked))["events"]
    return page


def names(page: dict[str, Any]) -> list[str]:
    return [event["data"]["name"] for event in page["events"]]


def low(name: str) -> tuple[Topic, dict[str, Any]]:
    return Topic.WALLET_LOW, {"name": name}


async def test_a_reader_goes_on_from_any_cursor(database: Database, asker: Asker, core: Actor) -> None:
    await happen(database, core, *(low(name) for name in "abcde"))
    first = await read(asker, core, first=3)
    assert (names(first), first["hasMore"]) == (["a", "b", "c"], True)
    assert first["cursor"] == first["events"][-1]["cursor"]
    rest = await read(asker, core, after=first["cursor"])
    assert (names(rest), rest["hasMore"]) == (["d", "e"], False)
    assert names(await read(asker, core, after=first["events"][0]["cursor"], first=2)) == ["b", "c"]
    assert await read(asker, core, after=rest["cursor"]) == {"events": [], "cursor": rest["cursor"], "hasMore": False}


async def test_a_reader_may_begin_now(database: Database, asker: Asker, core: Actor) -> None:
    await happen(database, core, low("a"))
    begin = """query ($after: String) {
        events(fromNow: true, after: $after) { ... on EventPage { events { data } cursor } } }"""
    now = (await asker.data(core, begin))["events"]
    assert now["events"] == []
    await happen(database, core, low("b"))
    assert names(await read(asker, core, after=now["cursor"])) == ["b"]
    page = (await asker.data(core, begin, after=CURSORS.write(core.school_id, Place(1, 0))))["events"]
    assert names(page) == ["a", "b"], "a cursor says more than now"


async def test_the_cursor_moves_past_what_is_not_shown(database: Database, asker: Asker, core: Actor) -> None:
    await happen(database, core, low("a"), (Topic.ZONE_CREATED, {"name": "b"}), low("c"))
    page = await read(asker, core, topics=["zone.created"])
    assert names(page) == ["b"]
    assert CURSORS.read(core.school_id, page["cursor"]) == Place(1, 3)
    assert names(await read(asker, core, after=page["events"][0]["cursor"])) == ["c"], "no filter is in a cursor"


async def test_nothing_is_told_that_a_query_would_not(database: Database, asker: Asker, core: Actor) -> None:
    await happen(database, core, low("money"), (Topic.ABSENCE_RECORDED, {"name": "absence"}))
    nurse = replace(core, scopes=frozenset({"events:read", "absences:read"}))
    assert names(await read(asker, nurse)) == ["absence"]
    assert await asker.refusal(nurse, READ, topics=["wallet.low"]) == ("TOPIC_CLOSED", "topics")
    assert await asker.refusal(nurse, READ, topics=["wallet.lost"]) == ("TOPIC_UNKNOWN", "topics")


async def test_a_key_of_some_zones_reads_of_those(database: Database, asker: Asker, core: Actor) -> None:
    await happen(
        database,
        core,
        (Topic.ACCESS_DENIED, {"name": "a", "zone": "GATE"}),
        (Topic.ACCESS_DENIED, {"name": "b", "zone": "BAR"}),
    )
    assert names(await read(asker, replace(core, zones=frozenset({"BAR"})))) == ["b"]


async def test_an_integration_reads_of_its_own_endpoints(database: Database, asker: Asker, core: Actor) -> None:
    await happen(
        database,
        core,
        (Topic.ENDPOINT_DISABLED, {"name": "ours", "partner_id": str(core.partner_id)}),
        (Topic.ENDPOINT_DISABLED, {"name": "theirs", "partner_id": str(uuid4())}),
        (Topic.ENDPOINT_TESTED, {"name": "nobody's"}),
    )
    assert names(await read(asker, core)) == ["ours"]


async def test_whom_it_speaks_of_is_audited(database: Database, asker: Asker, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        student = await make_student(session, core.school_id)
    await happen(
        database,
        core,
        (Topic.STUDENT_CREATED, {"matricule": student.matricule}),
        (Topic.WALLET_LOW, {"matricule": "X"}),
    )
    await read(asker, core)
    async with database.raw(Wall.app(core.school_id)) as connection:
        assert await connection.fetchval("SELECT subjects FROM audit_entry") == [student.id]


async def test_who_was_renumbered_since_is_audited_all_the_same(database: Database, asker: Asker, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        student = await make_student(session, core.school_id)
    await happen(database, core, (Topic.STUDENT_CREATED, {"matricule": student.matricule}))
    async with database.transaction(Wall.app(core.school_id)) as session:
        await update_student(
            session, core, matricule=student.matricule, today=date(2025, 1, 13), new_matricule="2025/NEW/1"
        )
    await read(asker, core, first=1)
    async with database.raw(Wall.app(core.school_id)) as connection:
        assert await connection.fetchval("SELECT subjects FROM audit_entry") == [student.id]


async def test_another_schools_cursor_is_as_bad_as_a_forged_one(database: Database, asker: Asker, core: Actor) -> None:
    await happen(database, core, low("a"))
    cursor = (await read(asker, core))["cursor"]
    elsewhere = await make_actor(database)
    assert (await read(asker, elsewhere))["events"] == []
    for forged in (cursor, "nonsense", cursor[:-1] + "é", "x" * 600):
        assert await asker.refusal(elsewhere, READ, after=forged) == ("BAD_CURSOR", "after")


async def test_a_place_past_the_end_of_its_epoch_is_a_gap(
    fresh_database: Database, clock: FixedClock, redis_url: str
) -> None:
    """Three events were read; the server that was promoted knows only two of them."""
    asker, actor = Asker(fresh_database, clock, [Query]), await make_actor(fresh_database)
    await happen(fresh_database, actor, low("a"), low("b"))
    at_two, at_three = (CURSORS.write(actor.school_id, Place(1, position)) for position in (2, 3))
    assert (await read(asker, actor, after=at_three))["code"] == "LOG_GAP", "nor has it been given out"
    await move_the_log(fresh_database, actor.school_id)
    await happen(fresh_database, actor, low("another c"))
    assert names(await read(asker, actor, after=at_two)) == ["another c"]
    gap = await read(asker, actor, after=at_three)
    assert (gap["code"], gap["field"]) == ("LOG_GAP", "after")
    assert names(await read(asker, actor, after=gap["oldestAvailable"])) == ["a", "b", "another c"]
    ahead = CURSORS.write(actor.school_id, Place(3, 1))
    assert (await read(asker, actor, after=ahead))["code"] == "LOG_GAP"


async def test_what_retention_has_dropped_is_a_gap(fresh_database: Database, clock: FixedClock) -> None:
    asker, actor = Asker(fresh_database, clock, [Query]), await make_actor(fresh_database)
    await happen(fresh_database, actor, low("a"), low("b"))
    start, middle, end = (CURSORS.write(actor.school_id, Place(1, position)) for position in (0, 1, 2))
    await _drop_the_partitions_of_events(fresh_database)
    assert (await read(asker, actor, after=end))["events"] == [], "it has missed nothing"
    await happen(fresh_database, actor, low("c"))
    assert names(await read(asker, actor)) == ["c"], "without a cursor it begins with what there is"
    for cursor in (start, middle):
        gap = await read(asker, actor, after=cursor)
        assert gap["code"] == "LOG_GAP"
        assert names(await read(asker, actor, after=gap["oldestAvailable"])) == ["c"]
    assert names(await read(asker, actor, after=end)) == ["c"]


async def _drop_the_partitions_of_events(database: Database) -> None:
    async with database.transaction(Wall.owner()) as session:
        names = await session.scalars(
            text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event'::regclass")
        )
        for name in list(names):
            await session.execute(text(f"ALTER TABLE event DETACH PARTITION {name}"))
            await session.execute(text(f"DROP TABLE {name}"))
    await ensure_partitions(database)


async def test_waiting_ends_when_something_happens(database: Database, asker: Asker, core: Actor) -> None:
    """Nobody rings here, as after a crash between commit and ring: looking once a second finds it."""
    cursor = (await read(asker, core))["cursor"]
    waiting = asyncio.create_task(read(asker, core, after=cursor, wait=20))
    await happen(database, core, low("at last"))
    assert names(await waiting) == ["at last"]


async def test_a_ring_wakes_whoever_waits(database: Database, asker: Asker, core: Actor, redis_url: str) -> None:
    cursor = (await read(asker, core))["cursor"]
    waiting = [asyncio.create_task(read(asker, core, after=cursor, wait=20)) for _ in range(3)]
    await happen(database, core, low("now"))
    async with Doorbell(redis_url) as doorbell:
        doorbell.ring(core.school_id, 1)
        assert [names(page) for page in await asyncio.gather(*waiting)] == [["now"]] * 3


class Counting(Database):
    """How many transactions there were at once, and in all."""

    now = most = count = 0

    @asynccontextmanager
    async def transaction(self, wall: Wall) -> AsyncIterator[AsyncSession]:
        self.now, self.count = self.now + 1, self.count + 1
        self.most = max(self.most, self.now)
        try:
            async with super().transaction(wall) as session:
                yield session
        finally:
            self.now -= 1


async def test_all_who_are_woken_at_once_leave_connections_for_others(
    database: Database, fresh_database_url: str, clock: FixedClock
) -> None:
    """Nothing is shown to them: nor do they stop at one look."""
    woken = asyncio.Event()

    async def wait_past(school_id: UUID, position: int, seconds: float) -> bool:
        await woken.wait()
        return own.count < 100

    async with Counting(fresh_database_url) as own:
        actor = await make_actor(own)
        asker = Asker(own, clock, [Query], services={LogWatch: LogWatch(wait_past)})
        waiting = [asyncio.create_task(read(asker, actor, wait=20, topics=["zone.created"])) for _ in range(20)]
        begun = own.count
        await until(lambda: own.count >= begun + 40 and own.now == 0)
        own.most = 0
        woken.set()
        assert [page["events"] for page in await asyncio.gather(*waiting)] == [[]] * 20
        assert own.most == READING_AT_ONCE


async def test_waiting_holds_no_connection(fresh_database_url: str, clock: FixedClock, redis_url: str) -> None:
    """Ten wait, on a pool of two."""
    async with (
        Database(fresh_database_url, pool_size=2) as database,
        Doorbell(redis_url) as doorbell,
        Watch(database, doorbell) as watch,
    ):
        asker = Asker(database, clock, [Query], services={LogWatch: LogWatch(watch.wait_past)})
        actor = await make_actor(database)
        waiting = [asyncio.create_task(read(asker, actor, wait=20)) for _ in range(10)]
        await happen(database, actor, low("now"))
        assert [names(page) for page in await asyncio.gather(*waiting)] == [["now"]] * 10


@pytest.mark.parametrize("lost", [KeyRevoked, KeyExpired, KeyChanged])
async def test_who_loses_its_key_while_waiting_is_shown_nothing(
    database: Database, clock: FixedClock, core: Actor, lost: type[SkoolyError]
) -> None:
    """It is the whole request that is refused, as it is at the door."""

    async def wait_past(school_id: UUID, position: int, seconds: float) -> bool:
        await happen(database, core, low("a secret"))
        return True

    async def still_good(actor: Actor) -> None:
        assert actor == core
        raise lost

    asker = Asker(database, clock, [Query], services={LogWatch: LogWatch(wait_past), KeyLook: KeyLook(still_good)})
    with pytest.raises(lost):
        await read(asker, core, wait=20)


async def test_nobody_waits_beside_what_has_read(database: Database, asker: Asker, core: Actor) -> None:
    """What `a` has read would be held, with its connection, for as long as `b` waits."""
    with pytest.raises(WaitsBesideOthers):
        await asker.data(
            core,
            """{ a: events(first: 1) { ... on EventPage { cursor } }
            b: events(wait: 14) { ... on EventPage { cursor } } }""",
        )


async def test_a_long_log_that_shows_nothing_is_looked_through_page_by_page(
    database: Database, asker: Asker, core: Actor
) -> None:
    """However long it was asked to wait: one page is one stretch of the log."""
    async with database.transaction(Wall.app(core.school_id)) as session:
        for number in range(LOOKED_THROUGH + 1):
            record_event(session, Topic.WALLET_LOW, subject=uuid4(), facts={"name": str(number)})
    page = await read(asker, core, topics=["zone.created"], wait=25)
    assert (page["events"], page["hasMore"]) == ([], True)
    assert CURSORS.read(core.school_id, page["cursor"]) == Place(1, LOOKED_THROUGH)


async def test_waiting_has_its_bounds(asker: Asker, core: Actor) -> None:
    for wait in (-1, 26):
        assert await asker.refusal(core, READ, wait=wait) == ("INVALID_INPUT", "wait")


def test_accounting_software_learns_of_entries_once_they_are_validated() -> None:
    told = {topic for topic in topics_open_to({"events:read", "finance.journals:read"}) if "journal_entry" in topic}
    assert told == {Topic.JOURNAL_ENTRY_VALIDATED, Topic.JOURNAL_ENTRY_REVERSED}


def test_every_topic_says_who_may_read_it() -> None:
    """A new family of topics is added to READERS, with the scopes that open a query for the same facts."""
    assert {family(topic) for topic in Topic} == set(READERS)
    assert topics_open_to(set(Scope)) == set(Topic)
    assert topics_open_to({"events:read"}) <= {Topic.ENDPOINT_DISABLED, Topic.ENDPOINT_TESTED}
