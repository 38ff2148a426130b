"""A student by matricule: however it is typed, as of today in the school's time zone, in this school alone."""

from datetime import UTC, date, datetime

import pytest

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.domains.students.errors import StudentNotFound
from app.domains.students.schema import Query
from app.domains.students.service import find_student, require_student
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor, make_school
from tests.support.factories.students import make_enrolment, make_student
from tests.support.operations import Asker

STUDENT = """query ($matricule: String!) { student(matricule: $matricule) {
    matricule firstName lastName enrolled status programme { code label } class { code }
    enrolments { programme { code } class { code } schoolYear startsOn endsOn } updatedAt } }"""
ENROLLED = "query ($matricule: String!) { student(matricule: $matricule) { enrolled } }"


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query])


@pytest.fixture
async def library(database: Database) -> Actor:
    return await make_actor(database, preset="bibliotheque")


async def test_a_student_is_described(database: Database, asker: Asker, library: Actor) -> None:
    async with database.transaction(Wall.app(library.school_id)) as session:
        await make_student(
            session, library.school_id, matricule="2024/INF/0123", first_name="Aïssatou", last_name="N'Diaye"
        )
    student = (await asker.data(library, STUDENT, matricule="2024/INF/0123"))["student"]
    assert student["matricule"] == "2024/INF/0123"
    assert (student["firstName"], student["lastName"]) == ("Aïssatou", "N'Diaye")
    assert (student["enrolled"], student["status"]) == (True, "active")
    assert student["programme"] == {"code": "INF", "label": "Programme INF"}
    [enrolment] = student["enrolments"]
    assert enrolment["class"] == student["class"]
    assert (enrolment["schoolYear"], enrolment["startsOn"], enrolment["endsOn"]) == (
        "2024-2025",
        "2024-10-01",
        "2025-07-31",
    )


@pytest.mark.parametrize("typed", ["2024/inf/0123", " 2024/INF/0123 ", "2024/Inf/0123\u00a0"])
async def test_case_and_spaces_do_not_matter(database: Database, asker: Asker, library: Actor, typed: str) -> None:
    async with database.transaction(Wall.app(library.school_id)) as session:
        await make_student(session, library.school_id, matricule="2024/INF/0123")
    student = (await asker.data(library, STUDENT, matricule=typed))["student"]
    assert student["matricule"] == "2024/INF/0123"


async def test_nobody_is_null(asker: Asker, library: Actor) -> None:
    assert await asker.data(library, STUDENT, matricule="NOBODY") == {"student": None}


async def test_another_schools_student_is_nobody(database: Database, asker: Asker, library: Actor) -> None:
    other = await make_school(database)
    async with database.transaction(Wall.app(other.id)) as session:
        student = await make_student(session, other.id)
    assert await asker.data(library, STUDENT, matricule=student.matricule) == {"student": None}


@pytest.mark.parametrize("typed", ["", "   ", "x" * 65])
async def test_what_cannot_be_a_matricule_is_refused(asker: Asker, library: Actor, typed: str) -> None:
    assert await asker.refusal(library, STUDENT, matricule=typed) == ("INVALID_INPUT", "matricule")


@pytest.mark.parametrize("status", ["suspended", "graduated", "left"])
async def test_only_the_active_are_enrolled(database: Database, asker: Asker, library: Actor, status: str) -> None:
    async with database.transaction(Wall.app(library.school_id)) as session:
        student = await make_student(session, library.school_id, status=status)
    found = (await asker.data(library, STUDENT, matricule=student.matricule))["student"]
    assert (found["enrolled"], found["status"]) == (False, status)


@pytest.mark.parametrize(
    ("now", "enrolled"),
    [
        (datetime(2025, 7, 31, 21, 59, tzinfo=UTC), True),  # 23:59 of the last day in Paris
        (datetime(2025, 7, 31, 22, 0, tzinfo=UTC), False),  # midnight in Paris, not yet in UTC
        (datetime(2024, 9, 30, 21, 59, tzinfo=UTC), False),
        (datetime(2024, 9, 30, 22, 0, tzinfo=UTC), True),  # the first day has begun in Paris alone
    ],
)
async def test_today_is_the_schools(
    database: Database, asker: Asker, clock: FixedClock, now: datetime, enrolled: bool
) -> None:
    school = await make_school(database, timezone="Europe/Paris")
    actor = await make_actor(database, school, "bibliotheque")
    async with database.transaction(Wall.app(school.id)) as session:
        student = await make_student(session, school.id)
    clock.set(now)
    found = await asker.data(actor, ENROLLED, matricule=student.matricule)
    assert found == {"student": {"enrolled": enrolled}}


async def test_without_a_running_enrolment_there_is_no_programme(
    database: Database, asker: Asker, library: Actor
) -> None:
    last_year = (date(2023, 10, 1), date(2024, 7, 31))
    async with database.transaction(Wall.app(library.school_id)) as session:
        student = await make_student(session, library.school_id, days=last_year)
    found = (await asker.data(library, STUDENT, matricule=student.matricule))["student"]
    assert (found["enrolled"], found["programme"], found["class"], found["enrolments"]) == (False, None, None, [])


async def test_a_student_in_two_programmes(database: Database, asker: Asker, library: Actor) -> None:
    later = (date(2024, 11, 1), date(2025, 7, 31))
    async with database.transaction(Wall.app(library.school_id)) as session:
        student = await make_student(session, library.school_id, enrolled_in="GES")
        await make_enrolment(session, library.school_id, student.id, programme="INF", days=later)
    found = (await asker.data(library, STUDENT, matricule=student.matricule))["student"]
    assert found["programme"]["code"] == "GES"
    assert [each["programme"]["code"] for each in found["enrolments"]] == ["GES", "INF"]


async def test_the_canteen_may_not_ask(database: Database, asker: Asker) -> None:
    canteen = await make_actor(database, preset="cantine")
    with pytest.raises(InsufficientScope):
        await asker.ask(canteen, STUDENT, matricule="2024/INF/0123")


async def test_reading_is_audited(database: Database, asker: Asker, library: Actor) -> None:
    async with database.transaction(Wall.app(library.school_id)) as session:
        student = await make_student(session, library.school_id)
    await asker.data(library, STUDENT, matricule=student.matricule)
    await asker.data(library, STUDENT, matricule="NOBODY")
    async with database.raw(Wall.app(library.school_id)) as connection:
        rows = await connection.fetch("SELECT partner_id, subjects FROM audit_entry")
    assert [tuple(row) for row in rows] == [(library.partner_id, [student.id])]


async def test_services_find_or_require(database: Database, library: Actor) -> None:
    async with database.transaction(Wall.app(library.school_id)) as session:
        student = await make_student(session, library.school_id)
        assert await find_student(session, student.matricule.lower()) == student
        assert await require_student(session, student.matricule) == student
        assert await find_student(session, "NOBODY") is None
        with pytest.raises(StudentNotFound) as refusal:
            await require_student(session, "NOBODY")
        with pytest.raises(InvalidInput):
            await find_student(session, "\x00")
    assert (refusal.value.code, refusal.value.field) == ("STUDENT_NOT_FOUND", "matricule")
    assert "NOBODY" in refusal.value.message("fr")
