"""Lists of students by what a school asks: who, in which class, since when, in which order; a page at a time."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.students.schema import Query
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor, make_school
from tests.support.factories.students import YEAR, fill_class, make_class, make_enrolment, make_student, make_year
from tests.support.operations import Asker

LIST = """query ($filter: StudentFilterInput, $order: StudentOrder! = last_name, $first: Int! = 20, $after: String) {
    students(filter: $filter, order: $order, first: $first, after: $after) {
        nodes { matricule } pageInfo { hasNextPage endCursor } } }"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query])


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


async def people(database: Database, actor: Actor, *names: str, **options: Any) -> None:
    """Students called "Family Given"; the matricule is the name in capitals."""
    async with database.transaction(Wall.app(actor.school_id)) as session:
        for name in names:
            last, _, first = name.partition(" ")
            await make_student(
                session, actor.school_id, matricule=name.upper(), last_name=last, first_name=first or "A", **options
            )


async def listed(asker: Asker, actor: Actor, size: int = 20, **asked: Any) -> list[str]:
    """All pages, one after the other."""
    found: list[str] = []
    after = None
    while True:
        page = (await asker.data(actor, LIST, first=size, after=after, **asked))["students"]
        found += [node["matricule"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_by_name_as_people_sort(database: Database, asker: Asker, core: Actor, size: int) -> None:
    """Neither case nor accents nor apostrophes matter; a shorter family name comes first."""
    await people(database, core, "Sow Awa", "éBA Awa", "N'Diaye Zoé", "Ndiaye Awa", "Ba Moussa", "Ba Awa", "Bâ Éva")
    assert await listed(asker, core, size) == [
        "BA AWA",
        "BÂ ÉVA",
        "BA MOUSSA",
        "ÉBA AWA",
        "NDIAYE AWA",
        "N'DIAYE ZOÉ",
        "SOW AWA",
    ]


async def test_two_students_with_one_name(database: Database, asker: Asker, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        for matricule in ("ONE", "TWO", "THREE"):
            await make_student(session, core.school_id, matricule=matricule, first_name="Awa", last_name="Ndiaye")
    assert sorted(await listed(asker, core, 1)) == ["ONE", "THREE", "TWO"]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("ndi", ["NDIAYE AWA", "N'DIAYE ZOÉ"]),
        ("N’D", ["NDIAYE AWA", "N'DIAYE ZOÉ"]),
        ("NDIAYE Z", ["N'DIAYE ZOÉ"]),
        ("bâ", ["BA AWA"]),
        ("%", []),
        ("_", []),
        ("ndiayf", []),
        ("oeu", ["ŒUVRE LÉA"]),
        ("saint j", ["SAINT-JEAN PAUL"]),
    ],
)
async def test_by_the_beginning_of_a_name(
    database: Database, asker: Asker, core: Actor, prefix: str, expected: list[str]
) -> None:
    await people(database, core, "N'Diaye Zoé", "Ndiaye Awa", "Ba Awa", "Œuvre Léa", "Saint-Jean Paul", "Nd")
    assert [each for each in await listed(asker, core, filter={"namePrefix": prefix}) if each != "ND"] == expected


@pytest.mark.parametrize("script", ["ن", "王", "ж", "\U00020000"])
async def test_cursors_stay_short_in_every_alphabet(database: Database, asker: Asker, core: Actor, script: str) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        for number in range(3):
            name = "".join(chr(ord(script) + (number * 37 + place * 7) % 20) for place in range(100))
            await make_student(session, core.school_id, matricule=f"S{number}", last_name=name, first_name=name)
    assert len(await listed(asker, core, 1)) == 3


async def test_by_matricule(database: Database, asker: Asker, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        for matricule in ("2024/inf/2", "2024 .b", "2024/INF/1", "É-1"):
            await make_student(session, core.school_id, matricule=matricule)
    assert await listed(asker, core, 1, order="matricule") == ["2024 .b", "2024/INF/1", "2024/inf/2", "É-1"]


async def test_by_status(database: Database, asker: Asker, core: Actor) -> None:
    for status in ("active", "suspended", "graduated", "left"):
        await people(database, core, status, status=status)
    for status in ("active", "suspended", "graduated", "left"):
        for order in ("last_name", "updated_at", "matricule"):
            assert await listed(asker, core, order=order, filter={"status": status}) == [status.upper()]


async def test_since_an_instant(database: Database, asker: Asker, core: Actor) -> None:
    await people(database, core, "Old", "New")
    async with database.transaction(Wall.app(core.school_id)) as session:
        await session.execute(text("UPDATE student SET updated_at = '2025-01-01T00:00Z' WHERE matricule = 'OLD'"))
        await session.execute(text("UPDATE student SET updated_at = '2025-01-02T00:00Z' WHERE matricule = 'NEW'"))
    for since, expected in (
        ("2025-01-01T00:00:00Z", ["OLD", "NEW"]),
        ("2025-01-02T01:00:00+01:00", ["NEW"]),
        ("2025-01-02T00:00:01Z", []),
    ):
        assert await listed(asker, core, order="updated_at", filter={"updatedSince": since}) == expected
    refused = await asker.refusal(core, LIST, filter={"updatedSince": "2025-01-02T00:00:00"})
    assert refused == ("INVALID_INPUT", "filter.updatedSince")


async def test_by_class_programme_and_year(database: Database, asker: Asker, core: Actor) -> None:
    past = (date(2023, 10, 1), date(2024, 7, 15))
    async with database.transaction(Wall.app(core.school_id)) as session:
        one, other = [await make_class(session, core.school_id, code=code) for code in ("L1", "L2")]
        elsewhere = await make_class(session, core.school_id, programme="GES", code="G1")
        await make_year(session, core.school_id, code="2023-2024", days=past)
        for matricule, places in {
            "FIRST": [(one, YEAR, "2024-2025")],
            "SECOND": [(one, past, "2023-2024"), (other, YEAR, "2024-2025")],
            "BOTH": [(one, YEAR, "2024-2025"), (elsewhere, YEAR, "2024-2025")],
        }.items():
            student = await make_student(session, core.school_id, matricule=matricule, enrolled_in=None)
            for joined, days, year in places:
                await fill_class(session, core.school_id, joined, [student.id], days, year)
    for asked, expected in (
        ({"class": "l1"}, {"FIRST", "BOTH"}),
        ({"class": "L1", "schoolYear": "2023-2024"}, {"SECOND"}),
        ({"class": "L2", "schoolYear": "2023-2024"}, set()),
        ({"programme": "INF"}, {"FIRST", "SECOND", "BOTH"}),
        ({"programme": "GES"}, {"BOTH"}),
        ({"programme": "GES", "class": "L1"}, set()),
        ({"schoolYear": "2024-2025"}, {"FIRST", "SECOND", "BOTH"}),
        ({"schoolYear": "2023-2024"}, {"SECOND"}),
    ):
        found = await listed(asker, core, 1, filter=asked)
        assert (set(found), len(found)) == (expected, len(expected)), asked


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"class": "NONE"}, ("CLASS_NOT_FOUND", "filter.class")),
        ({"programme": "NONE"}, ("PROGRAMME_NOT_FOUND", "filter.programme")),
        ({"schoolYear": "NONE"}, ("SCHOOL_YEAR_NOT_FOUND", "filter.schoolYear")),
        ({"class": " "}, ("INVALID_INPUT", "filter.class")),
        ({"namePrefix": "x" * 101}, ("INVALID_INPUT", "filter.namePrefix")),
    ],
)
async def test_what_is_not_there_is_named(asker: Asker, core: Actor, asked: Any, refusal: tuple[str, str]) -> None:
    assert await asker.refusal(core, LIST, filter=asked) == refusal


