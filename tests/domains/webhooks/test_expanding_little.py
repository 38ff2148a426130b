"""What has just happened is leased as it is made, where nothing waits and nothing speaks against it."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
import pytest

from app.core.database import Database, Wall
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from app.domains.webhooks.claiming import LEASE_MARGIN, recognise
from app.domains.webhooks.fairness import Room
from app.domains.webhooks.fanning import ExpandedLittle, expand_little
from app.domains.webhooks.outcomes import Kind, Outcome
from tests.domains.webhooks.conftest import NO_ROOM, ROOM, Engine, endpoint_in_full_swing
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import Deliveries, change_endpoint, happen, make_endpoint

URL = "https://example.org/hook"
FAILED = Outcome(Kind.HTTP_STATUS, 5, status=500)
A_DAY = 86_400


@pytest.fixture
def deliveries(fresh_database: Database, school: School) -> Deliveries:
    return Deliveries(fresh_database, school)


async def expanded(
    engine: Engine, *schools: School, room: Room = ROOM, suspects: set[UUID] | None = None
) -> ExpandedLittle:
    return await expand_little(engine.database, [school.id for school in schools] or None, room, suspects or set())


def nothing_of(little: ExpandedLittle) -> bool:
    return not (little.deliveries or little.waiting or little.leased.rows or little.far or little.more)


async def test_what_is_leased_says_all_that_a_request_needs(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    """As what is claimed does: the same rows, the same in flight, the same way on."""
    endpoint = await endpoint_in_full_swing(engine, school, timeout_seconds=3)
    [subject] = await happen(engine.database, school, number="F-1")
    little = await expanded(engine, school)
    assert (little.deliveries, little.waiting) == (1, 0)
    [leased] = await recognise(engine.database, engine.known, little.leased)
    assert (leased.target.endpoint_id, leased.target.timeout_seconds, leased.slow) == (endpoint, 3, False)
    assert (leased.number, leased.replay, leased.failures, leased.lost) == (1, 0, 0, 0)
    assert (leased.event.subject, orjson.loads(leased.event.facts)) == (subject, {"number": "F-1"})
    assert (await deliveries.state_of(endpoint))["in_flight"] == 1
    [row] = await deliveries.rows("SELECT lease_until - created_at AS lease FROM delivery WHERE state = 'leased'")
    assert row["lease"].total_seconds() == 3 + LEASE_MARGIN
    assert await engine.claim() == []
    assert (await engine.settle([leased])).settled == 1
    assert await deliveries.states() == {"succeeded": 31}
    assert (await deliveries.state_of(endpoint))["in_flight"] == 0


async def test_what_fails_is_tried_again_by_the_schedule(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    endpoint = await endpoint_in_full_swing(engine, school)
    await happen(engine.database, school)
    leased = await recognise(engine.database, engine.known, (await expanded(engine, school)).leased)
    await engine.settle(leased, FAILED)
    assert await engine.claim() == []
    await deliveries.shift(endpoint, A_DAY)
    [again] = await engine.claim()
    assert (again.number, again.failures) == (2, 1)


async def test_each_event_comes_once_for_all_its_endpoints(engine: Engine, school: School) -> None:
    endpoints = {await make_endpoint(engine.database, school, URL) for _ in range(3)}
    subjects = await happen(engine.database, school, 2)
    little = await expanded(engine, school)
    leased = await recognise(engine.database, engine.known, little.leased)
    assert Counter((each.target.endpoint_id, each.event.subject) for each in leased) == Counter(
        {(endpoint, subject): 1 for endpoint in endpoints for subject in subjects}
    )
    assert sum(row["event_id"] is not None for row in little.leased.rows) == 2


async def test_several_schools_at_once(engine: Engine) -> None:
    schools = [await make_school(engine.database) for _ in range(5)]
    for school in schools:
        for _ in range(3):
            await make_endpoint(engine.database, school, URL)
        await happen(engine.database, school, 2)
    little = await expanded(engine, *schools)
    assert (little.deliveries, little.waiting, len(little.leased.rows)) == (30, 0, 30)
    assert (little.far, little.more) == (False, False)


async def test_nothing_is_leased_where_nothing_happened_or_nobody_wants_it(engine: Engine, school: School) -> None:
    for school_or_all in ([school], []):
        assert nothing_of(await expanded(engine, *school_or_all))
    await make_endpoint(engine.database, school, URL, topics=["invoice.paid"])
    await happen(engine.database, school)
    assert nothing_of(await expanded(engine, school))


@pytest.mark.parametrize(
    "room",
    [
        NO_ROOM,
        replace(ROOM, places=1),
        replace(ROOM, school=1),
    ],
)
async def test_no_more_than_there_is_room_for(
    engine: Engine, school: School, deliveries: Deliveries, room: Room
) -> None:
    """What is left waits for a claim, which shares the places."""
    endpoint = await endpoint_in_full_swing(engine, school)
    await happen(engine.database, school, 2)
    little = await expanded(engine, school, room=room)
    assert (little.deliveries, little.waiting, list(little.leased.rows)) == (2, 2, [])
    assert (await deliveries.state_of(endpoint))["in_flight"] == 0
    assert len(await engine.claim()) == 2


async def test_a_school_that_has_requests_under_way_gets_what_is_left_to_it(engine: Engine) -> None:
    here, there = await make_school(engine.database), await make_school(engine.database)
    for school in (here, there):
        for _ in range(3):
            await make_endpoint(engine.database, school, URL)
        await happen(engine.database, school)
    little = await expanded(engine, here, there, room=replace(ROOM, schools={here.id: 2}))
    leased = await recognise(engine.database, engine.known, little.leased)
    assert Counter(each.school_id for each in leased) == {here.id: 2, there.id: 3}
    assert (little.deliveries, little.waiting) == (6, 1)
    assert len(await engine.claim()) == 1


async def test_all_schools_together_get_no_more_than_there_are_places(engine: Engine) -> None:
    schools = [await make_school(engine.database) for _ in range(4)]
    for school in schools:
        await make_endpoint(engine.database, school, URL)
        await happen(engine.database, school)
    little = await expanded(engine, *schools, room=replace(ROOM, places=3))
    assert (len(little.leased.rows), little.waiting) == (3, 1)


async def test_what_does_not_fit_takes_nothing_from_the_others(engine: Engine) -> None:
    """Neither what is too much for the process, nor what its school has no place for."""
    full, large, small = [await make_school(engine.database) for _ in range(3)]
    endpoints = [await endpoint_in_full_swing(engine, school, max_in_flight=50) for school in (full, large, small)]
    for school, count in ((full, 4), (large, 9), (small, 5)):
        await happen(engine.database, school, count)
    little = await expanded(engine, full, large, small, room=replace(ROOM, places=8, schools={full.id: 3}))
    leased = await recognise(engine.database, engine.known, little.leased)
    assert Counter(each.target.endpoint_id for each in leased) == {endpoints[2]: 5}
    assert little.waiting == 13


async def test_nor_from_the_others_of_its_school(engine: Engine, school: School) -> None:
    large = await endpoint_in_full_swing(engine, school, topics=[Topic.WALLET_LOW], max_in_flight=50)
    small = await make_endpoint(engine.database, school, URL, topics=[Topic.BADGE_REVOKED])
    await happen(engine.database, school, topic=Topic.BADGE_REVOKED)
    await engine.work_off()
    await happen(engine.database, school, 9)
    await happen(engine.database, school, topic=Topic.BADGE_REVOKED)
    little = await expanded(engine, school, room=replace(ROOM, places=8, school=8))
    [leased] = await recognise(engine.database, engine.known, little.leased)
    assert (leased.target.endpoint_id, little.waiting) == (small, 9)
    assert large != small


@pytest.mark.parametrize("last", [0, 1])
async def test_whoever_was_served_last_comes_last(engine: Engine, school: School, last: int) -> None:
    topics = [Topic.WALLET_LOW, Topic.BADGE_REVOKED]
    endpoints = [await make_endpoint(engine.database, school, URL, topics=[topic]) for topic in topics]
    await happen(engine.database, school, topic=topics[last])
    await engine.work_off()
    for topic in topics:
        await happen(engine.database, school, topic=topic)
    little = await expanded(engine, school, room=replace(ROOM, places=1))
    [leased] = await recognise(engine.database, engine.known, little.leased)
    assert leased.target.endpoint_id == endpoints[1 - last]


async def test_nothing_passes_what_waits(engine: Engine, school: School, deliveries: Deliveries) -> None:
    """Not a first attempt that is due, nor a retry; a retry of later is passed."""
    endpoint = await endpoint_in_full_swing(engine, school)
    await happen(engine.database, school)
    await engine.expand()
    await happen(engine.database, school)
    assert (await expanded(engine, school)).waiting == 1
    await engine.settle(await engine.claim(), FAILED)
    await happen(engine.database, school)
    assert len((await expanded(engine, school)).leased.rows) == 1
    await deliveries.shift(endpoint, A_DAY)
    await happen(engine.database, school)
    assert (await expanded(engine, school)).waiting == 1


async def test_an_endpoint_has_no_more_requests_than_it_takes(engine: Engine, school: School) -> None:
    """All or nothing: which of them go first is for the claim."""
    await endpoint_in_full_swing(engine, school, max_in_flight=3)
    counts = []
    for _ in range(2):
        await happen(engine.database, school, 2)
        little = await expanded(engine, school)
        counts.append((len(little.leased.rows), little.waiting))
    assert counts == [(2, 0), (0, 2)]
    assert len(await engine.claim()) == 1


async def test_a_ramp_is_not_passed(engine: Engine, school: School) -> None:
    """A new endpoint begins with two at once."""
    await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school, 3)
    assert (await expanded(engine, school)).waiting == 3
    assert len(await engine.claim()) == 2


@pytest.mark.parametrize(
    "change",
    [
        "rate = 100",
        "slow = true",
        "disable_for = 'failing'",
        "wait_until = now() + interval '5 min', breaker = 'open', allowed = 1",
        "last_served_at = now() + interval '5 min'",
        "mode = 'paused'",
    ],
)
async def test_what_a_claim_decides_by_is_left_to_it(
    engine: Engine, school: School, deliveries: Deliveries, change: str
) -> None:
    endpoint = await endpoint_in_full_swing(engine, school)
    async with engine.database.raw(Wall.worker(school.id)) as connection:
        await connection.execute(f"UPDATE endpoint_state SET {change} WHERE endpoint_id = $1", endpoint)
    await happen(engine.database, school)
    little = await expanded(engine, school)
    assert (little.deliveries, little.waiting, list(little.leased.rows)) == (1, 1, [])
    assert (await deliveries.states(endpoint))["pending"] == 1


async def test_one_that_keeps_a_request_waiting_is_left_to_the_slow_lane(engine: Engine, school: School) -> None:
    endpoint = await endpoint_in_full_swing(engine, school)
    await happen(engine.database, school)
    assert (await expanded(engine, school, suspects={endpoint})).waiting == 1
    [claimed] = await engine.claim()
    assert not claimed.slow


async def test_what_a_paused_endpoint_wants_is_held_and_waits_for_nobody(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    endpoint = await endpoint_in_full_swing(engine, school)
    await change_endpoint(engine.database, school, endpoint, status="paused")
    await happen(engine.database, school)
    little = await expanded(engine, school)
    assert (little.deliveries, little.waiting, list(little.leased.rows)) == (1, 0, [])
    assert await deliveries.states(endpoint) == {"succeeded": 30, "held": 1}


@pytest.mark.parametrize(
    ("change", "ends"),
    [({"topics": [Topic.INVOICE_PAID]}, {}), ({"status": "paused"}, {"held": 1})],
)
async def test_a_school_of_which_an_endpoint_is_being_changed_is_passed_over_until_that_is_done(
    engine: Engine, school: School, deliveries: Deliveries, change: dict[str, Any], ends: dict[str, int]
) -> None:
    """What is sent is what the endpoint wants when it is leased."""
    endpoint = await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school)
    async with engine.database.raw(Wall.app(school.id)) as connection:
        [(name, value)] = change.items()
        await connection.execute(f"UPDATE endpoint SET {name} = $1 WHERE id = $2", value, endpoint)
        assert nothing_of(await expanded(engine, school))
    assert list((await expanded(engine, school)).leased.rows) == []
    assert await deliveries.states(endpoint) == ends


async def test_a_secret_that_changes_meanwhile_is_known_to_have_changed(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    """The expansion waits for the turn of the endpoint, and tells its version of then."""
    endpoint = await endpoint_in_full_swing(engine, school)
    await happen(engine.database, school)
    async with engine.database.raw(Wall.app(school.id)) as connection:
        await connection.execute("UPDATE endpoint_secret SET expires_at = now() WHERE endpoint_id = $1", endpoint)
        expanding = asyncio.create_task(expanded(engine, school))
        while not await deliveries.rows("SELECT FROM pg_locks WHERE NOT granted"):
            assert not expanding.done()
    [turn] = (await expanding).leased.turns
    assert turn.version == (await deliveries.state_of(endpoint))["version"] > 1
