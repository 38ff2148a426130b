"""Passages as they are listed: in the order in which they were recorded, in the zones of the key."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.students.records import StudentIdentity
from tests.support.clock import A_MONDAY_MORNING
from tests.support.factories.access import make_passage, make_zone
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student
from tests.support.operations import Asker

LIST = """query ($first: Int! = 20, $after: String, $order: Chronology! = oldest, $filter: PassageFilterInput) {
    passages(first: $first, after: $after, order: $order, filter: $filter) {
        nodes { zone direction decision occurredAt }
        pageInfo { hasNextPage endCursor } } }"""


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


@pytest.fixture
async def somebody(database: Database, core: Actor) -> StudentIdentity:
    """Came through GATE at nine and eleven, through BAR at ten, and was turned away there at noon. So did another."""
    async with database.transaction(Wall.app(core.school_id)) as session:
        zones = [await make_zone(session, core.school_id, code) for code in ("GATE", "BAR")]
        students = [await make_student(session, core.school_id) for _ in range(2)]
        for hour in range(4):
            moment = A_MONDAY_MORNING + timedelta(hours=hour)
            for student in students:
                await make_passage(session, zones[hour % 2], student.id, moment, granted=hour < 3)
    return students[0]


async def listed(asker: Asker, actor: Actor, **asked: Any) -> list[tuple[str, str]]:
    page = (await asker.data(actor, LIST, **asked))["passages"]
    return [(node["zone"], node["occurredAt"][11:13]) for node in page["nodes"]]


async def test_pages_lead_through_all_of_them_either_way(asker: Asker, core: Actor, somebody: StudentIdentity) -> None:
    oldest = await listed(asker, core)
    assert oldest == [each for each in (("GATE", "09"), ("BAR", "10"), ("GATE", "11"), ("BAR", "12")) for _ in "ab"]
    for order, expected in (("oldest", oldest), ("newest", oldest[::-1])):
        found, cursor, more = [], None, True
        while more:
            page = (await asker.data(core, LIST, first=3, order=order, after=cursor))["passages"]
            found += [(node["zone"], node["occurredAt"][11:13]) for node in page["nodes"]]
            cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert found == expected


@pytest.mark.parametrize(
    ("filter", "hours"),
    [
        ({"zone": "bar"}, ["10", "12"]),
        ({"zone": "NOWHERE"}, []),
        ({"granted": False}, ["12"]),
        ({"since": "2025-01-13T11:00:00Z"}, ["11", "12"]),
        ({"until": "2025-01-13T11:00:00Z"}, ["09", "10"]),
        ({"zone": "GATE", "since": "2025-01-13T10:00:00Z", "granted": True}, ["11"]),
    ],
)
async def test_filters(
    asker: Asker, core: Actor, somebody: StudentIdentity, filter: dict[str, Any], hours: list[str]
) -> None:
    found = await listed(asker, core, filter={"matricule": somebody.matricule.lower(), **filter})
    assert [hour for _, hour in found] == hours


async def test_a_key_of_a_zone_sees_who_passed_there(asker: Asker, core: Actor, somebody: StudentIdentity) -> None:
    gate = replace(core, zones=frozenset({"GATE"}))
    assert {zone for zone, _ in await listed(asker, gate)} == {"GATE"}
    assert await asker.refusal(gate, LIST, filter={"zone": "BAR"}) == ("INSUFFICIENT_ZONE", "zone")


async def test_an_instant_needs_its_offset(asker: Asker, core: Actor) -> None:
    assert await asker.refusal(core, LIST, filter={"until": "2025-01-13T11:00:00"}) == ("INVALID_INPUT", "filter.until")


async def test_those_shown_are_audited(
    database: Database, asker: Asker, core: Actor, somebody: StudentIdentity
) -> None:
    await listed(asker, core, filter={"matricule": somebody.matricule})
    async with database.raw(Wall.app(core.school_id)) as connection:
        assert await connection.fetchval("SELECT subjects FROM audit_entry") == [somebody.id]


async def test_another_school_sees_none(database: Database, asker: Asker, somebody: StudentIdentity) -> None:
    assert await listed(asker, await make_actor(database)) == []
