"""Leases: nobody has one twice, every limit holds, and only the holder of one settles."""

import asyncio
from collections import Counter
from uuid import UUID

import orjson
import pytest

from app.core.database import Database, Wall
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from app.domains.webhooks.claiming import Claimed
from app.domains.webhooks.fairness import Room
from app.domains.webhooks.outcomes import Kind, Outcome
from app.domains.webhooks.settling import SCHEDULE
from app.domains.webhooks.sweeping import disable_failing, follow_modes, give_up_lost
from tests.domains.webhooks.conftest import ROOM, Engine, are_of, endpoint_in_full_swing
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import SECRET, Deliveries, change_endpoint, happen, make_endpoint

URL = "https://example.org/hook"
OK = Outcome(Kind.OK, 5, status=200)
FAILED = Outcome(Kind.HTTP_STATUS, 5, status=500, remote_ip="192.0.2.1", response=b"oops")
A_DAY = 86_400


@pytest.fixture
async def school(fresh_database: Database) -> School:
    return await make_school(fresh_database)


@pytest.fixture
def deliveries(fresh_database: Database, school: School) -> Deliveries:
    return Deliveries(fresh_database, school)


def by_endpoint(claimed: list[Claimed]) -> Counter[UUID]:
    return Counter(each.target.endpoint_id for each in claimed)


async def test_what_is_claimed_says_all_that_a_request_needs(engine: Engine, school: School) -> None:
    endpoint = await make_endpoint(engine.database, school, URL, headers={"x-tenant": "7"}, timeout_seconds=3)
    [subject] = await happen(engine.database, school, number="F-1")
    [claimed] = await engine.claim()
    assert (claimed.target.url, claimed.target.headers, claimed.target.timeout_seconds) == (
        URL,
        (("x-tenant", "7"),),
        3,
    )
    assert (claimed.target.school, claimed.target.thin) == (school.code, True)
    assert are_of(claimed.target.signers_at(claimed.now), SECRET)
    assert (claimed.event.subject, orjson.loads(claimed.event.facts)) == (subject, {"number": "F-1"})
    assert (claimed.target.endpoint_id, claimed.number) == (endpoint, 1)


