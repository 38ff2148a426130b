"""What Skooly itself writes: each mutation once per key, with its event, its audit, and its failures as data."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.partners.presets import PRESETS
from app.domains.students.named import students_named
from app.domains.students.records import StudentIdentity
from app.domains.students.schema import Mutation, Query
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor, make_school
from tests.support.factories.students import make_class, make_enrolment, make_student, make_year
from tests.support.operations import Asker

SHOWN = """__typename ... on Failure { code field message }
    ... on Student { matricule firstName lastName status enrolled birthDate email class { code }
        enrolments { class { code } schoolYear startsOn endsOn } }"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query], [Mutation])


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


async def make(database: Database, actor: Actor, **options: Any) -> StudentIdentity:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        return await make_student(session, actor.school_id, **options)


def mutation(name: str, shown: str = SHOWN) -> str:
    kind = name[0].upper() + name[1:]
    return f"""mutation ($input: {kind}Input!, $key: String) {{
        {name}(input: $input, idempotencyKey: $key) {{ {shown} }} }}"""


async def change(asker: Asker, actor: Actor, name: str, key: str | None = None, **given: Any) -> dict[str, Any]:
    answered: dict[str, Any] = (await asker.data(actor, mutation(name), input=given, key=key))[name]
    return answered


async def told(database: Database, actor: Actor) -> list[str]:
    async with database.raw(Wall.app(actor.school_id)) as connection:
        return [row[0] for row in await connection.fetch("SELECT type FROM event ORDER BY position")]


async def audited(database: Database, actor: Actor) -> list[Any]:
    """The subjects of the last operation."""
    async with database.raw(Wall.app(actor.school_id)) as connection:
        found: list[Any] = await connection.fetchval(
            "SELECT subjects FROM audit_entry ORDER BY request_id DESC LIMIT 1"
        )
    return found


NEW = {"matricule": " 2024/inf/0900 ", "firstName": "Aïssatou", "lastName": "N'Diaye"}


async def test_create_a_student(database: Database, asker: Asker, core: Actor) -> None:
    made = await change(asker, core, "createStudent", **NEW, birthDate="2004-05-17", email=" a@etu.example ")
    assert made == {
        "__typename": "Student",
        "matricule": "2024/inf/0900",
        "firstName": "Aïssatou",
        "lastName": "N'Diaye",
        "status": "active",
        "enrolled": False,
        "birthDate": "2004-05-17",
        "email": "a@etu.example",
        "class": None,
        "enrolments": [],
    }
    assert await told(database, core) == ["student.created"]
    assert len(await audited(database, core)) == 1
    again = await change(asker, core, "createStudent", **{**NEW, "matricule": "2024/INF/0900"})
    assert (again["__typename"], again["field"]) == ("MatriculeTaken", "matricule")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"firstName": "  "}, "firstName"),
        ({"email": "nobody"}, "email"),
        ({"birthDate": "2025-01-14"}, "birthDate"),
        ({"birthDate": "1899-12-31"}, "birthDate"),
        ({"matricule": "a\tb"}, "matricule"),
    ],
)
async def test_the_field_at_fault_is_named(asker: Asker, core: Actor, given: dict[str, str], field: str) -> None:
    refused = await change(asker, core, "createStudent", **{**NEW, **given})
    assert (refused["__typename"], refused["code"], refused["field"]) == ("InvalidInput", "INVALID_INPUT", field)


async def test_a_birth_date_is_judged_by_the_schools_calendar(database: Database, clock: FixedClock) -> None:
    """Where the new day has begun, today's children may be born."""
    asker = Asker(database, clock, [Query], [Mutation])
    tomorrow = "2025-01-14"
    for timezone, kind in (("Africa/Dakar", "InvalidInput"), ("Pacific/Kiritimati", "Student")):
        actor = await make_actor(database, await make_school(database, timezone=timezone))
        clock.set(datetime(2025, 1, 13, 12, tzinfo=UTC))
        assert (await change(asker, actor, "createStudent", **NEW, birthDate=tomorrow))["__typename"] == kind


async def test_fifty_at_once_with_one_key_make_one(database: Database, asker: Asker, core: Actor) -> None:
    text = mutation("createStudent")
    outcomes = await asyncio.gather(*(asker.ask(core, text, input=NEW, key="K") for _ in range(50)))
    answers = [each.data["createStudent"] for each in outcomes if each.data and not each.errors]
    refusals = Counter(each.errors[0].code for each in outcomes if each.errors)
    assert {answer["__typename"] for answer in answers} == {"Student"}
    assert set(refusals) <= {"IDEMPOTENCY_IN_FLIGHT"}
    assert len(answers) + sum(refusals.values()) == 50
    assert await told(database, core) == ["student.created"]


