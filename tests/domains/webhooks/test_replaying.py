"""Sending again: one, a filter, or what did not arrive; always under the same webhook-id, never what is under way."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.core.database import Database, Wall
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from app.domains.webhooks.claiming import Claimed
from app.domains.webhooks.errors import ReplayNotOpen
from app.domains.webhooks.fanning import expand, expand_little
from app.domains.webhooks.outcomes import Kind, Outcome
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.service import replays
from tests.domains.webhooks.conftest import OK, ROOM, Engine
from tests.domains.webhooks.managing import LIST, Manager
from tests.support.clock import FixedClock
from tests.support.factories.webhooks import Deliveries, happen

FAILED = Outcome(Kind.HTTP_STATUS, 5, status=500)


@pytest.fixture(autouse=True)
def now(clock: FixedClock) -> None:
    """Events are recorded by the database's clock."""
    clock.set(datetime.now(UTC))


@pytest.fixture
def deliveries(fresh_database: Database, school: School) -> Deliveries:
    return Deliveries(fresh_database, school)


async def exhaust(engine: Engine, deliveries: Deliveries, endpoint: str) -> None:
    """Every attempt of what is queued fails, until there is none left."""
    for _ in range(40):
        await engine.work_off(FAILED)
        await deliveries.shift(UUID(endpoint), 40_000)
        if set(await deliveries.states()) <= {"exhausted", "succeeded"}:
            return
    raise AssertionError(await deliveries.states())


def ago(**past: float) -> str:
    return (datetime.now(UTC) - timedelta(**past)).isoformat()


async def test_one_is_replayed_under_the_same_webhook_id(
    fresh_database: Database, manager: Manager, school: School, engine: Engine, deliveries: Deliveries
) -> None:
    endpoint = await manager.endpoint()
    await happen(fresh_database, school)
    await exhaust(engine, deliveries, endpoint)
    [first] = await manager.deliveries()
    again = await manager.replay(first["id"])
    assert again["webhookId"] == first["webhookId"]
    assert (again["replay"], again["state"]) == (1, "pending")
    [claimed] = await engine.claim()
    assert claimed.replay == 1
    await engine.settle([claimed])
    assert await deliveries.states() == {"exhausted": 1, "succeeded": 1}


async def test_a_webhook_id_names_the_newest_delivery_that_has_it(
    fresh_database: Database, manager: Manager, school: School, engine: Engine
) -> None:
    await manager.endpoint()
    await happen(fresh_database, school)
    await engine.work_off()
    [done] = await manager.deliveries()
    for replay in (1, 2):
        assert (await manager.replay(done["webhookId"]))["replay"] == replay
        await engine.work_off()
    found = "query ($id: String!) { delivery(deliveryId: $id) { id replay } }"
    for asked, replay in ((done["webhookId"], 2), (done["id"], 0), (f"{done['webhookId']}_1", 1)):
        data = await manager.asker.data(manager.actor, found, id=asked)
        assert data["delivery"] == {"id": f"{done['webhookId']}_{replay}", "replay": replay}


async def test_what_is_under_way_is_not_replayed(
    fresh_database: Database, manager: Manager, school: School, engine: Engine
) -> None:
    await manager.endpoint()
    await happen(fresh_database, school)
    await engine.expand()
    [waiting] = await manager.deliveries()
    assert (await manager.replay(waiting["id"]))["code"] == "DELIVERY_UNDER_WAY"
    await engine.work_off()
    await manager.replay(waiting["id"])
    assert (await manager.replay(waiting["id"]))["code"] == "DELIVERY_UNDER_WAY"


async def test_the_same_key_replays_once(
    fresh_database: Database, manager: Manager, school: School, engine: Engine, deliveries: Deliveries
) -> None:
    await manager.endpoint()
    await happen(fresh_database, school)
    await engine.work_off()
    [done] = await manager.deliveries()
    first = await manager.replay(done["id"], key="once")
    await engine.work_off()
    assert await manager.replay(done["id"], key="once") == first
    assert await deliveries.states() == {"succeeded": 2}


@pytest.mark.parametrize("delivery", ["", "nonsense", "evt_1_2", "evt_" + "0" * 32 + "_" + "0" * 32 + "_x", "é" * 70])
async def test_no_such_delivery(manager: Manager, delivery: str) -> None:
    assert (await manager.replay(delivery))["code"] == "DELIVERY_NOT_FOUND"


