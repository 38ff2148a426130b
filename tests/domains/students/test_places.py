"""Programmes, classes and school years: made, renamed, closed; read one by one, in lists, and nested."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.students.schema import Mutation, Query
from tests.domains.students.test_changes import audited, change, mutation, told
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor, make_school
from tests.support.factories.students import YEAR, fill_class, make_class, make_student, make_year
from tests.support.operations import Asker
from tests.support.statements import counted

FAILURE = "__typename ... on Failure { code field }"
SHOWN = {
    "Programme": "... on Programme { code label closedAt }",
    "Class": "... on SchoolClass { code label closedAt programme { code } }",
    "SchoolYear": "... on SchoolYear { code startsOn endsOn running closedAt }",
}
NESTED = """{ classes { nodes { code programme { code classes { nodes { code } } }
    students { nodes { matricule badges { badge } enrolmentHistory { schoolYear } } } } } }"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query], [Mutation])


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


async def keep(asker: Asker, actor: Actor, name: str, **given: Any) -> dict[str, Any]:
    shown = f"{FAILURE} {SHOWN[name.removeprefix('create').removeprefix('update').removeprefix('close')]}"
    answered: dict[str, Any] = (await asker.data(actor, mutation(name, shown), input=given))[name]
    return answered


async def test_a_programme_lives(database: Database, asker: Asker, core: Actor) -> None:
    made = await keep(asker, core, "createProgramme", code=" inf ", label="  Informatique  et réseaux ")
    assert made == {
        "__typename": "Programme",
        "code": "INF",
        "label": "Informatique et réseaux",
        "closedAt": None,
    }
    taken = await keep(asker, core, "createProgramme", code="Inf", label="Autre")
    assert (taken["__typename"], taken["field"]) == ("CodeTaken", "code")
    assert (await keep(asker, core, "updateProgramme", code="inf", label="Info"))["label"] == "Info"
    refused = await keep(asker, core, "updateProgramme", code="inf", label=None)
    assert (refused["__typename"], refused["field"]) == ("InvalidInput", "label")
    assert (await keep(asker, core, "closeProgramme", code="inf"))["closedAt"] is not None
    assert (await keep(asker, core, "updateProgramme", code="inf", closed=False))["closedAt"] is None
    assert await told(database, core) == ["programme.changed"] * 4
    unknown = await keep(asker, core, "closeProgramme", code="none")
    assert (unknown["__typename"], unknown["field"]) == ("ProgrammeNotFound", "code")


async def test_closing_what_is_closed_says_nothing(database: Database, asker: Asker, core: Actor) -> None:
    await keep(asker, core, "createProgramme", code="INF", label="Informatique")
    answers = [await keep(asker, core, "closeProgramme", code="INF") for _ in range(2)]
    assert answers[0] == answers[1]
    assert await told(database, core) == ["programme.changed"] * 2


async def test_a_class_belongs_to_a_programme(database: Database, asker: Asker, core: Actor) -> None:
    missing = await keep(asker, core, "createClass", code="L1", label="Licence 1", programme="INF")
    assert (missing["__typename"], missing["field"]) == ("ProgrammeNotFound", "programme")
    await keep(asker, core, "createProgramme", code="INF", label="Informatique")
    made = await keep(asker, core, "createClass", code="l1", label="Licence 1", programme="inf")
    assert (made["code"], made["programme"]) == ("L1", {"code": "INF"})
    assert (await keep(asker, core, "updateClass", code="L1", label="L1 bis"))["label"] == "L1 bis"
    async with database.raw(Wall.app(core.school_id)) as connection:
        facts = await connection.fetchval("SELECT facts FROM event ORDER BY position DESC LIMIT 1")
    assert orjson.loads(facts) == {"code": "L1", "label": "L1 bis", "programme": "INF", "closed": False}


