"""Streams of the log: from a place on, or from now on, and what each key is shown of it."""

import pytest

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.errors import SkoolyError
from app.core.pagination import BadCursor
from app.domains.access.errors import InsufficientZone
from app.domains.events.cursors import Place
from app.domains.events.errors import TopicClosed
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from tests.live.support import (
    CURSORS,
    EVENTS,
    Platform,
    happen,
    names_in,
    platform,
    shown,
    take_events,
    take_until,
)
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_school

PASSAGES = EVENTS.replace("$topics: [String!]", "$zone: String!").replace(
    "events(after: $after, topics: $topics", "events: passages(zone: $zone, after: $after"
)
PAYMENTS = EVENTS.replace("$topics: [String!]", "$on: Date!").replace(
    "events(after: $after, topics: $topics", "events: payments(on: $on, after: $after"
)


async def test_a_stream_begins_with_what_happens_from_now_on(live: Platform, core: Actor, database: Database) -> None:
    await happen(database, core.school_id, "before")
    stream = await live.subscribe(core)
    await happen(database, core.school_id, "after")
    [checkpoint, *_] = taken = await take_until(stream, lambda taken: bool(names_in(taken)))
    assert checkpoint["__typename"] == "Checkpoint", "at once there is a cursor to come back with"
    assert names_in(taken) == ["after"]
    assert CURSORS.read(core.school_id, checkpoint["cursor"]).position == 1


async def test_a_stream_goes_on_from_any_cursor_and_then_tells_what_happens(
    live: Platform, core: Actor, database: Database
) -> None:
    stream = await live.subscribe(core)
    await happen(database, core.school_id, *"abc")
    [first, *_] = await take_events(stream, 3)
    again = await live.subscribe(core, after=first["cursor"])
    assert names_in(await take_events(again, 2)) == ["b", "c"]
    await happen(database, core.school_id, "d")
    assert names_in(await take_events(again, 1)) == ["d"]


async def test_after_its_history_a_stream_says_that_it_has_caught_up(
    live: Platform, core: Actor, database: Database
) -> None:
    """Also where there was nothing to show."""
    start = CURSORS.write(core.school_id, Place(1, 0))
    await happen(database, core.school_id, *"abc")
    stream = await live.subscribe(core, after=start, topics=["zone.created"])
    [checkpoint] = await take_until(stream, bool)
    assert checkpoint["__typename"] == "Checkpoint"
    assert CURSORS.read(core.school_id, checkpoint["cursor"]).position == 3


async def test_frame_by_frame_is_the_same(live: Platform, core: Actor, database: Database) -> None:
    stream = await live.subscribe(core)
    await happen(database, core.school_id, *"ab")
    found: list[str] = []
    async for frame in stream:
        found += names_in([shown(frame.payload)])
        if found == ["a", "b"]:
            await stream.close()
    assert found == ["a", "b"]
    assert stream.closing is not None
    assert stream.closing.failure is None


async def test_a_quiet_stream_is_told_how_far_it_got(
    database: Database, clock: FixedClock, redis_url: str, school: School
) -> None:
    async with platform(database, clock, redis_url, checkpoint_seconds=0.02) as live:
        core = await live.let_in(school)
        stream = await live.subscribe(core, topics=["zone.created"])
        await happen(database, school.id, *"abc")

        def told(taken: list[dict[str, object]]) -> bool:
            return bool(taken) and CURSORS.read(school.id, str(taken[-1]["cursor"])).position == 3

        taken = await take_until(stream, told)
        assert {each["__typename"] for each in taken} == {"Checkpoint"}


async def test_a_key_is_shown_its_zones_and_its_topics(live: Platform, school: School, database: Database) -> None:
    gate = await live.let_in(school, zones=["GATE"])
    stream = await live.subscribe(gate)
    async with database.transaction(Wall.app(school.id)) as session:
        for zone in ("BAR", "GATE"):
            facts = {"name": zone, "zone": zone}
            record_event(session, Topic.ACCESS_DENIED, subject=school.id, facts=facts)
        record_event(session, Topic.JOURNAL_CREATED, subject=school.id, facts={"name": "books"})
    pupils = await live.let_in(school, "annuaire")
    assert names_in(await take_events(stream, 2)) == ["GATE", "books"]
    other = await live.subscribe(pupils, after=CURSORS.write(school.id, Place(1, 0)))
    [checkpoint] = await take_until(other, bool)
    assert checkpoint["__typename"] == "Checkpoint", "a directory reads about students alone"
    with pytest.raises(TopicClosed):
        await live.subscribe(pupils, topics=["access.denied"])


