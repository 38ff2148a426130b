"""Endpoints as their owners make, change, pause, resume, delete and try them."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.signing import make_secret, read_secret, show_secret
from app.domains.events.visibility import family, topics_open_to
from app.domains.partners.presets import PRESETS
from app.domains.partners.tables import School
from app.domains.webhooks.errors import FactUnknown
from app.domains.webhooks.outcomes import Kind, Outcome
from app.domains.webhooks.service.choices import read_filter
from app.domains.webhooks.service.endpoints import MOST
from tests.domains.webhooks.conftest import Engine
from tests.domains.webhooks.managing import URL, Manager
from tests.support.factories.partners import hold_key, make_actor
from tests.support.factories.webhooks import Deliveries, change_endpoint, happen
from tests.support.operations import Asker


@pytest.fixture
def deliveries(fresh_database: Database, school: School) -> Deliveries:
    return Deliveries(fresh_database, school)


async def partner(database: Database, asker: Asker, school: School, preset: str = "moodle", **given: Any) -> Manager:
    actor = await make_actor(database, school, preset, **given)
    await hold_key(database, actor)
    return Manager(asker, actor)


async def test_an_endpoint_is_made_and_its_secret_shown_once(
    fresh_database: Database, manager: Manager, school: School
) -> None:
    answer = await manager.create(
        topics=["student.created", "invoice.paid"],
        filter=[{"fact": "matricule", "equals": "2024/INF/0123"}],
        payload="full",
        description=" Comptes ",
        headers=[{"name": "Authorization", "value": "Bearer x"}],
        longTail=True,
    )
    assert len(read_secret(answer["secret"])) == 32
    assert answer["endpoint"] | {"id": None} == {
        "id": None,
        "url": URL,
        "description": "Comptes",
        "topics": ["invoice.paid", "student.created"],
        "filter": [{"fact": "matricule", "equals": "2024/INF/0123"}],
        "payload": "full",
        "headerNames": ["authorization"],
        "status": "active",
        "disabledReason": None,
        "breaker": "ramp",
        "longTail": True,
    }
    assert await manager.endpoints() == [answer["endpoint"]["id"]]
    async with fresh_database.raw(Wall.app(school.id)) as connection:
        stored = await connection.fetchval("SELECT ciphertext FROM endpoint_secret")
    assert read_secret(answer["secret"]) not in stored


async def test_the_same_key_gives_the_same_endpoint_and_secret_and_keeps_neither_in_clear(
    fresh_database: Database, manager: Manager, school: School
) -> None:
    first, again = [await manager.create(key="once") for _ in range(2)]
    assert first == again
    assert len(await manager.endpoints()) == 1
    async with fresh_database.raw(Wall.app(school.id)) as connection:
        kept = await connection.fetchval("SELECT outcome::text FROM idempotency_key")
    assert first["secret"].removeprefix("whsec_") not in kept


async def test_an_owner_may_bring_a_secret(manager: Manager) -> None:
    secret = show_secret(make_secret())
    assert (await manager.create(secret=secret))["secret"] == secret


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"url": "https://127.0.0.1/"}, "URL_ADDRESS_NOT_PUBLIC", "url"),
        ({"url": "http://hook.example.org/"}, "URL_SCHEME_REFUSED", "url"),
        ({"url": "https://inside.example.org/"}, "URL_ADDRESS_NOT_PUBLIC", "url"),
        ({"url": "https://api.skooly.example/"}, "URL_OWN_HOST_REFUSED", "url"),
        ({"topics": ["student.expelled"]}, "TOPIC_UNKNOWN", "topics"),
        ({"filter": [{"fact": "Zone", "equals": "A"}]}, "FILTER_REFUSED", "filter"),
        ({"filter": [{"fact": "zone", "equals": "A"}] * 2}, "FILTER_REFUSED", "filter"),
        ({"filter": [{"fact": f"fact_{chr(97 + n)}", "equals": "A"} for n in range(11)]}, "FILTER_REFUSED", "filter"),
        ({"filter": [{"fact": "nope", "equals": "A"}]}, "FACT_UNKNOWN", "filter"),
        ({"topics": ["student.created"], "filter": [{"fact": "zone", "equals": "A"}]}, "FACT_UNKNOWN", "filter"),
        ({"filter": [{"fact": "total", "equals": "300"}]}, "FACT_UNKNOWN", "filter"),
        ({"headers": [{"name": "Host", "value": "x"}]}, "HEADER_RESERVED", "headers"),
        ({"headers": [{"name": "X-A", "value": "a\r\nb: c"}]}, "HEADER_MALFORMED", "headers"),
        ({"secret": "whsec_short"}, "SECRET_REFUSED", "secret"),
        ({"timeoutSeconds": 16}, "INVALID_INPUT", "timeoutSeconds"),
        ({"timeoutSeconds": 0}, "INVALID_INPUT", "timeoutSeconds"),
        ({"maxInFlight": 101}, "INVALID_INPUT", "maxInFlight"),
        ({"ratePerSecond": 0}, "INVALID_INPUT", "ratePerSecond"),
        ({"description": "a" * 201}, "INVALID_INPUT", "description"),
    ],
)
async def test_what_an_endpoint_cannot_be(manager: Manager, given: dict[str, Any], code: str, field: str) -> None:
    answer = await manager.create(**given)
    assert (answer["code"], answer["field"]) == (code, field)
    assert await manager.endpoints() == []


def test_a_filter_that_never_holds_says_which_facts_there_are() -> None:
    """An amount is not among them: a filter compares texts, and a number equals none."""
    with pytest.raises(FactUnknown) as refused:
        read_filter([("nope", "A")], ["wallet.low"])
    assert refused.value.facts == {"fact": "nope", "known": "currency, matricule"}
    assert read_filter([("zone", "A")], ["wallet.low", "access.denied"]) == {"zone": "A"}
    assert read_filter([("zone", "A")]) == {"zone": "A"}


def test_nor_does_one_whose_facts_no_topic_tells_together() -> None:
    with pytest.raises(FactUnknown) as refused:
        read_filter([("zone", "A"), ("currency", "XOF")], ["wallet.low", "access.denied"])
    assert refused.value.facts["fact"] == "currency"
    assert "zone" in refused.value.facts["known"].split(", "), "of the topics that tell the facts before it"
    assert read_filter([("matricule", "1"), ("currency", "XOF")], ["wallet.low", "access.denied"])


async def test_a_name_that_nobody_knows_yet_may_be_saved(manager: Manager) -> None:
    assert await manager.endpoint(url="https://soon.example.org/")


async def test_there_is_an_end_to_endpoints(manager: Manager) -> None:
    for _ in range(MOST):
        await manager.endpoint()
    assert (await manager.create())["code"] == "TOO_MANY_ENDPOINTS"


async def test_twenty_at_once_do_not_get_past_the_end(
    fresh_database: Database, manager: Manager, school: School
) -> None:
    first = await manager.endpoint()
    async with fresh_database.raw(Wall.app(school.id)) as connection:
        await connection.execute(
            "INSERT INTO endpoint (school_id, partner_id, url) SELECT school_id, partner_id, url FROM endpoint, "
            "generate_series(2, $2) WHERE id = $1",
            UUID(first),
            MOST - 5,
        )
    answers = await asyncio.gather(*(manager.create() for _ in range(20)))
    assert sorted(answer.get("code", "") for answer in answers) == [""] * 5 + ["TOO_MANY_ENDPOINTS"] * 15


async def test_a_partner_is_told_of_what_its_key_opens_and_of_nothing_else(
    fresh_database: Database, asker: Asker, school: School
) -> None:
    moodle = await partner(fresh_database, asker, school)
    assert (await moodle.create(topics=["student.created"]))["__typename"] == "NewEndpointAnswer"
    refused = await moodle.create(topics=["student.created", "invoice.paid"])
    assert (refused["code"], refused["field"]) == ("TOPIC_CLOSED", "topics")
    everything = (await moodle.create())["endpoint"]["topics"]
    assert set(everything) == {
        "student.created",
        "student.updated",
        "student.graduated",
        "endpoint.disabled",
        "endpoint.tested",
    }
    changed = await moodle.update(await moodle.endpoint(), topics=["wallet.low"])
    assert changed["code"] == "TOPIC_CLOSED"


def test_presets_that_take_events_are_told_who_and_never_how_much() -> None:
    for preset in ("annuaire", "moodle"):
        opened = topics_open_to(PRESETS[preset].scopes)
        assert {family(topic) for topic in opened} == {"student", "endpoint"}


async def test_a_key_for_some_zones_is_told_of_these_only(
    fresh_database: Database, asker: Asker, school: School
) -> None:
    scopes = ("webhooks:read", "webhooks:manage", "passages:read")
    gate = await partner(fresh_database, asker, school, scopes=scopes, zones=["PORTAIL"])
    for chosen in ([], [{"fact": "zone", "equals": "RESTAURANT"}]):
        assert (await gate.create(topics=["access.denied"], filter=chosen))["code"] == "ZONE_NOT_FILTERED"
    endpoint = await gate.endpoint(topics=["access.denied"], filter=[{"fact": "zone", "equals": "PORTAIL"}])
    assert (await gate.update(endpoint, filter=[]))["code"] == "ZONE_NOT_FILTERED"


async def test_a_partner_sees_and_changes_its_own_endpoints_only(
    fresh_database: Database, asker: Asker, school: School, manager: Manager
) -> None:
    endpoint = await manager.endpoint()
    moodle = await partner(fresh_database, asker, school)
    elsewhere = Manager(asker, await make_actor(fresh_database))
    for stranger in (moodle, elsewhere):
        assert await stranger.endpoints() == []
        for name in ("pauseEndpoint", "resumeEndpoint", "deleteEndpoint"):
            assert (await stranger.on(name, endpoint))["code"] == "ENDPOINT_NOT_FOUND"
        assert (await stranger.update(endpoint, description="x"))["code"] == "ENDPOINT_NOT_FOUND"
        assert (await stranger.rotate(endpoint, 0))["code"] == "ENDPOINT_NOT_FOUND"
        assert (await stranger.recover(endpoint, "2025-01-13T00:00:00Z"))["code"] == "ENDPOINT_NOT_FOUND"
        assert (await stranger.replay_some(endpoint))["code"] == "ENDPOINT_NOT_FOUND"
    assert await manager.endpoints() == [endpoint]


async def test_what_is_left_out_stays_as_it_is(manager: Manager) -> None:
    endpoint = await manager.endpoint(description="Comptes", topics=["student.created"])
    changed = await manager.update(endpoint, url="https://hook.example.org/new", topics=["invoice.paid"])
    assert (changed["url"], changed["topics"]) == ("https://hook.example.org/new", ["invoice.paid"])
    assert changed["description"] == "Comptes"
    assert (await manager.update(endpoint, url="https://localhost/"))["code"] == "URL_HOST_REFUSED"
    assert (await manager.update(endpoint, description=None))["description"] == "Comptes"


async def test_endpoints_come_page_by_page(manager: Manager) -> None:
    made = [await manager.endpoint() for _ in range(3)]
    text = "query ($after: String) { endpoints(first: 2, after: $after) { nodes { id } pageInfo { endCursor } } }"
    first = (await manager.asker.data(manager.actor, text))["endpoints"]
    rest = (await manager.asker.data(manager.actor, text, after=first["pageInfo"]["endCursor"]))["endpoints"]
    assert [node["id"] for page in (first, rest) for node in page["nodes"]] == made


async def test_a_pause_holds_and_a_resumption_lets_go(
    fresh_database: Database, manager: Manager, school: School, engine: Engine, deliveries: Deliveries
) -> None:
    from app.domains.webhooks.sweeping import follow_modes

    endpoint = await manager.endpoint()
    await happen(fresh_database, school)
    await engine.expand()
    assert (await manager.on("pauseEndpoint", endpoint))["status"] == "paused"
    await follow_modes(fresh_database)
    await happen(fresh_database, school)
    await engine.expand()
    assert await deliveries.states() == {"held": 2}
    assert await engine.work_off() == 0
    assert (await manager.on("resumeEndpoint", endpoint))["status"] == "active"
    await follow_modes(fresh_database)
    assert await engine.work_off() == 2
    assert await deliveries.states() == {"succeeded": 2}


async def test_deleted_in_mid_retry_nothing_more_is_sent(
    fresh_database: Database, manager: Manager, school: School, engine: Engine, deliveries: Deliveries
) -> None:
    from app.domains.webhooks.sweeping import follow_modes

    endpoint = await manager.endpoint()
    await happen(fresh_database, school, count=2)
    await engine.work_off(Outcome(Kind.HTTP_STATUS, 5, status=500))
    assert await deliveries.states() == {"retry_wait": 2}
    assert (await manager.on("deleteEndpoint", endpoint))["id"] == endpoint
    await follow_modes(fresh_database)
    assert await deliveries.states() == {"cancelled": 2}
    assert await manager.endpoints() == []
    assert (await manager.on("resumeEndpoint", endpoint))["code"] == "ENDPOINT_NOT_FOUND"
    assert await deliveries.rows("SELECT * FROM endpoint_secret WHERE school_id = $1", school.id) == []


async def test_edited_in_mid_retry_the_next_attempt_goes_to_the_new_url(
    fresh_database: Database, manager: Manager, school: School, engine: Engine, deliveries: Deliveries
) -> None:
    endpoint = await manager.endpoint()
    await happen(fresh_database, school)
    await engine.work_off(Outcome(Kind.HTTP_STATUS, 5, status=500))
    await manager.update(endpoint, url="https://hook.example.org/new")
    await deliveries.shift(UUID(endpoint), 120)
    [claimed] = await engine.claim()
    assert (claimed.target.url, claimed.number) == ("https://hook.example.org/new", 2)


async def test_gone_disables_and_a_resumption_catches_up(
    fresh_database: Database, manager: Manager, school: School, engine: Engine, deliveries: Deliveries
) -> None:
    from app.domains.webhooks.fanning import backfill
    from app.domains.webhooks.sweeping import disable_failing, follow_modes

    endpoint = await manager.endpoint(topics=["wallet.low"])
    await happen(fresh_database, school)
    await engine.work_off(Outcome(Kind.HTTP_STATUS, 5, status=410))
    await disable_failing(fresh_database)
    await follow_modes(fresh_database)
    [shown] = (await manager.asker.data(manager.actor, "{ endpoints { nodes { status disabledReason } } }"))[
        "endpoints"
    ]["nodes"]
    assert shown == {"status": "disabled", "disabledReason": "gone"}
    await happen(fresh_database, school)
    await manager.on("resumeEndpoint", endpoint)
    await follow_modes(fresh_database)
    while (await backfill(fresh_database)).more:
        pass
    assert await engine.work_off() == 2
    assert await deliveries.states() == {"succeeded": 2}


async def test_a_test_goes_to_this_endpoint_alone_whatever_it_takes(
    fresh_database: Database, manager: Manager, school: School, engine: Engine
) -> None:
    tested = await manager.endpoint(topics=["student.created"], filter=[{"fact": "matricule", "equals": "X"}])
    other = await manager.endpoint()
    assert (await manager.on("sendTestEvent", tested))["id"] == tested
    await engine.expand()
    [delivery] = await manager.deliveries()
    assert (delivery["endpointId"], delivery["topic"], delivery["state"]) == (tested, "endpoint.tested", "pending")
    assert other != tested


async def test_a_disabled_endpoint_is_not_tested_until_it_is_resumed(
    fresh_database: Database, manager: Manager, school: School
) -> None:
    """It would hear of the test at some later time, when nobody thinks of it."""
    endpoint = await manager.endpoint()
    await change_endpoint(fresh_database, school, UUID(endpoint), status="disabled", disabled_reason="failing")
    assert (await manager.on("sendTestEvent", endpoint))["code"] == "ENDPOINT_DISABLED"
    await manager.on("resumeEndpoint", endpoint)
    assert (await manager.on("sendTestEvent", endpoint))["id"] == endpoint


@pytest.mark.parametrize("preset", sorted(PRESETS))
async def test_only_keys_with_the_scope_get_in(
    fresh_database: Database, asker: Asker, school: School, preset: str
) -> None:
    from app.api.errors import InsufficientScope

    actor: Actor = await make_actor(fresh_database, school, preset)
    manages = "webhooks:manage" in actor.scopes
    assert manages is (preset in {"annuaire", "moodle", "core"})
    if manages:
        assert await Manager(asker, actor).endpoints() == []
    else:
        with pytest.raises(InsufficientScope):
            await asker.ask(actor, "{ endpoints { nodes { id } } }")