@pytest.mark.parametrize("closed", ["closeProgramme", "closeClass", "closeSchoolYear"])
async def test_what_is_closed_takes_nobody(database: Database, asker: Asker, core: Actor, closed: str) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        student = await make_student(session, core.school_id, enrolled_in=None)
        await make_class(session, core.school_id, programme="INF", code="L1")
        await make_year(session, core.school_id)
    code = {"closeProgramme": "INF", "closeClass": "L1", "closeSchoolYear": "2024-2025"}[closed]
    field = {"closeProgramme": "class", "closeClass": "class", "closeSchoolYear": "schoolYear"}[closed]
    await keep(asker, core, closed, code=code)
    place = {"matricule": student.matricule, "class": "L1", "schoolYear": "2024-2025"}
    refused = await change(asker, core, "enrolStudent", **place)
    assert (refused["__typename"], refused["field"]) == ("ClosedToEnrolment", field)
    await keep(asker, core, closed.replace("close", "update"), code=code, closed=False)
    assert (await change(asker, core, "enrolStudent", **place))["enrolled"] is True


async def test_a_school_year_ends_on_any_day(database: Database, asker: Asker, core: Actor, clock: FixedClock) -> None:
    made = await keep(asker, core, "createSchoolYear", code="2024-2025", startsOn="2024-10-01", endsOn="2025-07-15")
    assert (made["running"], made["endsOn"]) == (True, "2025-07-15")
    for days in (("2025-07-15", "2025-07-15"), ("2025-07-15", "2024-10-01"), ("2024-01-01", "2026-01-02")):
        refused = await keep(asker, core, "createSchoolYear", code="X", startsOn=days[0], endsOn=days[1])
        assert (refused["__typename"], refused["field"]) == ("SchoolYearInvalid", "endsOn")
    clock.set(datetime(2025, 7, 15, 12, tzinfo=UTC))
    assert (await asker.data(core, '{ schoolYear(code: "2024-2025") { running } }'))["schoolYear"]["running"]