async def test_what_an_endpoint_no_longer_wants_is_cancelled_and_not_sent(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    """First attempts and retries; what is for it alone is sent whatever it listens to."""
    wanted = [Topic.WALLET_LOW, Topic.INVOICE_PAID]
    endpoint = await make_endpoint(engine.database, school, URL, topics=wanted)
    await happen(engine.database, school, 2, topic=Topic.INVOICE_PAID)
    await engine.settle(await engine.claim(), FAILED)
    await happen(engine.database, school, topic=Topic.INVOICE_PAID)
    await happen(engine.database, school)
    async with engine.database.transaction(Wall.app(school.id)) as session:
        record_event(session, Topic.ENDPOINT_TESTED, subject=endpoint, facts={"host": "example.org"})
    await engine.expand()
    await change_endpoint(engine.database, school, endpoint, topics=[Topic.WALLET_LOW])
    await deliveries.shift(endpoint, A_DAY)
    sent = set()
    while set(await deliveries.states()) & {"pending", "retry_wait"}:
        claimed = await engine.claim()
        assert (await deliveries.state_of(endpoint))["in_flight"] == len(claimed)
        await engine.settle(claimed)
        sent |= {each.event.type for each in claimed}
    assert sent == {Topic.WALLET_LOW, Topic.ENDPOINT_TESTED}
    assert await deliveries.states() == {"cancelled": 3, "succeeded": 2}


async def test_a_delivery_tried_more_often_than_is_counted_holds_up_nobody(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    """A key that is missing here for a month, say."""
    endless = await make_endpoint(engine.database, school, URL)
    await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school)
    await engine.expand()
    async with engine.database.raw(Wall.worker()) as connection:
        await connection.execute("UPDATE delivery SET attempt_no = 32767 WHERE endpoint_id = $1", endless)
    for outcome in (FAILED, OK):
        claimed = await engine.claim()
        await engine.settle(claimed, outcome)
        await deliveries.shift(endless, A_DAY)
    assert await deliveries.states(endless) == {"succeeded": 1}


async def test_a_zone_that_is_no_longer_filtered_on_is_not_told_of(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    endpoint = await make_endpoint(engine.database, school, URL, filter={"zone": "RESTAURANT"})
    await happen(engine.database, school, topic=Topic.ACCESS_DENIED, zone="RESTAURANT")
    await engine.expand()
    await change_endpoint(engine.database, school, endpoint, status="paused")
    await follow_modes(engine.database)
    await change_endpoint(engine.database, school, endpoint, filter=orjson.dumps({"zone": "GYMNASE"}).decode())
    await change_endpoint(engine.database, school, endpoint, status="active")
    await follow_modes(engine.database)
    assert await engine.claim() == []
    assert await deliveries.states() == {"cancelled": 1}


async def test_a_new_endpoint_begins_with_two_and_widens_with_success(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    endpoint = await make_endpoint(engine.database, school, URL, max_in_flight=6)
    await happen(engine.database, school, 100)
    widths = []
    while claimed := await engine.claim():
        widths.append(len(claimed))
        await engine.settle(claimed)
    assert widths[:4] == [2, 4, 6, 6]
    assert (await deliveries.state_of(endpoint))["breaker"] == "closed"
    assert await deliveries.states() == {"succeeded": 100}


async def test_an_endpoint_has_no_more_requests_than_it_takes(engine: Engine, school: School) -> None:
    await endpoint_in_full_swing(engine, school, max_in_flight=4)
    await happen(engine.database, school, 20)
    first = await engine.claim()
    assert len(first) == 4
    assert await engine.claim() == []
    await engine.settle(first[:3])
    assert len(await engine.claim()) == 3


async def test_many_processes_never_share_a_delivery(fresh_database: Database, school: School) -> None:
    engines = [Engine(fresh_database) for _ in range(8)]
    for _ in range(10):
        await make_endpoint(fresh_database, school, URL, max_in_flight=50)
    await happen(fresh_database, school, 60)
    taken: list[tuple[UUID, UUID]] = []

    async def work(engine: Engine) -> None:
        while True:
            claimed = await engine.claim()
            if not claimed and await Deliveries(fresh_database, school).states() == {"succeeded": 600}:
                return
            taken.extend((each.event.id, each.target.endpoint_id) for each in claimed)
            if claimed:
                assert (await engine.settle(claimed)).settled == len(claimed)

    await asyncio.gather(*(work(engine) for engine in engines))
    assert len(taken) == len(set(taken)) == 600


async def test_the_rate_is_kept_and_spends_no_attempt(engine: Engine, school: School, deliveries: Deliveries) -> None:
    endpoint = await make_endpoint(engine.database, school, URL, max_in_flight=100, rate_per_second=5)
    await happen(engine.database, school, 15)
    assert await engine.work_off() <= 6  # a second's worth, and what the test itself took time for
    left = (await deliveries.states())["pending"]
    assert left >= 9
    await deliveries.shift(endpoint, 0.4)
    assert 2 <= await engine.work_off() <= 4
    await deliveries.shift(endpoint, 60)
    assert 5 <= await engine.work_off() <= 6, "what was not used is saved up for a second at most"
    attempts = await deliveries.outcomes(endpoint)
    assert {number for number, _ in attempts} == {1}


async def test_turns_go_round(engine: Engine, school: School) -> None:
    """Least recently served first, whatever the backlog of each."""
    busy = [await make_endpoint(engine.database, school, URL) for _ in range(3)]
    await happen(engine.database, school, 50)
    late = await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school, 1)
    one = Room(places=1, retries=1, slow=0, school=100)
    served = []
    for _ in range(8):
        claimed = await engine.claim(one)
        served.append(claimed[0].target.endpoint_id)
        await engine.settle(claimed)
    assert set(served[:4]) == {*busy, late}
    assert late not in served[4:]


async def test_first_attempts_and_retries_take_turns(engine: Engine, school: School, deliveries: Deliveries) -> None:
    endpoint = await endpoint_in_full_swing(engine, school, max_in_flight=8)
    await happen(engine.database, school, 5)
    await engine.settle(await engine.claim(), FAILED)
    await happen(engine.database, school, 20)
    await deliveries.shift(endpoint, 70)
    claimed = await engine.claim()
    assert Counter(each.number > 1 for each in claimed) == {False: 4, True: 4}
    await engine.settle(claimed)
    [retry_left] = [each for each in await engine.claim() if each.number > 1]
    assert retry_left.number == 2


async def test_the_schedule_in_the_database_is_the_contract(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    """Intervals as PostgreSQL wrote them, from the moment of settling; then exhausted."""
    endpoint = await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school)
    waits = []
    for _ in range(3):
        assert await engine.work_off(FAILED) == 1
        [row] = await deliveries.rows(
            "SELECT d.state, extract(epoch FROM d.next_at - a.at)::float8 AS wait FROM delivery d "
            "JOIN attempt a USING (school_id, endpoint_id, event_id, replay) WHERE a.number = d.attempt_no"
        )
        assert row["state"] == "retry_wait"
        waits.append(row["wait"])
        await deliveries.shift(endpoint, row["wait"] - 1)
        assert await engine.work_off(FAILED) == 0, "a second early is too early"
        await deliveries.shift(endpoint, 1)
    assert all(step <= wait <= step * 1.1 for step, wait in zip(SCHEDULE, waits, strict=True))
    assert await engine.work_off(FAILED) == 1
    assert await deliveries.states() == {"exhausted": 1}
    assert await deliveries.outcomes(endpoint) == [(number, "http_status") for number in (1, 2, 3, 4)]
    await deliveries.shift(endpoint, 10 * A_DAY)
    assert await engine.work_off() == 0


async def test_an_expired_lease_is_lost_and_free(engine: Engine, school: School, deliveries: Deliveries) -> None:
    endpoint = await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school)
    for number in (1, 2, 3):
        [claimed] = await engine.claim()
        assert (claimed.number, claimed.progress.failures) == (number, 0)
        assert await give_up_lost(engine.database, SCHEDULE) == 0, "not before its time"
        await deliveries.shift(endpoint, 46)
        assert await give_up_lost(engine.database, SCHEDULE) == 1
        assert (await deliveries.state_of(endpoint))["in_flight"] == 0
    [claimed] = await engine.claim()
    await deliveries.shift(endpoint, 46)
    assert await give_up_lost(engine.database, SCHEDULE) == 1
    assert await engine.claim() == [], "the fourth in a row waits like a failure"
    assert await deliveries.outcomes(endpoint) == [(number, "lost") for number in (1, 2, 3, 4)]


async def test_whoever_lost_the_lease_only_leaves_a_note(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    endpoint = await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school)
    stopped = await engine.claim()
    await deliveries.shift(endpoint, 46)
    await give_up_lost(engine.database, SCHEDULE)
    again = await engine.claim()
    assert [each.number for each in again] == [2]
    assert (await engine.settle(stopped, OK)).settled == 0
    assert await deliveries.states() == {"leased": 1}
    assert (await deliveries.state_of(endpoint))["in_flight"] == 1
    rows = await deliveries.rows("SELECT number, outcome, late_outcome, status_code FROM attempt")
    assert [tuple(row) for row in rows] == [(1, "lost", "ok", 200)]
    assert (await engine.settle(again)).settled == 1
    assert await deliveries.states() == {"succeeded": 1}


async def test_settling_twice_changes_nothing(engine: Engine, school: School, deliveries: Deliveries) -> None:
    endpoint = await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school)
    claimed = await engine.claim()
    assert (await engine.settle(claimed)).settled == 1
    assert (await engine.settle(claimed, FAILED)).settled == 0
    assert await deliveries.states() == {"succeeded": 1}
    assert (await deliveries.state_of(endpoint))["in_flight"] == 0
    assert await deliveries.outcomes(endpoint) == [(1, "ok")]


