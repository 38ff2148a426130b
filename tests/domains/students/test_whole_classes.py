"""A class graduates or is suspended at once: everybody whom it concerns, nobody else, and it says who."""

from datetime import date
from typing import Any

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.students.commands.classes import LARGEST_CLASS
from app.domains.students.schema import Mutation, Query
from tests.domains.students.test_changes import audited, mutation, told
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor
from tests.support.factories.students import YEAR, fill_class, make_class, make_student, make_year
from tests.support.operations import Asker

SHOWN = """__typename ... on Failure { code field message }
    ... on ClassChanged { class schoolYear changedCount leftOut { matricule reason } }"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query], [Mutation])


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


async def graduate(asker: Asker, actor: Actor, name: str = "graduateClass", **given: Any) -> dict[str, Any]:
    asked = {"class": "L3", "schoolYear": "2024-2025", **given}
    answered: dict[str, Any] = (await asker.data(actor, mutation(name, SHOWN), input=asked))[name]
    return answered


async def members(database: Database, actor: Actor, days: dict[str, tuple[date, date]], **statuses: str) -> None:
    """Students of the class L3, by matricule, with the days of their enrolment."""
    async with database.transaction(Wall.app(actor.school_id)) as session:
        joined = await make_class(session, actor.school_id, code="L3")
        await make_year(session, actor.school_id)
        for matricule, span in days.items():
            status = statuses.get(matricule, "active")
            student = await make_student(session, actor.school_id, matricule=matricule, status=status, enrolled_in=None)
            await fill_class(session, actor.school_id, joined, [student.id], span)


async def statuses(database: Database, actor: Actor) -> dict[str, str]:
    async with database.raw(Wall.app(actor.school_id)) as connection:
        rows = await connection.fetch("SELECT matricule, status FROM student ORDER BY matricule")
    return {row[0]: row[1] for row in rows}


async def test_everybody_but_those_who_are_told_apart(database: Database, asker: Asker, core: Actor) -> None:
    days = dict.fromkeys(("A", "B", "EXCEPTED", "SUSPENDED", "GONE"), YEAR)
    days |= {"EARLY": (YEAR[0], date(2024, 12, 1)), "LATER": (date(2025, 2, 1), YEAR[1])}
    await members(database, core, days, SUSPENDED="suspended", GONE="left")
    done = await graduate(asker, core, **{"on": "2025-01-13", "except": ["excepted"]})
    assert (done["class"], done["schoolYear"], done["changedCount"]) == ("L3", "2024-2025", 2)
    assert {each["matricule"]: each["reason"] for each in done["leftOut"]} == {
        "EXCEPTED": "excepted",
        "SUSPENDED": "suspended",
        "GONE": "left",
        "EARLY": "left_class",
        "LATER": "joins_later",
    }
    found = await statuses(database, core)
    assert {matricule for matricule, status in found.items() if status == "graduated"} == {"A", "B"}
    assert await told(database, core) == ["student.graduated", "student.graduated"]
    assert len(await audited(database, core)) == 7
    async with database.raw(Wall.app(core.school_id)) as connection:
        ended = await connection.fetch(
            "SELECT ends_on FROM enrolment JOIN student s ON s.id = student_id WHERE s.status = 'graduated'"
        )
    assert {row[0] for row in ended} == {date(2025, 1, 13)}


async def test_after_the_year_has_ended_its_last_day_counts(
    database: Database, asker: Asker, core: Actor, clock: FixedClock
) -> None:
    await members(database, core, {"A": YEAR})
    clock.set(clock.now().replace(month=9))
    done = await graduate(asker, core)
    assert (done["changedCount"], done["leftOut"]) == (1, [])


async def test_a_mistyped_exception_stops_everything(database: Database, asker: Asker, core: Actor) -> None:
    await members(database, core, {"A": YEAR, "B": YEAR})
    refused = await graduate(asker, core, **{"except": ["C"]})
    assert (refused["__typename"], refused["field"]) == ("NotInClass", "except")
    assert set((await statuses(database, core)).values()) == {"active"}
    assert await told(database, core) == []


async def test_a_second_time_leaves_everybody_out(database: Database, asker: Asker, core: Actor) -> None:
    await members(database, core, {"A": YEAR, "B": YEAR})
    await graduate(asker, core)
    again = await graduate(asker, core)
    assert (again["changedCount"], {each["reason"] for each in again["leftOut"]}) == (0, {"graduated"})


async def test_nobody_is_suspended_for_the_class_of_a_year_that_has_ended(
    database: Database, asker: Asker, core: Actor, clock: FixedClock
) -> None:
    """Who was in it then may be anywhere now."""
    await members(database, core, {"A": YEAR})
    clock.set(clock.now().replace(month=9))
    done = await graduate(asker, core, "suspendClass")
    assert [(each["matricule"], each["reason"]) for each in done["leftOut"]] == [("A", "left_class")]
    assert await statuses(database, core) == {"A": "active"}


async def test_suspending_keeps_the_enrolments(database: Database, asker: Asker, core: Actor) -> None:
    await members(database, core, {"A": YEAR, "B": YEAR})
    done = await graduate(asker, core, "suspendClass", **{"except": ["B"]})
    assert done["changedCount"] == 1
    assert await statuses(database, core) == {"A": "suspended", "B": "active"}
    async with database.raw(Wall.app(core.school_id)) as connection:
        assert await connection.fetchval("SELECT count(*) FROM enrolment WHERE ends_on = $1", YEAR[1]) == 2
    assert await told(database, core) == ["student.updated"]


async def test_five_hundred_in_one_go(database: Database, asker: Asker, core: Actor) -> None:
    await crowd(database, core, 500)
    done = await graduate(asker, core)
    assert (done["changedCount"], done["leftOut"]) == (500, [])
    assert await told(database, core) == ["student.graduated"] * 500


async def test_a_crowd_is_no_class(database: Database, asker: Asker, core: Actor) -> None:
    await crowd(database, core, LARGEST_CLASS + 1)
    refused = await graduate(asker, core)
    assert (refused["__typename"], refused["field"]) == ("ClassTooLarge", "class")
    assert await told(database, core) == []


async def crowd(database: Database, actor: Actor, size: int) -> None:
    await members(database, actor, {})
    async with database.raw(Wall.app(actor.school_id)) as connection:
        await connection.execute(
            "INSERT INTO student (school_id, matricule, matricule_key, first_name, last_name) "
            "SELECT $1, 'S' || n, 'S' || n, 'Awa', 'Ba' FROM generate_series(1, $2::int) n",
            actor.school_id,
            size,
        )
        await connection.execute(
            "INSERT INTO enrolment (school_id, student_id, programme_id, class_id, school_year_id, starts_on, ends_on) "
            "SELECT s.school_id, s.id, c.programme_id, c.id, y.id, y.starts_on, y.ends_on "
            "FROM student s, school_class c, school_year y"
        )


async def test_unknown_places_are_named(database: Database, asker: Asker, core: Actor) -> None:
    await members(database, core, {"A": YEAR})
    for given, kind, field in (
        ({"class": "NONE"}, "ClassNotFound", "class"),
        ({"schoolYear": "NONE"}, "SchoolYearNotFound", "schoolYear"),
        ({"on": "2025-01-14"}, "InvalidInput", "on"),
    ):
        refused = await graduate(asker, core, **given)
        assert (refused["__typename"], refused["field"]) == (kind, field)
