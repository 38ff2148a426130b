"""An endpoint gets what some key of its integration in force may read, and stops with the last such key."""

import asyncio
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest

from app.core.database import Database, Wall
from app.domains.events.topics import Topic
from app.domains.events.visibility import topics_open_to
from app.domains.partners.presets import PRESETS
from app.domains.partners.service import revoke_key, rotate_key
from app.domains.partners.tables import ApiKey, School
from app.domains.webhooks.fanning import backfill
from app.domains.webhooks.sweeping import disable_failing, end_access, follow_modes
from tests.domains.webhooks.conftest import Engine
from tests.domains.webhooks.managing import Manager
from tests.support.clock import FixedClock
from tests.support.factories.partners import PEPPERS, hold_key, make_actor, make_key
from tests.support.factories.webhooks import Deliveries, change_endpoint, happen, make_endpoint
from tests.support.operations import Asker

PARTNER = "Récepteur"
MANAGING = ("webhooks:read", "webhooks:manage")


@pytest.fixture
def deliveries(fresh_database: Database, school: School) -> Deliveries:
    return Deliveries(fresh_database, school)


async def hold(
    database: Database, school: School, scopes: Iterable[str] = PRESETS["core"].scopes, **given: Any
) -> ApiKey:
    """A key of the partner whose endpoints `make_endpoint` makes."""
    return await hold_key(database, await make_actor(database, school, partner=PARTNER, scopes=scopes, **given))


async def revoke(database: Database, school: School, key: ApiKey, clock: FixedClock) -> None:
    async with database.transaction(Wall.app(school.id)) as session:
        await revoke_key(session, key.key_id, clock)


async def run_out(database: Database, school: School, key: ApiKey) -> None:
    """As if its time were over; the trigger looks away, as it does when nothing but time passes."""
    async with database.raw(Wall.app(school.id)) as connection:
        await connection.execute("UPDATE api_key SET expires_at = now() + interval '1 ms' WHERE id = $1", key.id)


async def ended(deliveries: Deliveries, endpoint: UUID) -> bool:
    return bool((await deliveries.state_of(endpoint))["disable_for"] == "access_ended")


async def test_with_the_last_key_that_may_read_it_nothing_more_is_sent(
    fresh_database: Database, school: School, engine: Engine, deliveries: Deliveries, clock: FixedClock
) -> None:
    first, second = await hold(fresh_database, school), await hold(fresh_database, school, ["wallets:read"])
    endpoint = await make_endpoint(fresh_database, school, "https://a.example/", topics=["wallet.low"])
    await make_endpoint(fresh_database, school, "https://b.example/", topics=["endpoint.disabled"], partner="Console")
    await happen(fresh_database, school)
    await revoke(fresh_database, school, first, clock)
    assert not await ended(deliveries, endpoint)
    await engine.expand()
    await revoke(fresh_database, school, second, clock)
    assert await engine.claim() == []
    assert await disable_failing(fresh_database) == [endpoint]
    await follow_modes(fresh_database)
    assert await deliveries.states(endpoint) == {"held": 1}
    [row] = await deliveries.rows("SELECT status, disabled_reason FROM endpoint WHERE id = $1", endpoint)
    assert tuple(row) == ("disabled", "access_ended")
    assert await engine.claim() == [], "another integration is not told"
    [event] = await deliveries.rows("SELECT subject, facts ->> 'reason' FROM event WHERE type = 'endpoint.disabled'")
    assert tuple(event) == (endpoint, "access_ended")
    assert await disable_failing(fresh_database) == []