async def test_a_breaker_opens_probes_once_and_ramps(engine: Engine, school: School, deliveries: Deliveries) -> None:
    endpoint = await endpoint_in_full_swing(engine, school)
    await deliveries.shift(endpoint, 3600)  # what went well an hour ago is forgotten
    await happen(engine.database, school, 40)
    assert await engine.work_off(FAILED) == 10
    assert (await deliveries.state_of(endpoint))["breaker"] == "open"
    await deliveries.shift(endpoint, 301)
    probe = await engine.claim()
    assert len(probe) == 1
    assert await engine.claim() == []
    await engine.settle(probe, FAILED)
    assert await engine.claim() == [], "open again"
    await deliveries.shift(endpoint, 301)
    widths = []
    while claimed := await engine.claim():
        widths.append(len(claimed))
        await engine.settle(claimed)
    assert widths[:4] == [1, 2, 4, 8]
    waiting = await deliveries.rows("SELECT max(attempt_no) AS most FROM delivery WHERE state = 'pending'")
    assert waiting[0]["most"] is None, "waiting for the breaker spent no attempt"


async def test_gone_disables_holds_and_tells_once(engine: Engine, school: School, deliveries: Deliveries) -> None:
    endpoint = await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school, 5)
    await engine.settle(await engine.claim(), Outcome(Kind.HTTP_STATUS, 5, status=410))
    assert await engine.claim() == [], "nothing is sent from that moment on"
    told = await asyncio.gather(*(disable_failing(engine.database) for _ in range(4)))
    assert sorted(len(each) for each in told) == [0, 0, 0, 1]
    while await follow_modes(engine.database):
        pass
    assert await deliveries.states() == {"held": 5}
    [row] = await deliveries.rows("SELECT status, disabled_reason FROM endpoint WHERE id = $1", endpoint)
    assert tuple(row) == ("disabled", "gone")
    events = await deliveries.rows("SELECT subject, facts FROM event WHERE type = 'endpoint.disabled'")
    assert [row["subject"] for row in events] == [endpoint]
    assert "example.org" in events[0]["facts"]


