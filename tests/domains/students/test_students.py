"""The list of students: every one once, in the order of their last change, whatever the page."""

from datetime import date

import pytest
from sqlalchemy import text

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.students.schema import Query
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_enrolment, make_student
from tests.support.operations import Asker

PAGE = """query ($first: Int! = 20, $after: String) { students(first: $first, after: $after) {
    edges { cursor node { matricule } } nodes { matricule } pageInfo { hasNextPage endCursor } } }"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query])


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database, preset="core")


async def fill(database: Database, actor: Actor, count: int) -> list[str]:
    """Students of one transaction, hence of one instant: only their ids tell them apart."""
    async with database.transaction(Wall.app(actor.school_id)) as session:
        made = [await make_student(session, actor.school_id, matricule=f"S{number:03}") for number in range(count)]
    return [student.matricule for student in made]


async def walk(asker: Asker, actor: Actor, first: int) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = (await asker.data(actor, PAGE, first=first, after=after))["students"]
        assert len(page["nodes"]) <= first
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        found += [node["matricule"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        assert after == page["edges"][-1]["cursor"]


@pytest.mark.parametrize("first", [1, 3, 4, 7, 8, 100])
async def test_pages_give_everybody_once_and_in_order(
    database: Database, asker: Asker, core: Actor, first: int
) -> None:
    expected = await fill(database, core, 7)
    assert await walk(asker, core, first) == expected


async def test_an_empty_school_has_an_empty_page(asker: Asker, core: Actor) -> None:
    page = (await asker.data(core, PAGE))["students"]
    assert page == {"edges": [], "nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}


async def test_two_enrolments_do_not_make_two_students(database: Database, asker: Asker, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        for _ in range(3):
            student = await make_student(session, core.school_id)
            await make_enrolment(session, core.school_id, student.id, programme="GES")
    assert len(set(await walk(asker, core, 2))) == 3


async def test_whoever_changes_comes_again_at_the_end(database: Database, asker: Asker, core: Actor) -> None:
    first, *others = await fill(database, core, 4)
    page = (await asker.data(core, PAGE, first=4))["students"]
    async with database.transaction(Wall.app(core.school_id)) as session:
        await session.execute(
            text("UPDATE student SET updated_at = now(), status = 'left' WHERE matricule = :m"), {"m": first}
        )
    later = (await asker.data(core, PAGE, after=page["pageInfo"]["endCursor"]))["students"]
    assert later["nodes"] == [{"matricule": first}]
    assert await walk(asker, core, 2) == [*others, first]


async def test_nobody_sees_another_school(database: Database, asker: Asker, core: Actor) -> None:
    await fill(database, await make_actor(database), 2)
    assert await walk(asker, core, 20) == []


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_pages_have_a_size(asker: Asker, core: Actor, first: int) -> None:
    assert await asker.refusal(core, PAGE, first=first) == ("INVALID_INPUT", "first")


@pytest.mark.parametrize("after", ["", "garbage", "WyIyMDI1IiwiMCJd.x"])
async def test_forged_cursors_are_refused(asker: Asker, core: Actor, after: str) -> None:
    assert await asker.refusal(core, PAGE, after=after) == ("BAD_CURSOR", "after")


async def test_another_schools_cursor_is_refused(database: Database, asker: Asker, core: Actor) -> None:
    other = await make_actor(database)
    await fill(database, other, 1)
    cursor = (await asker.data(other, PAGE))["students"]["pageInfo"]["endCursor"]
    assert await asker.refusal(core, PAGE, after=cursor) == ("BAD_CURSOR", "after")


async def test_the_library_may_not_list(database: Database, asker: Asker) -> None:
    with pytest.raises(InsufficientScope):
        await asker.ask(await make_actor(database, preset="bibliotheque"), PAGE)


async def test_enrolments_are_those_of_today(database: Database, asker: Asker, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await make_student(session, core.school_id, days=(date(2020, 1, 1), date(2020, 2, 1)))
        await make_student(session, core.school_id)
    page = await asker.data(core, "{ students { nodes { enrolled class { code } } } }")
    assert [node["enrolled"] for node in page["students"]["nodes"]] == [False, True]


async def test_everybody_on_the_page_is_audited(database: Database, asker: Asker, core: Actor) -> None:
    await fill(database, core, 3)
    await asker.data(core, PAGE, first=2)
    async with database.raw(Wall.app(core.school_id)) as connection:
        [row] = await connection.fetch("SELECT operation, cardinality(subjects) AS count FROM audit_entry")
    assert (row["operation"], row["count"]) == ("students", 2)