async def _mixed(engine: Engine, database: Database, school: School, deliveries: Deliveries, endpoint: str) -> None:
    """Three arrived, two never did, one waits."""
    from app.domains.events.topics import Topic

    await happen(database, school, count=3)
    await engine.work_off()
    await happen(database, school, topic=Topic.STUDENT_CREATED)
    await happen(database, school)
    await exhaust(engine, deliveries, endpoint)
    await happen(database, school)
    await engine.expand()


@pytest.mark.parametrize("states", [["pending"], ["leased", "held"], []])
async def test_what_is_under_way_is_not_replayed_and_nothing_else_instead(
    fresh_database: Database,
    manager: Manager,
    school: School,
    engine: Engine,
    deliveries: Deliveries,
    states: list[str],
) -> None:
    endpoint = await manager.endpoint()
    await _mixed(engine, fresh_database, school, deliveries, endpoint)
    assert (await manager.replay_some(endpoint, states=states))["count"] == 0


async def test_recovering_skips_what_arrived_and_what_is_on_its_way_and_twice_adds_nothing(
    fresh_database: Database, manager: Manager, school: School, engine: Engine, deliveries: Deliveries
) -> None:
    endpoint = await manager.endpoint()
    await _mixed(engine, fresh_database, school, deliveries, endpoint)
    assert (await manager.recover(endpoint, ago(hours=1)))["count"] == 2
    assert (await manager.recover(endpoint, ago(hours=1)))["count"] == 0
    await engine.work_off()
    assert (await manager.recover(endpoint, ago(hours=1)))["count"] == 0
    assert await deliveries.states() == {"succeeded": 6, "exhausted": 2}


async def test_recovering_sends_nothing_about_the_endpoints_of_another_integration(
    fresh_database: Database, manager: Manager, school: School
) -> None:
    endpoint = await manager.endpoint()
    for partner_id in (manager.actor.partner_id, uuid4()):
        await happen(fresh_database, school, topic=Topic.ENDPOINT_DISABLED, partner_id=str(partner_id))
    assert (await manager.recover(endpoint, ago(hours=1)))["count"] == 1


async def test_recovering_at_once_from_two_sides_queues_each_event_once(
    fresh_database: Database, manager: Manager, school: School, engine: Engine, deliveries: Deliveries
) -> None:
    endpoint = await manager.endpoint()
    await _mixed(engine, fresh_database, school, deliveries, endpoint)
    counts = await asyncio.gather(*(manager.recover(endpoint, ago(hours=1)) for _ in range(3)))
    assert sum(each["count"] for each in counts) == 2


@pytest.mark.parametrize("making", ["recover", "expand", "expand_little"])
async def test_whoever_makes_deliveries_waits_for_the_turn_first(
    fresh_database: Database, manager: Manager, school: School, deliveries: Deliveries, making: str
) -> None:
    """In two orders they could wait for each other: each for the turn, or for the row, that the other one has."""
    endpoint = await manager.endpoint()
    await happen(fresh_database, school)
    make = {
        "recover": lambda: manager.recover(endpoint, ago(hours=1)),
        "expand": lambda: expand(fresh_database),
        "expand_little": lambda: expand_little(fresh_database, None, ROOM),
    }
    async with fresh_database.raw(Wall.worker()) as holding:
        await holding.execute("SELECT FROM endpoint_state FOR UPDATE")
        made = asyncio.create_task(make[making]())
        while not await deliveries.rows("SELECT FROM pg_locks WHERE NOT granted"):
            assert not made.done()
        async with fresh_database.raw(Wall.worker()) as other:
            await other.execute(
                "INSERT INTO delivery (school_id, endpoint_id, event_id) SELECT school_id, $1, id FROM event",
                UUID(endpoint),
            )
    await made
    assert await deliveries.states() == {"pending": 1}