async def test_an_update_tells_absent_from_null(database: Database, asker: Asker, core: Actor) -> None:
    await change(asker, core, "createStudent", **NEW, birthDate="2004-05-17", email="a@etu.example")
    kept = await change(asker, core, "updateStudent", matricule="2024/INF/0900", lastName="Ndiaye")
    assert (kept["lastName"], kept["birthDate"], kept["email"]) == ("Ndiaye", "2004-05-17", "a@etu.example")
    cleared = await change(asker, core, "updateStudent", matricule="2024/INF/0900", email=None)
    assert (cleared["lastName"], cleared["birthDate"], cleared["email"]) == ("Ndiaye", "2004-05-17", None)
    refused = await change(asker, core, "updateStudent", matricule="2024/INF/0900", lastName=None)
    assert (refused["__typename"], refused["field"]) == ("InvalidInput", "lastName")
    assert await told(database, core) == ["student.created", "student.updated", "student.updated"]


async def test_an_update_that_changes_nothing_says_nothing(database: Database, asker: Asker, core: Actor) -> None:
    await change(asker, core, "createStudent", **NEW)
    await change(asker, core, "updateStudent", matricule="2024/INF/0900", lastName=" N'Diaye ")
    await change(asker, core, "updateStudent", matricule="2024/INF/0900")
    assert await told(database, core) == ["student.created"]


async def test_a_matricule_changes_unless_it_is_taken(database: Database, asker: Asker, core: Actor) -> None:
    await make(database, core, matricule="ONE")
    await make(database, core, matricule="TWO")
    taken = await change(asker, core, "updateStudent", matricule="ONE", newMatricule="two")
    assert (taken["__typename"], taken["field"]) == ("MatriculeTaken", "newMatricule")
    changed = await change(asker, core, "updateStudent", matricule="ONE", newMatricule="2024 / é.1")
    assert changed["matricule"] == "2024 / é.1"
    async with database.raw(Wall.app(core.school_id)) as connection:
        facts = await connection.fetchval("SELECT facts->>'former_matricule' FROM event")
    assert facts == "ONE"
    assert (await change(asker, core, "suspendStudent", matricule="ONE"))["__typename"] == "StudentNotFound"


async def test_who_had_a_matricule_is_still_found_by_it(database: Database, asker: Asker, core: Actor) -> None:
    """Whom the log told of under it is who was seen, whoever has it now; rather one too many than one too few."""
    one, two = await make(database, core, matricule="ONE"), await make(database, core, matricule="TWO")

    async def found(*matricules: str) -> set[UUID]:
        async with database.transaction(Wall.app(core.school_id)) as session:
            return set(await students_named(session, matricules))

    await change(asker, core, "updateStudent", matricule="ONE", newMatricule=" one")
    for present, new in (("ONE", "THREE"), ("THREE", "FOUR"), ("FOUR", "THREE"), ("THREE", "FOUR")):
        await change(asker, core, "updateStudent", matricule=present, newMatricule=new)
    assert await found("one") == await found("THREE", "FOUR") == {one.id}
    await change(asker, core, "updateStudent", matricule="TWO", newMatricule="ONE")
    assert await found("ONE") == {one.id, two.id}
    assert await found("TWO", "NOBODY") == {two.id}


async def test_suspended_and_back(database: Database, asker: Asker, core: Actor) -> None:
    student = await make(database, core)
    away = await change(asker, core, "suspendStudent", matricule=student.matricule)
    assert (away["status"], away["enrolled"], len(away["enrolments"])) == ("suspended", False, 1)
    twice = await change(asker, core, "suspendStudent", matricule=student.matricule)
    assert (twice["__typename"], twice["field"]) == ("StatusConflict", "matricule")
    assert twice["message"] == f"L'étudiant « {student.matricule} » est suspendu : il ne peut pas devenir suspendu."
    assert await audited(database, core) == [student.id]
    back = await change(asker, core, "reinstateStudent", matricule=student.matricule)
    assert (back["status"], back["enrolled"]) == ("active", True)
    assert await told(database, core) == ["student.updated", "student.updated"]