@pytest.mark.parametrize(
    ("left", "goes_on"),
    [
        ({"scopes": ["wallets:read", "students:read"]}, True),
        ({"scopes": ["wallets:read"]}, False),
        ({"scopes": ["students:list"]}, False),
        ({"scopes": PRESETS["core"].scopes, "zones": ["RESTAURANT"]}, True),
        ({"scopes": PRESETS["core"].scopes, "zones": ["PORTAIL"]}, False),
    ],
)
async def test_what_the_other_keys_may_read_decides(
    fresh_database: Database,
    school: School,
    deliveries: Deliveries,
    clock: FixedClock,
    left: dict[str, Any],
    goes_on: bool,
) -> None:
    key = await hold(fresh_database, school)
    await hold(fresh_database, school, **left)
    wanted: dict[str, Any] = {"topics": ["wallet.low", "student.created"], "filter": {"zone": "RESTAURANT"}}
    endpoint = await make_endpoint(fresh_database, school, "https://a.example/", **wanted)
    await revoke(fresh_database, school, key, clock)
    assert await ended(deliveries, endpoint) is not goes_on


async def test_two_keys_taken_together_cover_each_what_the_other_does_not(
    fresh_database: Database, school: School, deliveries: Deliveries, clock: FixedClock
) -> None:
    key = await hold(fresh_database, school, ["wallets:read"])
    await hold(fresh_database, school, ["students:read"])
    topics = ["wallet.low", "student.created"]
    endpoint = await make_endpoint(fresh_database, school, "https://a.example/", topics=topics)
    assert not await ended(deliveries, endpoint)
    await revoke(fresh_database, school, key, clock)
    assert await ended(deliveries, endpoint)


async def test_a_rotated_key_hands_its_access_over(
    fresh_database: Database, school: School, deliveries: Deliveries, clock: FixedClock
) -> None:
    old = await make_key(fresh_database, school, partner=PARTNER)
    endpoint = await make_endpoint(fresh_database, school, "https://a.example/")
    async with fresh_database.transaction(Wall.app(school.id)) as session:
        await rotate_key(session, old.row.key_id, PEPPERS, clock, grace_hours=0)
    assert not await ended(deliveries, endpoint)


async def test_a_key_that_runs_out_ends_what_it_opened(
    fresh_database: Database, school: School, deliveries: Deliveries
) -> None:
    key = await hold(fresh_database, school)
    endpoint = await make_endpoint(fresh_database, school, "https://a.example/")
    other = await make_endpoint(fresh_database, school, "https://b.example/", partner="Autre")
    looked = await end_access(fresh_database, None)
    await run_out(fresh_database, school, key)
    assert not await ended(deliveries, endpoint)
    assert await end_access(fresh_database, looked) >= looked
    assert (await ended(deliveries, endpoint), await ended(deliveries, other)) == (True, False)
    assert await disable_failing(fresh_database) == [endpoint]


async def test_two_keys_taken_back_at_once_do_not_count_on_each_other(
    fresh_database: Database, school: School, deliveries: Deliveries, clock: FixedClock
) -> None:
    keys = [await hold(fresh_database, school) for _ in range(2)]
    endpoint = await make_endpoint(fresh_database, school, "https://a.example/")
    async with fresh_database.transaction(Wall.app(school.id)) as session:
        await revoke_key(session, keys[0].key_id, clock)
        other = asyncio.create_task(revoke(fresh_database, school, keys[1], clock))
        await waiting_for_a_lock(deliveries)
    await other
    assert await ended(deliveries, endpoint)


async def test_an_endpoint_made_while_its_key_is_taken_back_is_not_overlooked(
    fresh_database: Database, school: School, deliveries: Deliveries, clock: FixedClock
) -> None:
    key = await hold(fresh_database, school)
    async with fresh_database.raw(Wall.app(school.id)) as connection:
        endpoint: UUID = await connection.fetchval(
            "INSERT INTO endpoint (school_id, partner_id, url) VALUES ($1, $2, 'https://a.example/') RETURNING id",
            school.id,
            key.partner_id,
        )
        revoking = asyncio.create_task(revoke(fresh_database, school, key, clock))
        await waiting_for_a_lock(deliveries)
    await revoking
    assert await ended(deliveries, endpoint)


