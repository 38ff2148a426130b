"""Whoever cannot follow costs no memory and loses nothing."""

from uuid import uuid4

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.events.cursors import Place
from app.domains.events.service import append_events_from, record_event
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from app.live.errors import ShuttingDown, SlowConsumer
from app.live.frames import Frame
from app.live.waiting import Everything, Newest
from tests.live.support import CURSORS, Platform, ended, names_in, platform, take_events, take_until, until
from tests.support.clock import FixedClock

MANY = """SELECT 'wallet.low', gen_random_uuid(), jsonb_build_object('name', n), NULL::timestamptz
FROM generate_series(1, $1) AS n ORDER BY n"""


async def flood(database: Database, actor: Actor, count: int) -> None:
    async with database.raw(Wall.app(actor.school_id)) as connection:
        await append_events_from(connection, MANY, count)


async def test_who_takes_nothing_is_cut_and_comes_back_without_a_loss(
    database: Database, clock: FixedClock, redis_url: str, school: School
) -> None:
    async with platform(database, clock, redis_url, slow_seconds=0.05) as live:
        core = await live.let_in(school)
        stream = await live.subscribe(core)
        await stream.take()
        await flood(database, core, 3_000)
        await until(lambda: stream.closing is not None)
        cursor = ended(stream, SlowConsumer)
        assert await stream.take() == ()
        assert live.engine.open_streams == 0
        again = await live.subscribe(core, after=cursor)
        assert names_in(await take_events(again, 3_000)) == list(range(1, 3_001))


async def test_a_burst_larger_than_the_room_is_read_again_from_the_log(
    live: Platform, core: Actor, database: Database
) -> None:
    stream, witness = await live.subscribe(core), await live.subscribe(core)
    await stream.take()
    await flood(database, core, 3_000)
    assert len(await take_events(witness, 3_000)) == 3_000, "by now it has overflowed for the other"
    await flood(database, core, 10)
    assert names_in(await take_events(stream, 3_010)) == [*range(1, 3_001), *range(1, 11)]


async def test_latest_keeps_the_newest_about_each_subject(live: Platform, core: Actor, database: Database) -> None:
    stream, witness = await live.subscribe(core, latest=True), await live.subscribe(core)
    await take_until(stream, bool)
    wallets = [uuid4(), uuid4()]
    for name in ("old", "newer", "newest"):
        async with database.transaction(Wall.app(core.school_id)) as session:
            for wallet in wallets:
                record_event(session, Topic.WALLET_LOW, subject=wallet, facts={"name": name})
    await take_events(witness, 6)
    assert names_in(await take_events(stream, 1)) == ["newest", "newest"]


async def test_latest_is_never_cut(database: Database, clock: FixedClock, redis_url: str, school: School) -> None:
    async with platform(database, clock, redis_url, slow_seconds=0.01) as live:
        core = await live.let_in(school)
        stream, witness = await live.subscribe(core, latest=True), await live.subscribe(core)
        await take_until(stream, bool)
        await flood(database, core, 3_000)
        await take_events(witness, 3_000)
        assert names_in(await take_events(stream, 1)) == list(range(2_001, 3_001))


def frame(number: int, size: int = 1, subject: int | None = None) -> Frame:
    about = ("wallet.low", uuid4()) if subject is None else (str(subject), None)
    return Frame(b"x" * size, None, Place(1, number), about)


def test_a_waiting_room_is_bounded_in_frames_and_in_bytes() -> None:
    for room in (Everything(3, 10), Everything(3, 10)):
        assert room.add([frame(1), frame(2), frame(3)], 3)
        assert not room.add([frame(4)], 1)
        room.clear()
        assert room.add([frame(5, size=10)], 10)
        assert not room.add([frame(6)], 1)
        assert [each.place.position for each in room.take() if each.place] == [5, 6]


def test_the_newest_of_each_subject_within_bounds() -> None:
    room = Newest(3, 10)
    given = [frame(1, subject=1), frame(2, subject=2), frame(3, subject=1), frame(4, subject=3), frame(5, subject=4)]
    assert room.add(given, 5)
    assert [each.place.position for each in room.take() if each.place] == [3, 4, 5]
    assert room.add([frame(6, size=4), frame(7, size=4), frame(8, size=4)], 12)
    assert [each.place.position for each in room.take() if each.place] == [7, 8]


async def test_a_cursor_of_an_ended_stream_is_of_what_was_taken(
    live: Platform, core: Actor, database: Database
) -> None:
    stream = await live.subscribe(core, after=CURSORS.write(core.school_id, Place(1, 0)))
    live.engine.shut_down()
    assert CURSORS.read(core.school_id, ended(stream, ShuttingDown)) == Place(1, 0)
