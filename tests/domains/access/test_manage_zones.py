"""Zones over the API: opened once, changed in part, and the next check goes by what they are now."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.access.decisions import Reason
from app.domains.access.loaders import AccessChecks
from app.domains.events.service import read_events
from app.domains.partners.tables import School
from tests.domains.access.conftest import ask
from tests.support.clock import FixedClock
from tests.support.factories.access import make_visit
from tests.support.factories.finance import make_top_up
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_class
from tests.support.operations import Asker

ZONE = """
    ... on Zone { code label price currency requiresTuition antiPassbackSeconds programmes
        windows { meal weekdays opens closes } }
    ... on Failure { code field }"""
CREATE = f"""mutation ($input: CreateZoneInput!, $key: String) {{
    createZone(input: $input, idempotencyKey: $key) {{ __typename {ZONE} }} }}"""
UPDATE = f"mutation ($input: UpdateZoneInput!) {{ updateZone(input: $input) {{ __typename {ZONE} }} }}"
LIST = "{ zones { code } }"
DINNER = {"meal": "dîner", "weekdays": ["friday", "saturday"], "opens": "19:30", "closes": "00:30"}
BAR = {"code": "bar", "label": "Cafétéria", "currency": "EUR", "price": "2.50", "windows": [DINNER]}


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


async def create(asker: Asker, actor: Actor, given: dict[str, Any] = BAR, key: str | None = None) -> dict[str, Any]:
    result: dict[str, Any] = (await asker.data(actor, CREATE, input=given, key=key))["createZone"]
    return result


async def change(asker: Asker, actor: Actor, **given: Any) -> dict[str, Any]:
    result: dict[str, Any] = (await asker.data(actor, UPDATE, input={"zone": "BAR", **given}))["updateZone"]
    return result


async def told(database: Database, actor: Actor) -> list[tuple[str, dict[str, Any]]]:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        return [(event.type, event.facts) for event in await read_events(session, 0, 100)]


async def test_a_zone_is_opened(database: Database, asker: Asker, core: Actor) -> None:
    assert await create(asker, core) == {
        "__typename": "Zone",
        "code": "BAR",
        "label": "Cafétéria",
        "price": "2.50",
        "currency": "EUR",
        "requiresTuition": True,
        "antiPassbackSeconds": 0,
        "programmes": [],
        "windows": [DINNER],
    }
    [(topic, facts)] = await told(database, core)
    assert (topic, facts["zone"], facts["price"]) == ("zone.created", "BAR", "2.50")
    assert facts["windows"] == [{"meal": "dîner", "weekdays": [5, 6], "opens_at": "19:30", "closes_at": "00:30"}]


async def test_fifty_at_once_under_one_key_open_one(database: Database, asker: Asker, core: Actor) -> None:
    outcomes = await asyncio.gather(*(asker.ask(core, CREATE, input=BAR, key="once") for _ in range(50)))
    made = [each.data["createZone"]["code"] for each in outcomes if each.data]
    refused = {error.code for each in outcomes for error in each.errors}
    assert set(made) == {"BAR"}
    assert refused <= {"IDEMPOTENCY_IN_FLIGHT"}
    assert len(made) + sum(bool(each.errors) for each in outcomes) == 50
    assert [topic for topic, _ in await told(database, core)] == ["zone.created"]


async def test_what_is_left_out_stays(database: Database, asker: Asker, core: Actor) -> None:
    made = await create(asker, core)
    changed = await change(asker, core, price="3", antiPassbackSeconds=600)
    assert changed == {**made, "price": "3.00", "antiPassbackSeconds": 600}
    assert await change(asker, core, windows=[]) == {**changed, "windows": []}
    assert [topic for topic, _ in await told(database, core)] == ["zone.created", "zone.updated", "zone.updated"]


async def test_changing_nothing_tells_nobody(database: Database, asker: Asker, core: Actor) -> None:
    made = await create(asker, core)
    assert await change(asker, core) == made
    assert await change(asker, core, label="Cafétéria", windows=[DINNER]) == made
    assert len(await told(database, core)) == 1


async def test_it_may_be_for_some_programmes(database: Database, asker: Asker, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await make_class(session, core.school_id, programme="INF")
    await create(asker, core, {**BAR, "programmes": ["inf"]})
    assert (await change(asker, core, programmes=[]))["programmes"] == []
    assert (await change(asker, core, programmes=["INF"]))["programmes"] == ["INF"]


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"code": "bar"}, "ZONE_CODE_TAKEN", "code"),
        ({"price": "2.555"}, "INVALID_INPUT", "price"),
        ({"price": "-1"}, "INVALID_INPUT", "price"),
        ({"currency": "ZZZ"}, "INVALID_INPUT", "currency"),
        ({"label": " "}, "INVALID_INPUT", "label"),
        ({"programmes": ["NULLE"]}, "INVALID_INPUT", "programmes"),
        ({"antiPassbackSeconds": -1}, "INVALID_INPUT", "antiPassbackSeconds"),
        ({"windows": [{**DINNER, "weekdays": []}]}, "INVALID_INPUT", "windows.0.weekdays"),
        ({"windows": [DINNER, {**DINNER, "opens": "25:00"}]}, "INVALID_INPUT", "windows.1.opens"),
        ({"windows": [{**DINNER, "closes": "19:30"}]}, "INVALID_INPUT", "windows.0.closes"),
        ({"windows": [{**DINNER, "meal": ""}]}, "INVALID_INPUT", "windows.0.meal"),
        ({"windows": [{**DINNER, "weekdays": ["monday"]}] * 101}, "INVALID_INPUT", "windows"),
    ],
)
async def test_what_a_zone_cannot_be_is_named(
    database: Database, asker: Asker, core: Actor, wrong: dict[str, Any], code: str, field: str
) -> None:
    await create(asker, core)
    refused = await create(asker, core, {**BAR, "code": "OTHER", **wrong})
    assert (refused["code"], refused["field"]) == (code, field)
    if "code" not in wrong:
        refused = await change(asker, core, **wrong)
        assert (refused["code"], refused["field"]) == (code, field)
    assert len(await told(database, core)) == 1


async def test_null_is_no_value(asker: Asker, core: Actor) -> None:
    await create(asker, core)
    for field in ("label", "requiresTuition"):
        refused = await change(asker, core, **{field: None})
        assert (refused["code"], refused["field"]) == ("INVALID_INPUT", field)


async def test_there_is_no_such_zone_elsewhere(database: Database, asker: Asker, core: Actor) -> None:
    await create(asker, core)
    elsewhere = await make_actor(database)
    assert (await change(asker, elsewhere, label="Mien"))["code"] == "UNKNOWN_ZONE"
    assert await asker.data(elsewhere, LIST) == {"zones": []}


async def test_a_key_of_some_zones_sees_those(database: Database, asker: Asker, core: Actor) -> None:
    for code in ("A", "B"):
        await create(asker, core, {**BAR, "code": code})
    scopes = {"zones:read"}
    async with database.transaction(Wall.app(core.school_id)) as session:
        school = await session.get_one(School, core.school_id)
    gate = await make_actor(database, school, scopes=scopes, zones={"B"})
    assert await asker.data(gate, LIST) == {"zones": [{"code": "B"}]}
    assert await asker.refusal(gate, '{ zone(code: "a") { label } }') == ("INSUFFICIENT_ZONE", "code")
    with pytest.raises(InsufficientScope):
        await change(asker, gate, label="Autre")


async def test_a_key_of_some_zones_opens_and_changes_no_other(database: Database, asker: Asker, core: Actor) -> None:
    await create(asker, core)
    gate = replace(core, zones=frozenset({"BUFFET"}))
    assert await asker.refusal(gate, UPDATE, input={"zone": "bar", "price": "0"}) == ("INSUFFICIENT_ZONE", "zone")
    assert await asker.refusal(gate, CREATE, input={**BAR, "code": "autre"}) == ("INSUFFICIENT_ZONE", "code")
    assert (await create(asker, gate, {**BAR, "code": "buffet"}))["code"] == "BUFFET"
    assert await asker.data(core, LIST) == {"zones": [{"code": "BAR"}, {"code": "BUFFET"}]}


async def test_the_next_check_goes_by_the_new_price(
    database: Database, asker: Asker, core: Actor, clock: FixedClock
) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        visit = await make_visit(session, core, now=clock.now())
        await make_top_up(session, core, visit.student.matricule, 700)
    await create(asker, core, {"code": "BAR", "label": "Bar", "currency": "XOF", "price": "500"})
    checks = AccessChecks(database, clock)
    assert await ask(checks, core, visit.badge, "BAR") is None
    await change(asker, core, price="1000000")
    assert await ask(checks, core, visit.badge, "BAR") is Reason.INSUFFICIENT_BALANCE
    await change(asker, core, price="0", windows=[{**DINNER, "weekdays": ["sunday"]}])
    assert await ask(checks, core, visit.badge, "BAR") is Reason.OUTSIDE_MEAL_WINDOW
    night = {"meal": "nuit", "weekdays": ["sunday"], "opens": "22:00", "closes": "10:00"}
    await change(asker, core, windows=[night])
    assert await ask(checks, core, visit.badge, "BAR") is None, "Monday at nine is still Sunday's night"