async def test_a_retry_under_its_key_is_no_conflict(asker: Asker, database: Database, core: Actor) -> None:
    student = await make(database, core)
    answers = [await change(asker, core, "suspendStudent", "K", matricule=student.matricule) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["status"] == "suspended"


@pytest.mark.parametrize(
    ("name", "status", "topic"),
    [("graduateStudent", "graduated", "student.graduated"), ("withdrawStudent", "left", "student.updated")],
)
async def test_going_for_good_ends_what_runs(
    database: Database, asker: Asker, core: Actor, name: str, status: str, topic: str
) -> None:
    student = await make(database, core)
    gone = await change(asker, core, name, matricule=student.matricule, on="2025-01-10")
    assert (gone["status"], gone["enrolled"], gone["enrolments"]) == (status, False, [])
    assert await told(database, core) == [topic]
    for again in ("graduateStudent", "withdrawStudent", "suspendStudent", "reinstateStudent"):
        refused = await change(asker, core, again, matricule=student.matricule)
        assert refused["__typename"] == "StatusConflict"


async def test_nobody_graduates_on_a_day_to_come(database: Database, asker: Asker, core: Actor) -> None:
    student = await make(database, core)
    refused = await change(asker, core, "graduateStudent", matricule=student.matricule, on="2025-01-14")
    assert (refused["__typename"], refused["field"]) == ("InvalidInput", "on")


async def test_enrolments_within_their_year(database: Database, asker: Asker, core: Actor) -> None:
    student = await make(database, core, enrolled_in=None)
    async with database.transaction(Wall.app(core.school_id)) as session:
        joined = await make_class(session, core.school_id)
        await make_year(session, core.school_id, days=(date(2024, 10, 1), date(2025, 7, 15)))
    place = {"matricule": student.matricule, "class": joined.code.lower(), "schoolYear": "2024-2025"}
    for given, field in (
        ({"startsOn": "2024-09-30"}, "startsOn"),
        ({"endsOn": "2025-07-16"}, "endsOn"),
        ({"startsOn": "2025-03-01", "endsOn": "2025-02-28"}, "endsOn"),
    ):
        refused = await change(asker, core, "enrolStudent", **place, **given)
        assert (refused["__typename"], refused["field"]) == ("InvalidInput", field)
    enrolled = await change(asker, core, "enrolStudent", **place, startsOn="2024-11-04")
    [enrolment] = enrolled["enrolments"]
    assert (enrolment["startsOn"], enrolment["endsOn"]) == ("2024-11-04", "2025-07-15")
    again = await change(asker, core, "enrolStudent", **place)
    assert (again["__typename"], again["field"]) == ("AlreadyEnrolled", "schoolYear")
    ended = await change(asker, core, "endEnrolment", **place, on="2025-01-12")
    assert (ended["enrolled"], ended["enrolments"]) == (False, [])
    later = await change(asker, core, "endEnrolment", **place, on="2025-01-13")
    assert (later["__typename"], later["field"]) == ("InvalidInput", "on")
    assert await told(database, core) == ["student.updated", "student.updated"]


async def test_graduates_are_not_enrolled(database: Database, asker: Asker, core: Actor) -> None:
    student = await make(database, core, status="graduated")
    refused = await change(
        asker, core, "enrolStudent", matricule=student.matricule, **{"class": "X", "schoolYear": "2024-2025"}
    )
    assert refused["__typename"] == "StudentGone"


async def test_moving_stays_within_the_programme(database: Database, asker: Asker, core: Actor) -> None:
    student = await make(database, core, enrolled_in=None)
    async with database.transaction(Wall.app(core.school_id)) as session:
        left = await make_enrolment(session, core.school_id, student.id)
        joined = await make_class(session, core.school_id)
        other = await make_class(session, core.school_id, programme="GES")
    place = {"matricule": student.matricule, "class": left.code, "schoolYear": "2024-2025"}
    elsewhere = await change(asker, core, "moveStudent", **place, toClass=other.code)
    assert (elsewhere["__typename"], elsewhere["field"]) == ("OtherProgramme", "toClass")
    unknown = await change(asker, core, "moveStudent", **place, toClass="NONE")
    assert (unknown["__typename"], unknown["field"]) == ("ClassNotFound", "toClass")
    moved = await change(asker, core, "moveStudent", **place, toClass=joined.code)
    assert moved["class"] == {"code": joined.code}
    gone = await change(asker, core, "moveStudent", **place, toClass=joined.code)
    assert (gone["__typename"], gone["field"]) == ("EnrolmentNotFound", "class")
    assert await told(database, core) == ["student.updated"]


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"core"}))
async def test_only_skooly_itself_writes(database: Database, asker: Asker, preset: str) -> None:
    with pytest.raises(InsufficientScope):
        await change(asker, await make_actor(database, preset=preset), "createStudent", **NEW)
