"""Absences as they are listed: by when they begin, page by page, filtered; each student shown is audited."""

from typing import Any

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.absences.schema import Mutation, Query
from app.domains.students.records import StudentIdentity
from app.domains.students.schema import Query as StudentQuery
from tests.domains.absences.test_record_absence import absence, make, record
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor
from tests.support.operations import Asker
from tests.support.statements import counted

LIST = """query ($first: Int! = 20, $after: String, $order: Chronology! = oldest, $filter: AbsenceFilterInput) {
    absences(first: $first, after: $after, order: $order, filter: $filter) {
        nodes { matricule startsAt }
        pageInfo { hasNextPage endCursor } } }"""
HOURS = ("08:00", "10:00", "12:00", "14:00")


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query], [Mutation])


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


@pytest.fixture
async def students(database: Database, asker: Asker, core: Actor) -> list[StudentIdentity]:
    """The first one is away at 8 and at 12, the second at 10 and at 14; what comes after noon is justified."""
    made = [await make(database, core) for _ in range(2)]
    for place, hour in enumerate(HOURS):
        end = f"{int(hour[:2]) + 1:02}:00"
        await record(asker, core, absence(made[place % 2], hour, end, justified=hour >= "12:00"))
    return made


async def listed(asker: Asker, actor: Actor, **asked: Any) -> list[str]:
    page = (await asker.data(actor, LIST, **asked))["absences"]
    return [node["startsAt"][11:16] for node in page["nodes"]]


async def test_pages_go_on_where_the_last_one_ended(asker: Asker, core: Actor, students: list[StudentIdentity]) -> None:
    for order, expected in (("oldest", HOURS), ("newest", HOURS[::-1])):
        first = (await asker.data(core, LIST, first=3, order=order))["absences"]
        assert [node["startsAt"][11:16] for node in first["nodes"]] == list(expected[:3])
        assert first["pageInfo"]["hasNextPage"]
        rest = (await asker.data(core, LIST, first=3, order=order, after=first["pageInfo"]["endCursor"]))["absences"]
        assert [node["startsAt"][11:16] for node in rest["nodes"]] == list(expected[3:])
        assert not rest["pageInfo"]["hasNextPage"]


async def test_a_cursor_is_good_for_its_own_list_only(
    asker: Asker, core: Actor, students: list[StudentIdentity]
) -> None:
    page = (await asker.data(core, LIST, first=1))["absences"]
    cursor = page["pageInfo"]["endCursor"]
    assert await asker.refusal(core, LIST, after=cursor, order="newest") == ("BAD_CURSOR", "after")
    assert await asker.refusal(core, LIST, after=cursor, filter={"justified": True}) == ("BAD_CURSOR", "after")


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"justified": True}, ["12:00", "14:00"]),
        ({"justified": False}, ["08:00", "10:00"]),
        ({"since": "2025-01-13T11:00:00Z"}, ["12:00", "14:00"]),
        ({"since": "2025-01-13T10:59:59Z"}, ["10:00", "12:00", "14:00"]),
        ({"until": "2025-01-13T10:00:00Z"}, ["08:00"]),
        ({"since": "2025-01-13T10:30:00Z", "until": "2025-01-13T12:30:00Z", "justified": True}, ["12:00"]),
        ({"matricule": "NOBODY"}, []),
        ({}, list(HOURS)),
    ],
)
async def test_filters(
    asker: Asker, core: Actor, students: list[StudentIdentity], filter: dict[str, Any], expected: list[str]
) -> None:
    assert await listed(asker, core, filter=filter) == expected


async def test_of_one_student_in_any_case(asker: Asker, core: Actor, students: list[StudentIdentity]) -> None:
    assert await listed(asker, core, filter={"matricule": students[0].matricule.lower()}) == ["08:00", "12:00"]


async def test_an_instant_needs_its_offset(asker: Asker, core: Actor) -> None:
    given = {"since": "2025-01-13T10:00:00"}
    assert await asker.refusal(core, LIST, filter=given) == ("OFFSET_MISSING", "filter.since")


async def test_those_shown_are_audited_and_no_others(
    database: Database, asker: Asker, core: Actor, students: list[StudentIdentity]
) -> None:
    async with database.raw(Wall.app(core.school_id)) as connection:
        before = await connection.fetchval("SELECT count(*) FROM audit_entry")
        await listed(asker, core, filter={"until": "2025-01-13T09:00:00Z"})
        rows = await connection.fetch("SELECT subjects FROM audit_entry ORDER BY request_id OFFSET $1", before)
    assert [row["subjects"] for row in rows] == [[students[0].id]]


async def test_another_school_sees_none(
    database: Database, asker: Asker, core: Actor, students: list[StudentIdentity]
) -> None:
    assert await listed(asker, await make_actor(database)) == []


OF_STUDENTS = """query ($first: Int! = 1, $after: String) {
    students { nodes { matricule absences(first: $first, after: $after) {
        nodes { startsAt } pageInfo { hasNextPage endCursor } } } } }"""


async def test_each_student_has_those_of_their_own(
    database: Database, clock: FixedClock, core: Actor, students: list[StudentIdentity]
) -> None:
    """However many students there are, their absences are one statement."""
    asker = Asker(database, clock, [StudentQuery, Query], [Mutation])
    counts = []
    for _ in range(2):
        with counted(database) as statements:
            found = (await asker.data(core, OF_STUDENTS))["students"]["nodes"]
        counts.append(len(statements))
        await make(database, core)
    of = {each["matricule"]: each["absences"] for each in found}
    first, second = (of[student.matricule] for student in students)
    assert [node["startsAt"][11:16] for node in first["nodes"]] == ["12:00"]
    assert [node["startsAt"][11:16] for node in second["nodes"]] == ["14:00"]
    assert first["pageInfo"]["hasNextPage"]
    assert counts[0] == counts[1]
    rest = """query ($id: String!, $after: String) {
        student(matricule: $id) { absences(after: $after) { nodes { startsAt } pageInfo { hasNextPage } } } }"""
    answer = await asker.data(core, rest, id=students[0].matricule, after=first["pageInfo"]["endCursor"])
    page = answer["student"]["absences"]
    assert ([node["startsAt"][11:16] for node in page["nodes"]], page["pageInfo"]["hasNextPage"]) == (["08:00"], False)