async def test_five_days_of_failure_disable_once_and_a_success_before_resets(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    endpoint = await make_endpoint(engine.database, school, URL, long_tail=True)
    await happen(engine.database, school)
    await engine.work_off(FAILED)
    await deliveries.shift(endpoint, 4 * A_DAY)
    await happen(engine.database, school)
    await engine.work_off(OK)
    await happen(engine.database, school)
    await engine.work_off(FAILED)
    await deliveries.shift(endpoint, 4.9 * A_DAY)
    await engine.work_off(FAILED)
    assert await disable_failing(engine.database) == []
    await deliveries.shift(endpoint, 0.2 * A_DAY)
    await engine.work_off(FAILED)
    assert await disable_failing(engine.database) == [endpoint]
    assert await disable_failing(engine.database) == []
    [row] = await deliveries.rows("SELECT disabled_reason FROM endpoint WHERE id = $1", endpoint)
    assert row["disabled_reason"] == "failing"


@pytest.mark.parametrize(("status", "state"), [("paused", "held"), ("disabled", "held"), ("deleted", "cancelled")])
async def test_an_endpoint_that_stops_in_mid_retry_leaves_a_defined_state(
    engine: Engine, school: School, deliveries: Deliveries, status: str, state: str
) -> None:
    endpoint = await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school, 1)
    await engine.work_off(FAILED)
    await happen(engine.database, school, 3)
    under_way = await engine.claim()
    assert len(under_way) == 1, "one failure narrowed the ramp"
    await change_endpoint(engine.database, school, endpoint, status=status)
    while await follow_modes(engine.database):
        pass
    assert await deliveries.states() == {state: 3, "leased": 1}
    await engine.settle(under_way, FAILED)
    while await follow_modes(engine.database):
        pass
    assert await deliveries.states() == {state: 4}
    await deliveries.shift(endpoint, A_DAY)
    assert await engine.work_off() == 0


async def test_one_that_is_used_again_goes_on_where_it_was(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    endpoint = await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school, 2)
    await engine.work_off(FAILED)
    await change_endpoint(engine.database, school, endpoint, status="paused")
    await happen(engine.database, school, 2)
    await engine.expand()
    while await follow_modes(engine.database):
        pass
    await change_endpoint(engine.database, school, endpoint, status="active")
    while await follow_modes(engine.database):
        pass
    assert await engine.work_off() == 4
    numbers = await deliveries.rows("SELECT attempt_no, count(*) AS n FROM delivery GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in numbers] == [(1, 2), (2, 2)]


async def test_an_edited_endpoint_is_read_anew_before_the_next_attempt(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    endpoint = await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school)
    await engine.work_off(FAILED)
    await change_endpoint(engine.database, school, endpoint, url="https://example.org/new", payload="full")
    await deliveries.shift(endpoint, 70)
    [claimed] = await engine.claim()
    assert (claimed.target.url, claimed.target.thin, claimed.number) == ("https://example.org/new", False, 2)


async def test_an_unreadable_secret_hurts_its_own_endpoint_only(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    broken, fine = [await make_endpoint(engine.database, school, URL) for _ in range(2)]
    async with engine.database.raw(Wall.app(school.id)) as connection:
        await connection.execute("DELETE FROM endpoint_secret WHERE endpoint_id = $1", broken)
        await connection.execute(
            "INSERT INTO endpoint_secret (school_id, endpoint_id, ciphertext, key_version) VALUES ($1, $2, 'x', 9)",
            school.id,
            broken,
        )
    await happen(engine.database, school)
    claimed = {each.target.endpoint_id: each for each in await engine.claim()}
    assert claimed[broken].target.secrets == ()
    assert are_of(claimed[fine].target.signers_at(claimed[fine].now), SECRET)


async def test_a_slow_endpoint_is_given_the_slow_lane_only(engine: Engine, school: School) -> None:
    slow = await endpoint_in_full_swing(engine, school)
    await happen(engine.database, school, 10)
    await engine.work_off(Outcome(Kind.OK, 3500, status=200))
    await happen(engine.database, school, 10)
    no_lane = Room(places=512, retries=384, slow=0, school=256)
    assert await engine.claim(no_lane) == []
    claimed = await engine.claim(Room(places=0, retries=0, slow=4, school=256))
    assert by_endpoint(list(claimed)) == {slow: 4}
    assert all(each.slow for each in claimed)


async def test_a_noisy_school_leaves_places_to_a_quiet_one(engine: Engine, school: School) -> None:
    quiet = await make_school(engine.database)
    for _ in range(20):
        await make_endpoint(engine.database, school, URL, max_in_flight=50)
    endpoint = await make_endpoint(engine.database, quiet, URL)
    await happen(engine.database, school, 200)
    for _ in range(6):
        await engine.settle(await engine.claim())
    await happen(engine.database, quiet, 2)
    claimed = by_endpoint(list(await engine.claim(Room(512, 384, 64, school=100))))
    assert claimed[endpoint] == 2
    assert sum(claimed.values()) <= 102
    assert ROOM.school == 256