async def test_recovering_sends_what_happened_before_the_endpoint_was_made(
    fresh_database: Database, manager: Manager, school: School, engine: Engine
) -> None:
    await happen(fresh_database, school, count=2)
    endpoint = await manager.endpoint(topics=["wallet.low"], filter=[{"fact": "matricule", "equals": "A"}])
    await happen(fresh_database, school, matricule="A")
    await happen(fresh_database, school, matricule="B")
    await engine.expand()
    assert await engine.work_off() == 1
    assert (await manager.recover(endpoint, ago(hours=1)))["count"] == 0
    await manager.update(endpoint, filter=[])
    assert (await manager.recover(endpoint, ago(hours=1)))["count"] == 3
    assert await engine.work_off() == 3


async def test_recovering_goes_back_no_further_than_asked(
    fresh_database: Database, manager: Manager, school: School, engine: Engine
) -> None:
    await happen(fresh_database, school)
    endpoint = await manager.endpoint()
    ahead = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    assert (await manager.recover(endpoint, ahead))["count"] == 0
    assert (await manager.recover(endpoint, ago(days=91)))["code"] == "REPLAY_TOO_OLD"
    assert (await manager.recover(endpoint, "2025-01-13T00:00:00"))["code"] == "REPLAY_WITHOUT_OFFSET"


async def test_much_is_recovered_in_several_calls(
    fresh_database: Database,
    manager: Manager,
    school: School,
    deliveries: Deliveries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replays, "AT_ONCE", 3)
    await happen(fresh_database, school, count=7)
    endpoint = await manager.endpoint()
    answers = [await manager.recover(endpoint, ago(hours=1)) for _ in range(3)]
    assert [(each["count"], each["hasMore"]) for each in answers] == [(3, True), (3, True), (1, False)]
    assert await deliveries.states() == {"pending": 7}


