"""Partners over the API."""

import pytest

from app.core.actor import Actor
from app.core.database import Database
from app.domains.partners.schema import Mutation, Query
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor, make_key, make_school
from tests.support.operations import Asker

CREATE = """
mutation ($name: String!, $key: String) { createPartner(input: {name: $name}, idempotencyKey: $key) {
    __typename ... on Partner { name keyCount createdAt } ... on Failure { code field }
} }
"""
RENAME = """
mutation ($partner: String!, $name: String!) { renamePartner(partner: $partner, input: {name: $name}) {
    __typename ... on Partner { name keyCount } ... on Failure { code field }
} }
"""
PARTNERS = """
query ($first: Int! = 20, $after: String) { partners(first: $first, after: $after) {
    nodes { name keyCount } pageInfo { hasNextPage endCursor }
} }
"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query], [Mutation])


@pytest.fixture
async def admin(database: Database) -> Actor:
    return await make_actor(database, await make_school(database), "admin", partner="Console")


async def test_a_partner_is_let_in_once(asker: Asker, admin: Actor) -> None:
    first = (await asker.data(admin, CREATE, name=" Sage ", key="k"))["createPartner"]
    assert (first["name"], first["keyCount"]) == ("Sage", 0)
    assert (await asker.data(admin, CREATE, name=" Sage ", key="k"))["createPartner"] == first
    taken = (await asker.data(admin, CREATE, name="Sage"))["createPartner"]
    assert taken == {"__typename": "PartnerNameTaken", "code": "PARTNER_NAME_TAKEN", "field": "name"}


async def test_a_partner_is_renamed_with_its_keys(asker: Asker, database: Database) -> None:
    school = await make_school(database)
    admin = await make_actor(database, school, "admin", partner="Console")
    await make_key(database, school, "comptabilite", partner="Sage")
    renamed = (await asker.data(admin, RENAME, partner="Sage", name="Sage 100"))["renamePartner"]
    assert renamed == {"__typename": "Partner", "name": "Sage 100", "keyCount": 1}
    for partner, name, code in (
        ("Sage", "X", "PARTNER_NOT_FOUND"),
        ("Sage 100", "Console", "PARTNER_NAME_TAKEN"),
        ("Sage 100", " ", "INVALID_INPUT"),
    ):
        refused = (await asker.data(admin, RENAME, partner=partner, name=name))["renamePartner"]
        assert refused["code"] == code


async def test_the_list_is_the_schools_own_by_name_in_pages(asker: Asker, database: Database, admin: Actor) -> None:
    await make_actor(database, partner="Ailleurs")
    for name in ("Sage", "Cantine"):
        await asker.data(admin, CREATE, name=name)
    first = (await asker.data(admin, PARTNERS, first=2))["partners"]
    rest = (await asker.data(admin, PARTNERS, after=first["pageInfo"]["endCursor"]))["partners"]
    assert [node["name"] for node in first["nodes"]] == ["Cantine", "Console"]
    assert [node["name"] for node in rest["nodes"]] == ["Sage"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
