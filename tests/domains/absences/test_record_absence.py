"""An absence is recorded once, within sensible bounds, and never over another one of the same student."""

import asyncio
from collections import Counter
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from app.api.errors import BadUserInput, InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.absences.records import AbsenceRecord
from app.domains.absences.schema import Mutation
from app.domains.events.service import read_events
from app.domains.partners.tables import School
from app.domains.students.records import StudentIdentity
from app.domains.students.schema import Query
from tests.support.clock import A_MONDAY_MORNING, FixedClock
from tests.support.factories.partners import make_actor, make_school
from tests.support.factories.students import make_student
from tests.support.operations import Asker

RECORD = """mutation ($input: RecordAbsenceInput!, $key: String) {
    recordAbsence(input: $input, idempotencyKey: $key) {
        __typename
        ... on Absence { id matricule startsAt endsAt reason justified recordedAt }
        ... on Failure { code message field } } }"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query], [Mutation])


@pytest.fixture
async def actor(database: Database) -> Actor:
    return await make_actor(database, preset="absences")


@pytest.fixture
async def student(database: Database, actor: Actor) -> StudentIdentity:
    return await make(database, actor)


async def make(database: Database, actor: Actor, **options: Any) -> StudentIdentity:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        return await make_student(session, actor.school_id, **options)


def absence(student: StudentIdentity, start: str = "08:00", end: str = "12:00", **others: Any) -> dict[str, Any]:
    given = {"startsAt": f"2025-01-13T{start}:00+00:00", "endsAt": f"2025-01-13T{end}:00+00:00"}
    return {"matricule": student.matricule, **given, **others}


async def record(asker: Asker, actor: Actor, given: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    result: dict[str, Any] = (await asker.data(actor, RECORD, input=given, key=key))["recordAbsence"]
    return result


async def count(database: Database, actor: Actor) -> tuple[int, int]:
    """Rows and events."""
    async with database.raw(Wall.app(actor.school_id)) as connection:
        row = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM absence), (SELECT count(*) FROM event WHERE type = 'absence.recorded')"
        )
    assert row is not None
    return row[0], row[1]


async def test_an_absence_is_recorded(database: Database, asker: Asker, actor: Actor, student: StudentIdentity) -> None:
    result = await record(asker, actor, absence(student, reason=" Rendez-vous médical ", justified=True))
    assert result.pop("id")
    assert result == {
        "__typename": "Absence",
        "matricule": student.matricule,
        "startsAt": "2025-01-13T08:00:00+00:00",
        "endsAt": "2025-01-13T12:00:00+00:00",
        "reason": "Rendez-vous médical",
        "justified": True,
        "recordedAt": "2025-01-13T09:00:00+00:00",
    }
    async with database.transaction(Wall.app(actor.school_id)) as session:
        [event] = await read_events(session, 0, 10)
    assert event.type == "absence.recorded"
    assert event.facts == {
        "matricule": student.matricule,
        "starts_at": "2025-01-13T08:00:00+00:00",
        "ends_at": "2025-01-13T12:00:00+00:00",
        "justified": True,
    }
    async with database.raw(Wall.app(actor.school_id)) as connection:
        assert await connection.fetchval("SELECT subjects FROM audit_entry") == [student.id]


async def test_times_are_shown_in_the_schools_zone(database: Database, asker: Asker) -> None:
    school = await make_school(database, timezone="Europe/Paris")
    actor = await make_actor(database, school, "absences")
    student = await make(database, actor)
    result = await record(asker, actor, absence(student))
    assert (result["startsAt"], result["endsAt"]) == ("2025-01-13T09:00:00+01:00", "2025-01-13T13:00:00+01:00")


async def test_the_defaults(asker: Asker, actor: Actor, student: StudentIdentity) -> None:
    result = await record(asker, actor, absence(student))
    assert (result["reason"], result["justified"]) == (None, False)
    result = await record(asker, actor, absence(student, "13:00", "14:00", reason="  "))
    assert result["reason"] is None


async def test_fifty_at_once_with_one_key_make_one(
    database: Database, asker: Asker, actor: Actor, student: StudentIdentity
) -> None:
    asking = (asker.ask(actor, RECORD, input=absence(student), key="K1") for _ in range(50))
    outcomes = await asyncio.gather(*asking)
    answers = [outcome.data["recordAbsence"] for outcome in outcomes if outcome.data and not outcome.errors]
    refusals = Counter(outcome.errors[0].code for outcome in outcomes if outcome.errors)
    assert await count(database, actor) == (1, 1)
    assert set(refusals) <= {"IDEMPOTENCY_IN_FLIGHT"}
    assert len(answers) + refusals.total() == 50
    assert all(answer == answers[0] for answer in answers)
    assert await record(asker, actor, absence(student), "K1") == answers[0]


async def test_a_key_is_for_one_request(asker: Asker, actor: Actor, student: StudentIdentity) -> None:
    await record(asker, actor, absence(student), "K1")
    refusal = await asker.refusal(actor, RECORD, input=absence(student, justified=True), key="K1")
    assert refusal == ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")


async def test_a_failure_uses_up_no_key(asker: Asker, actor: Actor, student: StudentIdentity) -> None:
    assert (await record(asker, actor, absence(student, end="07:00"), "K1"))["code"] == "ABSENCE_ENDS_FIRST"
    assert (await record(asker, actor, absence(student), "K1"))["__typename"] == "Absence"


async def test_another_partner_may_use_the_same_key(
    database: Database, asker: Asker, actor: Actor, student: StudentIdentity
) -> None:
    school = School(id=actor.school_id, code=actor.school_code, name="", timezone=actor.timezone, currency="XOF")
    second = await make_actor(database, school, "absences", partner="another")
    other = await make(database, actor)
    await record(asker, actor, absence(student), "K1")
    assert (await record(asker, second, absence(other), "K1"))["matricule"] == other.matricule


@pytest.mark.parametrize(
    ("start", "end", "kind"),
    [
        ("08:00", "12:00", "AbsenceOverlap"),
        ("11:59", "13:00", "AbsenceOverlap"),
        ("09:00", "10:00", "AbsenceOverlap"),
        ("12:00", "13:00", "Absence"),
        ("07:00", "08:00", "Absence"),
    ],
)
async def test_absences_do_not_overlap(
    database: Database, asker: Asker, actor: Actor, student: StudentIdentity, start: str, end: str, kind: str
) -> None:
    await record(asker, actor, absence(student))
    result = await record(asker, actor, absence(student, start, end))
    assert result["__typename"] == kind
    assert await count(database, actor) == ((1, 1) if kind == "AbsenceOverlap" else (2, 2))


async def test_overlapping_at_once_leaves_one(
    database: Database, asker: Asker, actor: Actor, student: StudentIdentity
) -> None:
    asking = (record(asker, actor, absence(student, f"08:{minute:02}", "12:00")) for minute in range(8))
    results = await asyncio.gather(*asking)
    assert Counter(result["__typename"] for result in results) == {"Absence": 1, "AbsenceOverlap": 7}
    assert await count(database, actor) == (1, 1)


async def test_two_students_may_be_away_together(
    database: Database, asker: Asker, actor: Actor, student: StudentIdentity
) -> None:
    await record(asker, actor, absence(student))
    other = await make(database, actor)
    assert (await record(asker, actor, absence(other)))["__typename"] == "Absence"


async def test_nobody_and_another_schools_student(database: Database, asker: Asker, actor: Actor) -> None:
    elsewhere = await make(database, await make_actor(database))
    for matricule in ("NOBODY", elsewhere.matricule):
        failure = await record(asker, actor, {**absence(elsewhere), "matricule": matricule})
        assert failure["__typename"] == "StudentNotFound"
        assert (failure["code"], failure["field"]) == ("STUDENT_NOT_FOUND", "matricule")
        assert matricule in failure["message"]
    assert await count(database, actor) == (0, 0)


@pytest.mark.parametrize(
    ("times", "code", "field"),
    [
        ({"endsAt": "2025-01-13T08:00:00+00:00"}, "ABSENCE_ENDS_FIRST", "endsAt"),
        ({"endsAt": "2025-01-13T08:30:00+01:00"}, "ABSENCE_ENDS_FIRST", "endsAt"),
        ({"endsAt": "2026-01-15T08:00:00+00:00"}, "ABSENCE_TOO_LONG", "endsAt"),
        ({"startsAt": "2026-01-15T08:00:00+00:00"}, "ABSENCE_OUT_OF_RANGE", "startsAt"),
        ({"startsAt": "2019-01-13T08:00:00+00:00"}, "ABSENCE_OUT_OF_RANGE", "startsAt"),
        ({"startsAt": "0001-01-01T00:00:00+00:00"}, "ABSENCE_OUT_OF_RANGE", "startsAt"),
        ({"endsAt": "9999-12-31T23:59:59+00:00"}, "ABSENCE_TOO_LONG", "endsAt"),
        ({"startsAt": "2025-01-13T08:00:00"}, "OFFSET_MISSING", "startsAt"),
    ],
)
async def test_absences_have_bounds(
    database: Database,
    asker: Asker,
    actor: Actor,
    student: StudentIdentity,
    times: dict[str, str],
    code: str,
    field: str,
) -> None:
    failure = await record(asker, actor, absence(student, **times))
    assert (failure["__typename"], failure["code"], failure["field"]) == ("AbsenceInvalid", code, field)
    assert await count(database, actor) == (0, 0)


@pytest.mark.parametrize(
    ("given", "field"),
    [({"reason": "a" * 501}, "reason"), ({"reason": "a\nb"}, "reason"), ({"matricule": ""}, "matricule")],
)
async def test_unusable_texts_are_refused(
    asker: Asker, actor: Actor, student: StudentIdentity, given: dict[str, str], field: str
) -> None:
    assert await asker.refusal(actor, RECORD, input=absence(student, **given)) == ("INVALID_INPUT", field)


@pytest.mark.parametrize(
    "given",
    [
        {"startsAt": "yesterday"},
        {"startsAt": "0001-01-01T00:00:00+14:00"},
        {"startsAt": None},
        {"matricule": None},
        {"justified": None},
        {"until": "noon"},
    ],
)
async def test_ill_typed_input_never_runs(
    asker: Asker, actor: Actor, student: StudentIdentity, given: dict[str, Any]
) -> None:
    with pytest.raises(BadUserInput) as refusal:
        await asker.ask(actor, RECORD, input={**absence(student), **given})
    assert refusal.value.field == f"input.{next(iter(given))}"


async def test_the_library_may_not_record(database: Database, asker: Asker, student: StudentIdentity) -> None:
    with pytest.raises(InsufficientScope):
        await asker.ask(await make_actor(database, preset="bibliotheque"), RECORD, input=absence(student))


moments = st.datetimes(
    A_MONDAY_MORNING.replace(tzinfo=None),
    A_MONDAY_MORNING.replace(tzinfo=None) + timedelta(days=400),
    timezones=st.just(UTC),
)


@given(
    st.builds(
        AbsenceRecord,
        st.uuids(),
        st.uuids(),
        st.text(),
        moments,
        moments,
        st.none() | st.text(),
        st.booleans(),
        moments,
    )
)
def test_an_outcome_survives_its_journey_through_json(absence: AbsenceRecord) -> None:
    adapter = TypeAdapter(AbsenceRecord)
    assert adapter.validate_python(adapter.dump_python(absence, mode="json")) == absence


async def test_telling_that_somebody_is_away_already_is_audited(
    database: Database, asker: Asker, actor: Actor, student: StudentIdentity
) -> None:
    await record(asker, actor, absence(student))
    assert (await record(asker, actor, absence(student, "09:00", "10:00")))["__typename"] == "AbsenceOverlap"
    async with database.raw(Wall.app(actor.school_id)) as connection:
        rows = await connection.fetch("SELECT subjects FROM audit_entry")
    assert [row["subjects"] for row in rows] == [[student.id]] * 2
