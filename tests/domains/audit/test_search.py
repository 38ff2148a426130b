"""Who saw this student, when, through which key."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.clock import SystemClock
from app.core.database import Database, Wall
from app.core.ids import new_id_at
from app.domains.audit.forgetting import forget_subject
from app.domains.audit.schema import Query
from app.domains.audit.sealing import seal_school
from app.domains.partners.tables import School
from app.domains.students.records import StudentIdentity
from app.domains.students.schema import Query as StudentQuery
from tests.support.clock import FixedClock
from tests.support.factories.audit import make_entry
from tests.support.factories.partners import make_actor, make_school
from tests.support.factories.students import make_student
from tests.support.operations import Asker

SEARCH = """
query ($matricule: String, $keyId: String, $partner: String, $operation: String, $channel: AuditChannel,
    $since: DateTime, $until: DateTime, $first: Int! = 20, $after: String) {
    auditEntries(matricule: $matricule, keyId: $keyId, partner: $partner, operation: $operation, channel: $channel,
        since: $since, until: $until, first: $first, after: $after) {
        nodes { requestId operation channel partner keyId studentCount }
        pageInfo { hasNextPage endCursor }
    }
}
"""
AT_ONCE = timedelta(seconds=-1)


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query, StudentQuery])


@pytest.fixture
async def school(database: Database) -> School:
    return await make_school(database)


@pytest.fixture
async def admin(database: Database, school: School) -> Actor:
    return await make_actor(database, school, "admin", partner="Console")


@pytest.fixture
async def library(database: Database, school: School) -> Actor:
    return await make_actor(database, school, "bibliotheque", partner="Koha")


@pytest.fixture
async def ada(database: Database, school: School) -> StudentIdentity:
    async with database.transaction(Wall.app(school.id)) as session:
        return await make_student(session, school.id)


async def found(asker: Asker, admin: Actor, **asked: Any) -> list[UUID]:
    """The requests that a search finds, those of searches left out."""
    nodes = (await asker.data(admin, SEARCH, **asked))["auditEntries"]["nodes"]
    return [UUID(node["requestId"]) for node in nodes if node["operation"] != "auditEntries"]


async def test_who_saw_a_student(asker: Asker, admin: Actor, library: Actor, ada: StudentIdentity) -> None:
    await asker.data(library, "query ($m: String!) { student(matricule: $m) { matricule } }", m=ada.matricule)
    nodes = (await asker.data(admin, SEARCH, matricule=ada.matricule.lower()))["auditEntries"]["nodes"]
    assert nodes == [
        {
            "requestId": nodes[0]["requestId"],
            "operation": "student",
            "channel": "graphql",
            "partner": "Koha",
            "keyId": library.key_id,
            "studentCount": 1,
        }
    ]
    again = (await asker.data(admin, SEARCH, matricule=ada.matricule))["auditEntries"]["nodes"]
    assert [node["operation"] for node in again] == ["auditEntries", "student"], "searching is looking, too"


@pytest.mark.parametrize("sealed", [0, 2, 4], ids=["before sealing", "half sealed", "sealed"])
async def test_every_condition_alone_and_together(
    asker: Asker, database: Database, admin: Actor, library: Actor, ada: StudentIdentity, sealed: int
) -> None:
    canteen = await make_actor(database, preset="cantine", partner="Cantine")
    canteen = Actor(library.school_id, "", "UTC", admin.partner_id, "Console", "canteen00000", canteen.scopes)
    made: list[UUID] = []
    for number, (actor, operation, channel) in enumerate(
        [
            (library, "student", "graphql"),
            (library, "Student", "rest"),
            (canteen, "Student", "rest"),
            (canteen, "x", "cli"),
        ]
    ):
        if number == sealed:
            await seal_school(database, library.school_id, settled=AT_ONCE)
        subjects = [ada.id] if number != 2 else [admin.partner_id]
        made.append(await make_entry(database, actor, subjects, operation=operation, channel=channel))
    if sealed == 4:
        await seal_school(database, library.school_id, settled=AT_ONCE)
    first, second, third, fourth = made
    for asked, wanted in (
        ({}, [fourth, third, second, first]),
        ({"matricule": ada.matricule}, [fourth, second, first]),
        ({"keyId": library.key_id}, [second, first]),
        ({"partner": "Console"}, [fourth, third]),
        ({"operation": "Student"}, [third, second]),
        ({"channel": "rest"}, [third, second]),
        ({"matricule": ada.matricule, "keyId": "canteen00000"}, [fourth]),
        ({"matricule": ada.matricule, "channel": "rest"}, [second]),
        ({"keyId": library.key_id, "operation": "student"}, [first]),
        ({"partner": "Console", "channel": "graphql"}, []),
    ):
        assert await found(asker, admin, **asked) == wanted, asked


async def test_a_time_range(asker: Asker, database: Database, admin: Actor, ada: StudentIdentity) -> None:
    now = SystemClock().now()
    hours = [
        await make_entry(database, admin, [ada.id], request_id=new_id_at(now - timedelta(hours=n))) for n in (3, 2, 1)
    ]
    await seal_school(database, admin.school_id, settled=AT_ONCE)
    for asked in ({}, {"matricule": ada.matricule}, {"keyId": admin.key_id}):
        between = {
            "since": (now - timedelta(hours=2, minutes=1)).isoformat(),
            "until": (now - timedelta(hours=1, minutes=1)).isoformat(),
        }
        assert await found(asker, admin, **asked, **between) == [hours[1]]
        assert await found(asker, admin, **asked, until=between["until"]) == [hours[1], hours[0]]


@pytest.mark.parametrize("sealed", [False, True])
async def test_pages_leave_nothing_out(
    asker: Asker, database: Database, admin: Actor, ada: StudentIdentity, sealed: bool
) -> None:
    """Also where a page ends between two operations of one request."""
    request = await make_entry(database, admin, [ada.id], operation="a")
    for operation in ("b", "c", "d"):
        await make_entry(database, admin, [ada.id], request_id=request, operation=operation)
    last = await make_entry(database, admin, [ada.id], operation="a")
    if sealed:
        await seal_school(database, admin.school_id, settled=AT_ONCE)
    for asked in ({"keyId": admin.key_id}, {"channel": "graphql"}):
        seen = await walked(asker, admin, asked)
        assert seen == [(last, "a"), *((request, each) for each in "dcba")]


async def walked(asker: Asker, admin: Actor, asked: dict[str, Any]) -> Sequence[tuple[UUID, str]]:
    seen: list[tuple[UUID, str]] = []
    after = None
    while True:
        page = (await asker.data(admin, SEARCH, **asked, first=2, after=after))["auditEntries"]
        seen += [(UUID(node["requestId"]), node["operation"]) for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return seen
        after = page["pageInfo"]["endCursor"]


async def test_whom_an_entry_concerned_is_told_and_recorded(
    asker: Asker, database: Database, school: School, admin: Actor, ada: StudentIdentity
) -> None:
    async with database.transaction(Wall.app(school.id)) as session:
        alan = await make_student(session, school.id)
    await make_entry(database, admin, [ada.id, alan.id])
    text = "{ auditEntries { nodes { students studentCount } } }"
    [entry] = (await asker.data(admin, text))["auditEntries"]["nodes"]
    assert entry == {"students": [ada.matricule, alan.matricule], "studentCount": 2}
    assert len(await found(asker, admin, matricule=alan.matricule)) == 1
    async with database.raw(Wall.app(school.id)) as connection:
        looked = await connection.fetchval("SELECT subjects FROM audit_entry WHERE operation = 'auditEntries'")
    assert looked == sorted((ada.id, alan.id))


async def test_a_search_that_shows_nobody_records_nothing(
    asker: Asker, database: Database, admin: Actor, ada: StudentIdentity
) -> None:
    await make_entry(database, admin, [ada.id])
    await asker.data(admin, "{ auditEntries { nodes { studentCount } } }")
    async with database.raw(Wall.app(admin.school_id)) as connection:
        assert await connection.fetchval("SELECT count(*) FROM audit_entry") == 1


async def test_whoever_was_forgotten_is_named_no_more(
    asker: Asker, database: Database, admin: Actor, ada: StudentIdentity
) -> None:
    await make_entry(database, admin, [ada.id])
    await seal_school(database, admin.school_id, settled=AT_ONCE)
    await forget_subject(database, admin.school_id, ada.id)
    [entry] = (await asker.data(admin, "{ auditEntries { nodes { students studentCount } } }"))["auditEntries"]["nodes"]
    assert entry == {"students": [], "studentCount": 1}


async def test_another_schools_entries_are_not_found(
    asker: Asker, database: Database, admin: Actor, ada: StudentIdentity
) -> None:
    stranger = await make_actor(database, preset="admin")
    await make_entry(database, admin, [ada.id])
    assert await found(asker, stranger) == []
    assert await asker.refusal(stranger, SEARCH, matricule=ada.matricule) == ("STUDENT_NOT_FOUND", "matricule")
    assert await asker.refusal(admin, SEARCH, partner="Nobody") == ("PARTNER_NOT_FOUND", "partner")


async def test_other_keys_search_nothing(asker: Asker, library: Actor) -> None:
    with pytest.raises(InsufficientScope):
        await asker.ask(library, SEARCH)
