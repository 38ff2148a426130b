"""The school accepts an absence or takes that back; saying it again tells nobody."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.absences.schema import Mutation, Query
from app.domains.events.service import read_events
from app.domains.students.records import StudentIdentity
from tests.domains.absences.test_record_absence import absence, make, record
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor
from tests.support.operations import Asker

JUSTIFY = """mutation ($input: JustifyAbsenceInput!) {
    justifyAbsence(input: $input) {
        __typename
        ... on Absence { id justified justifiedAt justification }
        ... on Failure { code field } } }"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query], [Mutation])


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


@pytest.fixture
async def student(database: Database, core: Actor) -> StudentIdentity:
    return await make(database, core)


async def justify(asker: Asker, actor: Actor, **given: Any) -> dict[str, Any]:
    result: dict[str, Any] = (await asker.data(actor, JUSTIFY, input=given))["justifyAbsence"]
    return result


async def topics(database: Database, actor: Actor) -> list[str]:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        return [event.type for event in await read_events(session, 0, 100)]


async def test_it_is_accepted_and_taken_back(
    database: Database, asker: Asker, core: Actor, student: StudentIdentity
) -> None:
    made = await record(asker, core, absence(student))
    accepted = await justify(asker, core, absenceId=made["id"], justification=" Certificat médical ")
    assert accepted == {
        "__typename": "Absence",
        "id": made["id"],
        "justified": True,
        "justifiedAt": "2025-01-13T09:00:00+00:00",
        "justification": "Certificat médical",
    }
    taken_back = await justify(asker, core, absenceId=made["id"], justified=False)
    assert (taken_back["justified"], taken_back["justifiedAt"], taken_back["justification"]) == (False, None, None)
    assert await topics(database, core) == ["absence.recorded", "absence.justified", "absence.justified"]


async def test_saying_it_again_changes_nothing(
    database: Database, asker: Asker, core: Actor, student: StudentIdentity, clock: FixedClock
) -> None:
    made = await record(asker, core, absence(student))
    first = await justify(asker, core, absenceId=made["id"])
    clock.set(datetime(2025, 1, 14, tzinfo=UTC))
    assert await justify(asker, core, absenceId=made["id"]) == first
    assert await topics(database, core) == ["absence.recorded", "absence.justified"]


async def test_what_goes_wrong_is_named(
    database: Database, asker: Asker, core: Actor, student: StudentIdentity
) -> None:
    unknown = await justify(asker, core, absenceId=str(uuid4()))
    assert unknown == {"__typename": "AbsenceNotFound", "code": "ABSENCE_NOT_FOUND", "field": "absenceId"}
    made = await record(asker, core, absence(student))
    elsewhere = await make_actor(database)
    assert (await justify(asker, elsewhere, absenceId=made["id"]))["__typename"] == "AbsenceNotFound"
    long = await justify(asker, core, absenceId=made["id"], justification="x" * 501)
    assert long == {"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": "justification"}


async def test_who_records_absences_does_not_judge_them(database: Database, asker: Asker) -> None:
    recorder = await make_actor(database, preset="absences")
    with pytest.raises(InsufficientScope):
        await justify(asker, recorder, absenceId=str(uuid4()))


async def test_the_log_does_not_keep_why(
    database: Database, asker: Asker, core: Actor, student: StudentIdentity
) -> None:
    made = await record(asker, core, absence(student, reason="Hôpital"))
    await justify(asker, core, absenceId=made["id"], justification="Certificat")
    async with database.transaction(Wall.app(core.school_id)) as session:
        told = str([event.facts for event in await read_events(session, 0, 100)])
    assert "Hôpital" not in told
    assert "Certificat" not in told