async def test_a_year_that_ends_in_the_middle_of_a_month(database: Database, clock: FixedClock) -> None:
    """The last day is the school's: in Dakar it is still the 15th, in Kiritimati already the 16th."""
    clock.set(datetime(2025, 7, 15, 12, tzinfo=UTC))
    asker = Asker(database, clock, [Query])
    for timezone, expected in (("Africa/Dakar", ["A"]), ("Pacific/Kiritimati", [])):
        actor = await make_actor(database, await make_school(database, timezone=timezone))
        await people(database, actor, "A", days=(date(2024, 10, 1), date(2025, 7, 15)))
        assert await listed(asker, actor, filter={"programme": "INF"}) == expected


async def test_a_cursor_is_of_one_filter_and_order(database: Database, asker: Asker, core: Actor) -> None:
    await people(database, core, "A", "B", "C")
    page = (await asker.data(core, LIST, first=1))["students"]
    after = page["pageInfo"]["endCursor"]
    assert await asker.refusal(core, LIST, after=after, order="matricule") == ("BAD_CURSOR", "after")
    assert await asker.refusal(core, LIST, after=after, filter={"status": "active"}) == ("BAD_CURSOR", "after")
    assert len((await asker.data(core, LIST, after=after))["students"]["nodes"]) == 2


async def test_two_programmes_at_once(database: Database, asker: Asker, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        student = await make_student(session, core.school_id, matricule="BOTH")
        await make_enrolment(session, core.school_id, student.id, programme="GES", days=(date(2024, 11, 1), YEAR[1]))
    asked = '{ student(matricule: "both") { programme { code } enrolments { programme { code } } } }'
    found = (await asker.data(core, asked))["student"]
    assert found["programme"] == {"code": "INF"}
    assert [each["programme"]["code"] for each in found["enrolments"]] == ["INF", "GES"]


async def test_a_filter_needs_the_right_to_list(database: Database, asker: Asker) -> None:
    with pytest.raises(InsufficientScope):
        await listed(asker, await make_actor(database, preset="bibliotheque"), filter={"status": "active"})
