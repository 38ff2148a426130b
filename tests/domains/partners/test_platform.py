"""Keys of the platform: they manage schools, and behind the wall they stand at there is nothing."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from app.api.errors import InsufficientScope
from app.core.actor import NOWHERE, Actor
from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.domains.partners.errors import GraceNotOffered, KeyAlreadyRevoked, KeyExpired, KeyNotFound, KeyRevoked
from app.domains.partners.keyring import Keyring
from app.domains.partners.schema import Mutation, Query
from app.domains.partners.service import (
    find_school,
    issue_platform_key,
    list_platform_keys,
    revoke_platform_key,
    rotate_platform_key,
)
from app.domains.students.schema import Query as StudentQuery
from tests.support.clock import FixedClock
from tests.support.factories.partners import PEPPERS, make_actor, make_school
from tests.support.factories.students import make_student
from tests.support.operations import Asker

CREATE = """
mutation ($input: CreateSchoolInput!, $key: String) { createSchool(input: $input, idempotencyKey: $key) {
    __typename ... on School { code name timezone currency createdAt } ... on Failure { code field }
} }
"""
UPDATE = """
mutation ($code: String!, $input: UpdateSchoolInput!) { updateSchool(code: $code, input: $input) {
    __typename ... on School { code name timezone } ... on Failure { code field }
} }
"""


@pytest.fixture
async def keyring(database: Database, clock: FixedClock) -> AsyncIterator[Keyring]:
    keyring = Keyring(database, PEPPERS, clock)
    await keyring.start()
    yield keyring
    await keyring.stop()


@pytest.fixture
async def platform(database: Database, keyring: Keyring) -> Actor:
    issued = await issue_platform_key(database, "Exploitation", PEPPERS)
    return await keyring.authenticate(issued.key, None)


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query, StudentQuery], [Mutation])


def lycee(**changes: str) -> dict[str, str]:
    code = f"L-{uuid.uuid4().hex[:10]}".upper()
    return {"code": code, "name": "Lycée", "timezone": "Africa/Dakar", "currency": "XOF", **changes}


def test_it_stands_at_a_wall_of_its_own(platform: Actor) -> None:
    assert platform.of_platform
    assert (platform.school_id, platform.partner_id, platform.partner_name) == (NOWHERE, NOWHERE, "Exploitation")
    assert platform.scopes == {"schools:manage"}


async def test_behind_its_wall_there_is_no_row_of_any_school(database: Database) -> None:
    school = await make_school(database)
    async with database.transaction(Wall.app(school.id)) as session:
        await make_student(session, school.id)
    async with database.raw(Wall.app(NOWHERE)) as connection:
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
            "AND NOT relispartition AND relrowsecurity AND has_table_privilege('skooly_app', oid, 'SELECT')"
        )
        assert len(tables) > 20
        for (table,) in tables:
            assert await connection.fetchval(f'SELECT count(*) FROM "{table}"') == 0, table


async def test_it_reads_no_student_even_with_every_scope(asker: Asker, database: Database, platform: Actor) -> None:
    school = await make_school(database)
    async with database.transaction(Wall.app(school.id)) as session:
        student = await make_student(session, school.id)
    text = "query ($m: String!) { student(matricule: $m) { matricule } }"
    with pytest.raises(InsufficientScope):
        await asker.ask(platform, text, m=student.matricule)
    almighty = Actor(NOWHERE, "", "UTC", NOWHERE, "X", platform.key_id, frozenset({"students:read", "students:list"}))
    assert (await asker.data(almighty, text, m=student.matricule))["student"] is None
    assert (await asker.data(almighty, "{ students { nodes { matricule } } }"))["students"]["nodes"] == []


async def test_a_key_of_a_school_manages_no_school(asker: Asker, database: Database) -> None:
    admin = await make_actor(database, preset="admin")
    for text, variables in ((CREATE, {"input": lycee()}), ("{ schools { nodes { code } } }", {})):
        with pytest.raises(InsufficientScope):
            await asker.ask(admin, text, **variables)


async def test_the_application_has_no_right_on_its_keys(database: Database) -> None:
    for statement in (
        "SELECT FROM platform_key",
        "UPDATE platform_key SET revoked_at = NULL",
        "DELETE FROM platform_key",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.raw(Wall.app(NOWHERE)) as connection:
                await connection.execute(statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.raw(Wall.auth()) as connection:
            await connection.execute("UPDATE platform_key SET scopes = '{}'")


async def test_a_school_is_opened_once(asker: Asker, database: Database, platform: Actor) -> None:
    wanted = lycee()
    first = (await asker.data(platform, CREATE, input=wanted, key=wanted["code"]))["createSchool"]
    assert first["code"] == wanted["code"]
    await asker.data(platform, UPDATE, code=wanted["code"], input={"name": "Renommé"})
    again = (await asker.data(platform, CREATE, input=wanted, key=wanted["code"]))["createSchool"]
    assert again == {**first, "name": "Renommé"}
    taken = (await asker.data(platform, CREATE, input=wanted))["createSchool"]
    assert (taken["__typename"], taken["field"]) == ("SchoolCodeTaken", "code")
    for other in ({**wanted, "name": "Autre"}, lycee()):
        assert await asker.refusal(platform, CREATE, input=other, key=wanted["code"]) == (
            "IDEMPOTENCY_KEY_REUSED",
            "idempotencyKey",
        )


async def test_a_new_school_can_be_worked_with(asker: Asker, database: Database, platform: Actor) -> None:
    code = (await asker.data(platform, CREATE, input=lycee()))["createSchool"]["code"]
    school = await find_school(database, code)
    async with database.raw(Wall.app(school.id)) as connection:
        assert await connection.fetchval("SELECT count(*) FROM school_log") == 1


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"timezone": "Mars/Base"}, "UNKNOWN_TIMEZONE", "timezone"),
        ({"currency": "ZZZ"}, "INVALID_INPUT", "currency"),
        ({"name": " "}, "INVALID_INPUT", "name"),
        ({"code": "A B"}, "INVALID_INPUT", "code"),
    ],
)
async def test_a_school_that_cannot_be(
    asker: Asker, platform: Actor, change: dict[str, str], code: str, field: str
) -> None:
    refused = (await asker.data(platform, CREATE, input=lycee(**change)))["createSchool"]
    assert (refused["code"], refused["field"]) == (code, field)


async def test_a_change_leaves_the_rest_as_it_is(asker: Asker, database: Database, platform: Actor) -> None:
    school = await make_school(database)
    for given, wanted in (
        ({"timezone": "Europe/Paris"}, {"name": school.name, "timezone": "Europe/Paris"}),
        ({"name": "Nouveau"}, {"name": "Nouveau", "timezone": "Europe/Paris"}),
        ({}, {"name": "Nouveau", "timezone": "Europe/Paris"}),
    ):
        changed = (await asker.data(platform, UPDATE, code=school.code.lower(), input=given))["updateSchool"]
        assert changed == {"__typename": "School", "code": school.code, **wanted}
    refused = (await asker.data(platform, UPDATE, code="NOWHERE", input={}))["updateSchool"]
    assert refused["code"] == "SCHOOL_NOT_FOUND"


async def test_schools_are_listed_by_code_in_pages(asker: Asker, database: Database, platform: Actor) -> None:
    made = {(await make_school(database)).code for _ in range(3)}
    seen: list[str] = []
    after = None
    while True:
        page = (
            await asker.data(
                platform,
                "query ($after: String) { schools(first: 2, after: $after) { nodes { code } "
                "pageInfo { hasNextPage endCursor } } }",
                after=after,
            )
        )["schools"]
        seen += [node["code"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == sorted(set(seen))
    assert made <= set(seen)
    one = (await asker.data(platform, "query ($c: String!) { school(code: $c) { code } }", c="NOWHERE"))["school"]
    assert one is None


async def test_its_keys_rotate_and_are_taken_back(database: Database, clock: FixedClock, keyring: Keyring) -> None:
    old = await issue_platform_key(database, "Ops", PEPPERS, cidrs=["10.0.0.0/8"])
    with pytest.raises(GraceNotOffered):
        await rotate_platform_key(database, old.row.key_id, PEPPERS, clock, grace_hours=2)
    new = await rotate_platform_key(database, old.row.key_id, PEPPERS, clock, grace_hours=1)
    with pytest.raises(KeyAlreadyRevoked):
        await rotate_platform_key(database, old.row.key_id, PEPPERS, clock)
    assert new.row.cidrs == ["10.0.0.0/8"]
    other = Keyring(database, PEPPERS, clock)
    for key in (old.key, new.key):
        assert (await other.authenticate(key, "10.0.0.1")).partner_name == "Ops"
    clock.advance(timedelta(hours=1))
    with pytest.raises(KeyExpired):
        await other.authenticate(old.key, "10.0.0.1")
    await revoke_platform_key(database, new.row.key_id, clock)
    with pytest.raises(KeyRevoked):
        await Keyring(database, PEPPERS, clock).authenticate(new.key, "10.0.0.1")
    with pytest.raises(KeyNotFound):
        await revoke_platform_key(database, "000000000000", clock)


async def test_taking_one_back_tells_every_process_and_noting_a_use_does_not(
    database: Database, clock: FixedClock
) -> None:
    async def generation() -> int:
        async with database.raw(Wall.auth()) as connection:
            return int(await connection.fetchval("SELECT generation FROM key_generation"))

    issued = await issue_platform_key(database, "Ops", PEPPERS)
    keyring = Keyring(database, PEPPERS, clock)
    await keyring.authenticate(issued.key, None)
    before = await generation()
    await keyring.uses.flush()
    assert await generation() == before
    listed = {row.key_id: row.last_used_at for row in await list_platform_keys(database)}
    assert listed[issued.row.key_id] == clock.now()
    await revoke_platform_key(database, issued.row.key_id, clock)
    assert await generation() > before


async def test_a_holder_has_a_name(database: Database) -> None:
    with pytest.raises(InvalidInput):
        await issue_platform_key(database, " ", PEPPERS)
