"""Passages: recorded once for ever, a meal debited once, and what a device says happened is a fact."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.access.decisions import Reason
from app.domains.access.errors import InsufficientZone
from app.domains.events.service import read_events
from tests.domains.access.conftest import MakeVisit
from tests.support.clock import FixedClock
from tests.support.factories.access import PRICE, Visit
from tests.support.factories.students import make_badge, make_student
from tests.support.operations import Asker

RECORD = """mutation ($input: RecordPassageInput!, $key: String) {
    recordPassage(input: $input, idempotencyKey: $key) {
        __typename
        ... on Passage {
            id zone direction decision reason message offline mealDebited overdrawn occurredAt recordedAt }
        ... on Failure { code failure: message field } } }"""


def passage(visit: Visit, event: str = "1", **others: Any) -> dict[str, Any]:
    told = {"deviceId": "tourniquet-1", "deviceEventId": event, "occurredAt": "2025-01-13T09:00:00+00:00"}
    return {"zone": visit.zone.code, "badge": visit.badge, **told, **others}


async def record(asker: Asker, actor: Actor, given: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    result: dict[str, Any] = (await asker.data(actor, RECORD, input=given, key=key))["recordPassage"]
    return result


async def balance(database: Database, visit: Visit) -> int:
    async with database.raw(Wall.app(visit.zone.school_id)) as connection:
        found: int = await connection.fetchval("SELECT balance FROM wallet WHERE student_id = $1", visit.student.id)
    return found


async def told(database: Database, actor: Actor, topic: str) -> list[dict[str, Any]]:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        events = await read_events(session, after=0, limit=1000)
    return [event.facts for event in events if event.type == topic]


async def denials(database: Database, actor: Actor) -> list[dict[str, Any]]:
    return await told(database, actor, "access.denied")


async def test_a_passage_is_recorded_and_its_meal_debited(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit()
    result = await record(asker, actor, passage(someone))
    assert result.pop("id")
    assert result == {
        "__typename": "Passage",
        "zone": someone.zone.code,
        "direction": "in",
        "decision": "granted",
        "reason": None,
        "message": None,
        "offline": False,
        "mealDebited": True,
        "overdrawn": False,
        "occurredAt": "2025-01-13T09:00:00+00:00",
        "recordedAt": "2025-01-13T09:00:00+00:00",
    }
    assert await balance(database, someone) == 9 * PRICE
    assert await denials(database, actor) == []
    assert await told(database, actor, "access.granted") == [
        {
            "matricule": someone.student.matricule,
            "zone": someone.zone.code,
            "device_id": "tourniquet-1",
            "offline": False,
            "direction": "in",
            "meal": "lunch",
        }
    ]


async def test_a_device_event_told_again_answers_the_first_result(
    database: Database, asker: Asker, actor: Actor, clock: FixedClock, visit: MakeVisit
) -> None:
    someone, other = await visit(), await visit()
    first = await record(asker, actor, passage(someone))
    clock.advance(timedelta(days=400))
    assert await record(asker, actor, passage(someone)) == first
    assert await record(asker, actor, passage(other, direction="out", granted=False)) == first
    assert await balance(database, someone) == 9 * PRICE


async def test_fifty_devices_telling_one_event_record_it_once(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit()
    results = await asyncio.gather(*(record(asker, actor, passage(someone)) for _ in range(50)))
    assert len({result["id"] for result in results}) == 1
    assert await balance(database, someone) == 9 * PRICE
    async with database.raw(Wall.app(actor.school_id)) as connection:
        assert await connection.fetchval("SELECT count(*) FROM passage") == 1


async def test_an_idempotency_key_answers_the_first_result_too(asker: Asker, actor: Actor, visit: MakeVisit) -> None:
    given = passage(await visit(Reason.INSUFFICIENT_BALANCE))
    first = await record(asker, actor, given, key="k")
    assert first["reason"] == "INSUFFICIENT_BALANCE"
    assert await record(asker, actor, given, key="k") == first


async def test_leaving_costs_nothing_and_lets_in_again(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit()
    moments = {"in": "08:59:30", "out": "08:59:40", "again": "08:59:50", "at once": "08:59:55"}
    told = {event: f"2025-01-13T{moment}+00:00" for event, moment in moments.items()}
    assert (await record(asker, actor, passage(someone, "in", occurredAt=told["in"])))["mealDebited"]
    left = await record(asker, actor, passage(someone, "out", occurredAt=told["out"], direction="out", granted=True))
    assert (left["decision"], left["direction"], left["mealDebited"]) == ("granted", "out", False)
    assert (await record(asker, actor, passage(someone, "again", occurredAt=told["again"])))["decision"] == "granted"
    assert (await record(asker, actor, passage(someone, "5", occurredAt=told["at once"])))["reason"] == "ANTI_PASSBACK"


async def test_a_denied_passage_goes_into_the_log(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit(Reason.TUITION_UNPAID)
    result = await record(asker, actor, passage(someone))
    assert (result["decision"], result["reason"], result["message"]) == (
        "denied",
        "TUITION_UNPAID",
        "Scolarité impayée",
    )
    assert await denials(database, actor) == [
        {
            "matricule": someone.student.matricule,
            "zone": someone.zone.code,
            "reason": "TUITION_UNPAID",
            "device_id": "tourniquet-1",
            "offline": False,
        }
    ]


async def test_an_unknown_badge_is_recorded_as_denied(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    result = await record(asker, actor, passage(await visit(Reason.UNKNOWN_BADGE)))
    assert result["reason"] == "UNKNOWN_BADGE"
    [facts] = await denials(database, actor)
    assert facts["matricule"] is None


async def test_a_device_that_kept_somebody_out_is_believed(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit()
    result = await record(asker, actor, passage(someone, granted=False))
    assert (result["decision"], result["reason"]) == ("denied", None)
    assert await balance(database, someone) == 10 * PRICE
    assert len(await denials(database, actor)) == 1


async def test_a_late_passage_is_of_whoever_held_the_badge_then(
    database: Database, asker: Asker, actor: Actor, clock: FixedClock, visit: MakeVisit
) -> None:
    someone = await visit()
    async with database.transaction(Wall.app(actor.school_id)) as session:
        other = await make_student(session, actor.school_id)
        await make_badge(session, actor, other.matricule, someone.badge)
    async with database.raw(Wall.app(actor.school_id)) as connection:
        given_on = await connection.fetchval("SELECT max(revoked_at) FROM badge")
        await connection.execute(
            "UPDATE badge SET assigned_at = assigned_at - interval '1 day' WHERE revoked_at = $1", given_on
        )
    clock.set(given_on)
    before, after = given_on - timedelta(minutes=1), given_on + timedelta(minutes=1)
    holders = []
    for event, moment in (("before", before), ("after", after)):
        told = passage(someone, event, occurredAt=moment.isoformat(), offline=True, granted=True)
        await record(asker, actor, told)
        async with database.raw(Wall.app(actor.school_id)) as connection:
            holders.append(
                await connection.fetchval("SELECT student_id FROM passage WHERE device_event_id = $1", event)
            )
    assert holders == [someone.student.id, other.id]


@pytest.mark.parametrize(
    ("moment", "code"), [("2025-01-13T09:05:01Z", "PASSAGE_IN_FUTURE"), ("2024-12-13T08:59:59Z", "PASSAGE_TOO_OLD")]
)
async def test_moments_are_bounded(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit, moment: str, code: str
) -> None:
    someone = await visit()
    result = await record(asker, actor, passage(someone, occurredAt=moment))
    assert (result["__typename"], result["code"], result["field"]) == ("PassageInvalid", code, "occurredAt")
    assert (await record(asker, actor, passage(someone)))["decision"] == "granted"  # the event's number was not used up


async def test_an_unknown_zone_is_a_failure(asker: Asker, actor: Actor, visit: MakeVisit) -> None:
    result = await record(asker, actor, {**passage(await visit()), "zone": "nowhere"})
    assert (result["__typename"], result["field"]) == ("UnknownZone", "zone")


async def test_a_key_for_some_zones_records_and_learns_nothing_of_others(
    asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone, elsewhere = await visit(), await visit()
    keeper = replace(actor, zones=frozenset({someone.zone.code}))
    refusal = (InsufficientZone.code, "zone")
    assert await asker.refusal(keeper, RECORD, input=passage(elsewhere)) == refusal
    await record(asker, actor, passage(elsewhere))
    assert await asker.refusal(keeper, RECORD, input=passage(someone)) == refusal  # that event was elsewhere's


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("badge", ""),
        ("badge", "a\tb"),
        ("deviceId", " "),
        ("deviceEventId", "x" * 65),
        ("occurredAt", "2025-01-13T09:00:00"),
    ],
)
async def test_unusable_texts_are_refused(asker: Asker, actor: Actor, visit: MakeVisit, field: str, value: str) -> None:
    given = {**passage(await visit()), field: value}
    assert await asker.refusal(actor, RECORD, input=given) == ("INVALID_INPUT", field)


async def test_the_record_is_audited(database: Database, asker: Asker, actor: Actor, visit: MakeVisit) -> None:
    someone = await visit()
    await record(asker, actor, passage(someone))
    async with database.raw(Wall.app(actor.school_id)) as connection:
        rows = await connection.fetch("SELECT operation, subjects FROM audit_entry")
    assert [tuple(row) for row in rows] == [("recordPassage", [someone.student.id])]