async def test_recovering_looks_at_a_bounded_number_of_events_and_goes_on_behind_them(
    fresh_database: Database,
    manager: Manager,
    school: School,
    engine: Engine,
    deliveries: Deliveries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A year of what arrived or is not wanted lies before what did not."""
    monkeypatch.setattr(replays, "LOOKED_AT", 4)
    await happen(fresh_database, school, count=2)
    endpoint = await manager.endpoint(topics=["wallet.low"])
    await happen(fresh_database, school, count=3)
    await happen(fresh_database, school, count=5, topic=Topic.INVOICE_PAID)
    await engine.work_off()
    await happen(fresh_database, school)
    await exhaust(engine, deliveries, endpoint)
    since, counts, after = ago(hours=1), [], None
    while True:
        answer = await manager.recover(endpoint, since, after)
        counts.append(answer["count"])
        after = answer["endCursor"]
        assert answer["hasMore"] == (after is not None)
        if after is None:
            break
    assert counts == [2, 0, 1]


@pytest.mark.parametrize(
    ("which", "count"),
    [
        ({}, 2),
        ({"states": ["exhausted"]}, 2),
        ({"states": ["succeeded"]}, 3),
        ({"states": ["succeeded", "exhausted"]}, 5),
        ({"topic": "student.created"}, 1),
        ({"topic": "invoice.paid"}, 0),
        ({"until": "2020-01-01T00:00:00Z"}, 0),
    ],
)
async def test_a_filter_is_replayed(
    fresh_database: Database,
    manager: Manager,
    school: School,
    engine: Engine,
    deliveries: Deliveries,
    which: dict[str, Any],
    count: int,
) -> None:
    endpoint = await manager.endpoint()
    await _mixed(engine, fresh_database, school, deliveries, endpoint)
    assert (await manager.replay_some(endpoint, **which))["count"] == count
    assert (await manager.replay_some(endpoint, **which))["count"] == 0


async def test_much_is_replayed_in_several_calls_each_event_once(
    fresh_database: Database,
    manager: Manager,
    school: School,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even where what was replayed succeeds before the next call."""
    monkeypatch.setattr(replays, "AT_ONCE", 2)
    endpoint = await manager.endpoint()
    await happen(fresh_database, school, count=5)
    await engine.work_off()
    sent: list[str] = []

    def note(claimed: Claimed) -> Outcome:
        sent.append(str(claimed.event.id))
        return OK

    after = None
    while True:
        answer = await manager.replay_some(endpoint, after=after, states=["succeeded"])
        await engine.work_off(note)
        if not answer["hasMore"]:
            break
        after = answer["endCursor"]
    assert len(sent) == len(set(sent)) == 5


async def test_what_the_endpoint_no_longer_wants_is_not_replayed(
    fresh_database: Database, manager: Manager, school: School, engine: Engine
) -> None:
    endpoint = await manager.endpoint()
    await happen(fresh_database, school)
    await engine.work_off()
    [delivery] = await manager.deliveries()
    await manager.update(endpoint, topics=["invoice.paid"])
    async with fresh_database.transaction(Wall.app(school.id)) as session:
        with pytest.raises(ReplayNotOpen):
            await replays.replay_delivery(session, Owner(), delivery["id"])
        which = replays.ReplayFilter(("succeeded",))
        assert (await replays.replay_deliveries(session, Owner(), UUID(endpoint), which)).count == 0


async def test_what_is_replayed_to_a_paused_endpoint_waits_for_it(
    fresh_database: Database, manager: Manager, school: School, engine: Engine, deliveries: Deliveries
) -> None:
    from app.domains.webhooks.sweeping import follow_modes

    endpoint = await manager.endpoint()
    await happen(fresh_database, school)
    await engine.work_off()
    await manager.on("pauseEndpoint", endpoint)
    [done] = await manager.deliveries()
    assert (await manager.replay(done["id"]))["state"] == "held"
    assert await engine.work_off() == 0
    await manager.on("resumeEndpoint", endpoint)
    await follow_modes(fresh_database)
    assert await engine.work_off() == 1


def _ids(nodes: Sequence[dict[str, Any]]) -> list[str]:
    return [node["id"] for node in nodes]


async def test_deliveries_are_listed_and_searched(
    fresh_database: Database, manager: Manager, school: School, engine: Engine, deliveries: Deliveries
) -> None:
    endpoint = await manager.endpoint()
    await _mixed(engine, fresh_database, school, deliveries, endpoint)
    other = await manager.endpoint()
    everything = await manager.deliveries()
    assert _ids(everything) == sorted(_ids(everything), reverse=True)
    assert {node["state"] for node in everything} == {"succeeded", "exhausted", "pending"}
    found = {
        "exhausted": await manager.deliveries(filter={"state": "exhausted"}),
        "created": await manager.deliveries(filter={"topic": "student.created"}),
        "other": await manager.deliveries(filter={"endpointId": other}),
        "own": await manager.deliveries(filter={"endpointId": endpoint, "state": "succeeded"}),
        "later": await manager.deliveries(filter={"since": (datetime.now(UTC) + timedelta(minutes=5)).isoformat()}),
    }
    assert {name: len(nodes) for name, nodes in found.items()} == {
        "exhausted": 2,
        "created": 1,
        "other": 0,
        "own": 3,
        "later": 0,
    }
    [given_up, _] = found["exhausted"]
    assert [attempt["number"] for attempt in given_up["attempts"]] == [1, 2, 3, 4]
    assert given_up["attempts"][0] | {"milliseconds": 0} == {
        "number": 1,
        "outcome": "http_status",
        "explanation": "Le récepteur n'a pas répondu 2xx : corrigez-le d'après son journal. "
        "Une redirection n'est jamais suivie.",
        "status": 500,
        "error": None,
        "milliseconds": 0,
        "response": None,
    }
    assert given_up["dueAt"] is None
    assert given_up["endedAt"] is not None


async def test_a_topic_that_nobody_knows_finds_an_error_and_not_nothing(manager: Manager) -> None:
    refused = await manager.asker.refusal(manager.actor, LIST, filter={"topic": "nope.nope"})
    assert refused == ("TOPIC_UNKNOWN", "filter.topic")


async def test_deliveries_come_page_by_page(
    fresh_database: Database, manager: Manager, school: School, engine: Engine
) -> None:
    for _ in range(2):
        await manager.endpoint()
    await happen(fresh_database, school, count=3)
    await engine.work_off()
    everything = _ids(await manager.deliveries())
    assert len(everything) == 6
    seen: list[str] = []
    after = None
    while len(seen) < 6:
        page = (await manager.asker.data(manager.actor, LIST, first=4, after=after))["deliveries"]
        seen += _ids(page["nodes"])
        after = page["pageInfo"]["endCursor"]
    assert seen == everything
    assert not page["pageInfo"]["hasNextPage"]
    refused = await manager.asker.refusal(manager.actor, LIST, after=after, filter={"state": "succeeded"})
    assert refused == ("BAD_CURSOR", "after")