async def test_an_integration_is_told_of_its_own_endpoints(live: Platform, school: School, database: Database) -> None:
    ours, theirs = [await live.let_in(school, partner=partner) for partner in ("ours", "theirs")]
    streams = [await live.subscribe(each) for each in (ours, theirs)]
    async with database.transaction(Wall.app(school.id)) as session:
        for name, partner_id in (("nobody's", None), ("ours", ours.partner_id), ("theirs", theirs.partner_id)):
            facts = {"name": name, "partner_id": str(partner_id)}
            record_event(session, Topic.ENDPOINT_DISABLED, subject=school.id, facts=facts)
        record_event(session, Topic.WALLET_LOW, subject=school.id, facts={"name": "everybody's"})
    assert [names_in(await take_events(stream, 2)) for stream in streams] == [
        ["ours", "everybody's"],
        ["theirs", "everybody's"],
    ]


async def test_another_school_is_neither_seen_nor_gone_on_from(live: Platform, core: Actor, database: Database) -> None:
    elsewhere = await live.let_in(await make_school(database))
    stream, theirs = await live.subscribe(core), await live.subscribe(elsewhere)
    await happen(database, elsewhere.school_id, "theirs")
    await happen(database, core.school_id, "ours")
    assert names_in(await take_events(stream, 1)) == ["ours"]
    [event] = await take_events(theirs, 1)
    with pytest.raises(BadCursor):
        await live.subscribe(core, after=event["cursor"])


@pytest.mark.parametrize("preset", ["cantine", "tourniquet", "comptabilite", "admin"])
async def test_a_key_without_the_scope_gets_no_stream(live: Platform, school: School, preset: str) -> None:
    with pytest.raises(InsufficientScope):
        await live.subscribe(await live.let_in(school, preset))
    assert live.engine.open_streams == 0


async def test_passages_are_those_of_one_zone(live: Platform, core: Actor, school: School, database: Database) -> None:
    stream = await live.subscribe(core, PASSAGES, zone="gate")
    async with database.transaction(Wall.app(school.id)) as session:
        for zone, topic in (
            ("BAR", Topic.ACCESS_GRANTED),
            ("GATE", Topic.ACCESS_GRANTED),
            ("GATE", Topic.ZONE_UPDATED),
        ):
            record_event(session, topic, subject=school.id, facts={"name": f"{zone} {topic}", "zone": zone})
        record_event(session, Topic.ACCESS_DENIED, subject=school.id, facts={"name": "denied", "zone": "GATE"})
    assert names_in(await take_events(stream, 2)) == ["GATE access.granted", "denied"]
    gate = await live.let_in(school, zones=["GATE"])
    with pytest.raises(InsufficientZone):
        await live.subscribe(gate, PASSAGES, zone="BAR")


async def test_payments_are_those_of_one_day_where_the_school_is(live: Platform, database: Database) -> None:
    """Ten at night in Paris is the next day in Nouméa."""
    core = await live.let_in(await make_school(database, timezone="Pacific/Noumea"))
    stream = await live.subscribe(core, PAYMENTS, on="2025-01-14")
    async with database.transaction(Wall.app(core.school_id)) as session:
        for name, received_at in (
            ("day before", "2025-01-13T12:59:59+00:00"),
            ("evening", "2025-01-13T22:00:00+01:00"),
        ):
            facts = {"name": name, "received_at": received_at}
            record_event(session, Topic.PAYMENT_RECORDED, subject=core.school_id, facts=facts)
    assert names_in(await take_events(stream, 1)) == ["evening"]


@pytest.mark.parametrize(
    "document",
    [
        'subscription { events { __typename } passages(zone: "A") { __typename } }',
        "subscription ($x: Boolean!) { events @include(if: $x) { __typename } }",
        "subscription ($x: Boolean!) { ...F } fragment F on Subscription { events @skip(if: $x) { __typename } }",
        "subscription { __typename }",
    ],
)
async def test_a_subscription_follows_one_field_whatever_happens(live: Platform, core: Actor, document: str) -> None:
    with pytest.raises(SkoolyError) as refused:
        await live.subscribe(core, document)
    assert refused.value.code == "GRAPHQL_VALIDATION_FAILED"


async def test_conditions_below_the_root_work_without_a_plan(live: Platform, core: Actor, database: Database) -> None:
    document = """subscription ($x: Boolean!) {
        events { __typename ... on Event { topic @skip(if: $x) data @include(if: $x) } } }"""
    streams = [await live.subscribe(core, document, x=x) for x in (False, True)]
    await happen(database, core.school_id, "a")
    assert [await take_events(stream, 1) for stream in streams] == [
        [{"__typename": "Event", "topic": "wallet.low"}],
        [{"__typename": "Event", "data": {"name": "a"}}],
    ]