async def waiting_for_a_lock(deliveries: Deliveries) -> None:
    while not await deliveries.rows("SELECT FROM pg_locks WHERE NOT granted"):
        await asyncio.sleep(0.01)


async def test_an_endpoint_comes_back_with_a_key_and_by_hand_and_catches_up(
    fresh_database: Database,
    asker: Asker,
    school: School,
    engine: Engine,
    deliveries: Deliveries,
    clock: FixedClock,
) -> None:
    actor = await make_actor(fresh_database, school, partner=PARTNER, scopes=[*MANAGING, "wallets:read"])
    key, manager = await hold_key(fresh_database, actor), Manager(asker, actor)
    endpoint = await manager.endpoint(topics=["wallet.low"])
    await manager.on("pauseEndpoint", endpoint)
    await revoke(fresh_database, school, key, clock)
    assert (await manager.on("resumeEndpoint", endpoint))["code"] == "ACCESS_ENDED"
    await disable_failing(fresh_database)
    await happen(fresh_database, school)
    assert await engine.work_off() == 0
    assert (await manager.on("resumeEndpoint", endpoint))["code"] == "ACCESS_ENDED"
    assert (await manager.create(topics=["wallet.low"]))["code"] == "ACCESS_ENDED"
    await hold_key(fresh_database, actor)
    assert (await manager.on("resumeEndpoint", endpoint))["status"] == "active"
    await follow_modes(fresh_database)
    await backfill(fresh_database)
    assert await engine.work_off() == 1


async def test_what_was_held_of_a_topic_that_closed_is_not_let_go(
    fresh_database: Database, school: School, engine: Engine, deliveries: Deliveries, clock: FixedClock
) -> None:
    key = await hold(fresh_database, school)
    await hold(fresh_database, school, ["students:read"])
    topics = ["wallet.low", "student.created"]
    endpoint = await make_endpoint(fresh_database, school, "https://a.example/", topics=topics)
    await happen(fresh_database, school)
    await happen(fresh_database, school, topic=Topic.STUDENT_CREATED)
    await engine.expand()
    await revoke(fresh_database, school, key, clock)
    await disable_failing(fresh_database)
    await follow_modes(fresh_database)
    await change_endpoint(fresh_database, school, endpoint, topics=["student.created"], status="active")
    await follow_modes(fresh_database)
    assert await engine.work_off() == 1
    assert await deliveries.states() == {"succeeded": 1, "cancelled": 1}


async def test_the_database_reads_scopes_as_the_api_does(database: Database) -> None:
    scopes = {scope for preset in PRESETS.values() for scope in preset.scopes}
    async with database.raw(Wall.worker()) as connection:
        for topic in Topic:
            readers = await connection.fetchval("SELECT readers_of($1)", topic.value)
            assert set(readers) == {scope for scope in scopes if topic in topics_open_to([scope])}, topic


async def test_all_topics_need_keys_that_may_read_every_one(fresh_database: Database, school: School) -> None:
    """An endpoint without topics gets them all."""
    for family in sorted({topic.partition(".")[0] for topic in Topic}):
        async with fresh_database.raw(Wall.worker()) as connection:
            readers = set(await connection.fetchval("SELECT readers_of($1)", f"{family}."))
        scopes = PRESETS["core"].scopes
        key = await hold_key(
            fresh_database, await make_actor(fresh_database, school, partner=family, scopes=scopes - readers)
        )
        async with fresh_database.raw(Wall.app(school.id)) as connection:
            closed = "SELECT closed_topic($1, $2, '{}', '{}')"
            assert await connection.fetchval(closed, school.id, key.partner_id) is not None, family
            await connection.execute("UPDATE api_key SET scopes = $2 WHERE id = $1", key.id, sorted(scopes))
            assert await connection.fetchval(closed, school.id, key.partner_id) is None, family