async def test_enrolments_go_along_with_their_year(database: Database, asker: Asker, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        joined = await make_class(session, core.school_id)
        whole, early = [await make_student(session, core.school_id, enrolled_in=None) for _ in range(2)]
        await fill_class(session, core.school_id, joined, [whole.id])
        await fill_class(session, core.school_id, joined, [early.id], (YEAR[0].replace(day=9), YEAR[0].replace(day=20)))
    await keep(asker, core, "updateSchoolYear", code="2024-2025", startsOn="2024-10-07", endsOn="2025-07-15")
    history = "query ($key: String!) { student(matricule: $key) { enrolmentHistory { startsOn endsOn } } }"
    for student, days in ((whole, ("2024-10-07", "2025-07-15")), (early, ("2024-10-09", "2024-10-20"))):
        [enrolment] = (await asker.data(core, history, key=student.matricule))["student"]["enrolmentHistory"]
        assert (enrolment["startsOn"], enrolment["endsOn"]) == days
    assert await told(database, core) == ["school_year.changed"]


@pytest.mark.parametrize("name", ["programmes", "classes", "schoolYears"])
@pytest.mark.parametrize("first", [1, 2, 5])
async def test_lists_come_by_code(database: Database, asker: Asker, core: Actor, name: str, first: int) -> None:
    codes = ["A", "B", "C"]
    async with database.transaction(Wall.app(core.school_id)) as session:
        for code in reversed(codes):
            await make_class(session, core.school_id, programme=code, code=code)
            await make_year(session, core.school_id, code=code)
    text = f"""query ($after: String) {{ {name}(first: {first}, after: $after) {{
        nodes {{ code }} pageInfo {{ hasNextPage endCursor }} }} }}"""
    found: list[str] = []
    after = None
    while True:
        page = (await asker.data(core, text, after=after))[name]
        found += [node["code"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == codes
    other = "classes" if name == "programmes" else "programmes"
    assert await asker.refusal(core, text.replace(name, other), after=after) == ("BAD_CURSOR", "after")


async def test_one_by_its_code(database: Database, asker: Asker, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await make_class(session, core.school_id, programme="INF", code="L1")
    text = '{ class(code: "l1") { code } programme(code: "inf") { code } none: class(code: "x") { code } }'
    found = await asker.data(core, text)
    assert found == {"class": {"code": "L1"}, "programme": {"code": "INF"}, "none": None}
    other = await make_actor(database, await make_school(database))
    assert (await asker.data(other, '{ class(code: "L1") { code } }'))["class"] is None


@pytest.mark.parametrize("students", [1, 9])
async def test_nested_lists_take_a_statement_a_level(
    database: Database, asker: Asker, core: Actor, students: int
) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        for number in range(students):
            joined = await make_class(session, core.school_id, programme=f"P{number % 3}")
            student = await make_student(session, core.school_id, matricule=f"S{number}", enrolled_in=None)
            await fill_class(session, core.school_id, joined, [student.id])
    with counted(database) as statements:
        classes = (await asker.data(core, NESTED))["classes"]["nodes"]
    members = [member for each in classes for member in each["students"]["nodes"]]
    assert sorted(member["matricule"] for member in members) == [f"S{number}" for number in range(students)]
    assert {member["enrolmentHistory"][0]["schoolYear"] for member in members} == {"2024-2025"}
    assert {each["code"] in [one["code"] for one in each["programme"]["classes"]["nodes"]] for each in classes} == {
        True
    }
    # Classes; who is in them, by id, and as students; programmes; their classes; badges; enrolments; and the audit.
    assert len(statements) == 8, statements
    assert len(await audited(database, core)) == students


async def test_a_class_page_by_page_in_two_years(database: Database, asker: Asker, core: Actor) -> None:
    past = (YEAR[0].replace(year=2023), YEAR[1].replace(year=2024))
    async with database.transaction(Wall.app(core.school_id)) as session:
        joined = await make_class(session, core.school_id, code="L1")
        await make_year(session, core.school_id, code="2023-2024", days=past)
        for number in range(5):
            student = await make_student(
                session, core.school_id, matricule=f"S{number}", last_name=f"N{9 - number}", enrolled_in=None
            )
            await fill_class(session, core.school_id, joined, [student.id], past, "2023-2024")
            if number < 2:
                await fill_class(session, core.school_id, joined, [student.id])
    text = """query ($year: String, $after: String) { class(code: "L1") {
        students(first: 2, schoolYear: $year, after: $after) {
            nodes { matricule } pageInfo { hasNextPage endCursor } } } }"""
    today = (await asker.data(core, text))["class"]["students"]
    assert [each["matricule"] for each in today["nodes"]] == ["S1", "S0"]
    assert today["pageInfo"]["hasNextPage"] is False
    found: list[str] = []
    after = None
    for _ in range(3):
        page = (await asker.data(core, text, year="2023-2024", after=after))["class"]["students"]
        found += [each["matricule"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert found == ["S4", "S3", "S2", "S1", "S0"]
    assert await asker.refusal(core, text, after=after) == ("BAD_CURSOR", "after")
    assert await asker.refusal(core, text, year="NONE") == ("SCHOOL_YEAR_NOT_FOUND", "schoolYear")


async def test_badges_past_and_present(database: Database, asker: Asker, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        for matricule in ("ONE", "TWO"):
            await make_student(session, core.school_id, matricule=matricule)
    shown = "__typename"
    for name, given in (
        ("assignBadge", {"matricule": "ONE", "badge": "A"}),
        ("replaceBadge", {"badge": "A", "newBadge": "B"}),
        ("assignBadge", {"matricule": "TWO", "badge": "A"}),
    ):
        await asker.data(core, mutation(name, shown), input=given)
    text = "{ students(order: matricule) { nodes { matricule badges { badge matricule revokedAt } } } }"
    one, two = (await asker.data(core, text))["students"]["nodes"]
    assert [(each["badge"], each["revokedAt"] is None) for each in one["badges"]] == [("B", True), ("A", False)]
    assert [(each["badge"], each["revokedAt"] is None) for each in two["badges"]] == [("A", True)]
