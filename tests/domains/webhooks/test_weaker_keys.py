"""Two keys of one integration: what one may not read, it can neither see, change, replay nor have sent elsewhere."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from app.core.database import Database, Wall
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from app.domains.webhooks.errors import ReplayNotOpen
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.schema import Mutation, Query
from app.domains.webhooks.service import ReplayFilter, replay_deliveries, replay_delivery
from tests.domains.webhooks.conftest import Engine
from tests.domains.webhooks.managing import URL, Manager
from tests.support.clock import FixedClock
from tests.support.factories.partners import hold_key, make_actor
from tests.support.factories.webhooks import happen
from tests.support.operations import Asker

MANAGING = ("webhooks:read", "webhooks:manage")
IN_SIGHT = "student.created"


@dataclass
class Scene:
    """An endpoint of the stronger key, with a delivery that arrived and a secret rotated under a known key."""

    strong: Manager
    weak: Manager
    endpoint: str
    delivery: str
    since: str = field(default_factory=lambda: (datetime.now(UTC) - timedelta(hours=1)).isoformat())


Operation = Callable[[Manager, Scene], Awaitable[dict[str, Any]]]
MUTATIONS: Mapping[str, Operation] = {
    "updateEndpoint": lambda key, it: key.update(it.endpoint, url=f"{URL}/mine"),
    "pauseEndpoint": lambda key, it: key.on("pauseEndpoint", it.endpoint),
    "resumeEndpoint": lambda key, it: key.on("resumeEndpoint", it.endpoint),
    "deleteEndpoint": lambda key, it: key.on("deleteEndpoint", it.endpoint),
    "sendTestEvent": lambda key, it: key.on("sendTestEvent", it.endpoint),
    "rotateEndpointSecret": lambda key, it: key.rotate(it.endpoint, 24, "known"),
    "replayDelivery": lambda key, it: key.replay(it.delivery, "known"),
    "replayDeliveries": lambda key, it: key.replay_some(it.endpoint, states=["succeeded"]),
    "recoverDeliveries": lambda key, it: key.recover(it.endpoint, it.since),
}
WEAKER = {
    "topics": {"scopes": [*MANAGING, "students:read"]},
    "zones": {"scopes": [*MANAGING, "students:read", "passages:read"], "zones": ["PORTAIL"]},
    "none": {"scopes": [*MANAGING]},
}


async def a_key(database: Database, asker: Asker, school: School, **given: Any) -> Manager:
    actor = await make_actor(database, school, partner="ERP", **given)
    await hold_key(database, actor)
    return Manager(asker, actor)


@pytest.fixture
async def strong(fresh_database: Database, asker: Asker, school: School, clock: FixedClock) -> Manager:
    clock.set(datetime.now(UTC))
    return await a_key(fresh_database, asker, school)


@pytest.fixture(params=WEAKER)
async def scene(
    request: pytest.FixtureRequest,
    fresh_database: Database,
    asker: Asker,
    school: School,
    engine: Engine,
    strong: Manager,
) -> Scene:
    weak = await a_key(fresh_database, asker, school, **WEAKER[request.param])
    chosen = [{"fact": "zone", "equals": "RESTAURANT"}]
    endpoint = await strong.endpoint(topics=["access.denied", IN_SIGHT], filter=chosen)
    await happen(fresh_database, school, topic=Topic.ACCESS_DENIED, zone="RESTAURANT")
    await engine.work_off()
    [delivery] = await strong.deliveries()
    await strong.rotate(endpoint, 24, "known")
    await strong.replay(delivery["id"], "known")
    await engine.work_off()
    return Scene(strong, weak, endpoint, delivery["id"])


def test_every_mutation_is_tried() -> None:
    asked, changed = (get_object_definition(each, strict=True).fields for each in (Query, Mutation))
    assert {to_camel_case(field.python_name) for field in changed} - {"createEndpoint"} == set(MUTATIONS)
    assert {field.python_name for field in asked} == {"endpoints", "endpoint", "deliveries", "delivery"}


async def test_what_is_out_of_sight_is_not_there(scene: Scene) -> None:
    for name, operation in MUTATIONS.items():
        refused = await operation(scene.weak, scene)
        assert refused["code"] in {"ENDPOINT_NOT_FOUND", "DELIVERY_NOT_FOUND"}, name
    assert await scene.weak.endpoints() == []
    assert await scene.weak.deliveries() == []
    asked = "query ($e: UUID!, $d: String!) { endpoint(endpointId: $e) { url } delivery(deliveryId: $d) { topic } }"
    shown = await scene.weak.asker.data(scene.weak.actor, asked, e=scene.endpoint, d=scene.delivery)
    assert shown == {"endpoint": None, "delivery": None}


async def test_nothing_of_that_changed_anything_and_the_stronger_key_does_it_all(scene: Scene) -> None:
    for operation in MUTATIONS.values():
        await operation(scene.weak, scene)
    before = await scene.strong.asker.data(scene.strong.actor, "{ endpoints { nodes { url status } } }")
    assert before["endpoints"]["nodes"] == [{"url": URL, "status": "active"}]
    assert len(await scene.strong.deliveries()) == 2
    for name in sorted(MUTATIONS, key=lambda name: name == "deleteEndpoint"):
        assert "code" not in await MUTATIONS[name](scene.strong, scene), name


async def test_an_answer_is_not_repeated_to_a_key_that_may_not_have_it(
    fresh_database: Database, asker: Asker, school: School, strong: Manager
) -> None:
    asked = {"topics": ["invoice.paid"], "key": "known"}
    made = await strong.create(**asked)
    assert (await strong.create(**asked)) == made
    weak = await a_key(fresh_database, asker, school, scopes=[*MANAGING, "students:read"])
    refused = await weak.create(**asked)
    assert (refused["code"], "secret" in refused) == ("TOPIC_CLOSED", False)


async def test_of_an_endpoint_in_sight_events_out_of_sight_are_neither_shown_nor_replayed(
    fresh_database: Database, asker: Asker, school: School, engine: Engine, strong: Manager
) -> None:
    """It was told more once."""
    weak = await a_key(fresh_database, asker, school, scopes=[*MANAGING, "students:read"])
    endpoint = await strong.endpoint(topics=["invoice.paid", IN_SIGHT])
    await happen(fresh_database, school, topic=Topic.INVOICE_PAID)
    await happen(fresh_database, school, topic=Topic.STUDENT_CREATED)
    await engine.work_off()
    await strong.update(endpoint, topics=[IN_SIGHT])
    assert [each["topic"] for each in await weak.deliveries()] == [IN_SIGHT]
    [hidden] = [each["id"] for each in await strong.deliveries() if each["topic"] == "invoice.paid"]
    assert (await weak.replay(hidden))["code"] == "DELIVERY_NOT_FOUND"
    assert (await weak.replay_some(endpoint, states=["succeeded"]))["count"] == 1
    assert (await strong.replay_some(endpoint, states=["succeeded"]))["count"] == 0, "nor where it is told no more"
    await strong.update(endpoint, topics=["invoice.paid", IN_SIGHT])
    assert (await strong.replay_some(endpoint, states=["succeeded"]))["count"] == 1


async def test_of_a_zone_in_sight_events_of_another_are_not_shown(
    fresh_database: Database, asker: Asker, school: School, engine: Engine, strong: Manager
) -> None:
    gate = await a_key(fresh_database, asker, school, scopes=[*MANAGING, "passages:read"], zones=["PORTAIL"])
    endpoint = await strong.endpoint(topics=["access.denied"])
    for zone in ("RESTAURANT", "PORTAIL"):
        await happen(fresh_database, school, topic=Topic.ACCESS_DENIED, zone=zone)
    await engine.work_off()
    assert await gate.deliveries() == []
    await strong.update(endpoint, filter=[{"fact": "zone", "equals": "PORTAIL"}])
    assert len(await gate.deliveries()) == 1
    assert len(await strong.deliveries()) == 2


async def test_nothing_is_replayed_that_no_key_may_read_any_more(
    fresh_database: Database, asker: Asker, school: School, engine: Engine
) -> None:
    """Not by the school itself either."""
    key = await a_key(fresh_database, asker, school, scopes=[*MANAGING, "students:read"])
    endpoint = await key.endpoint(topics=[IN_SIGHT])
    await happen(fresh_database, school, topic=Topic.STUDENT_CREATED)
    await engine.work_off()
    [delivery] = await key.deliveries()
    async with fresh_database.raw(Wall.app(school.id)) as connection:
        await connection.execute("UPDATE endpoint SET topics = '{endpoint.tested}'")
        await connection.execute("UPDATE api_key SET scopes = '{webhooks:read,webhooks:manage}'")
    async with fresh_database.transaction(Wall.app(school.id)) as session:
        with pytest.raises(ReplayNotOpen):
            await replay_delivery(session, Owner(), delivery["id"])
        which = ReplayFilter(("succeeded",))
        assert (await replay_deliveries(session, Owner(), UUID(endpoint), which)).count == 0
