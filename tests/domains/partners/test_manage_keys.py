"""Keys over the API: shown once, handed out within limits, taken back, and seen with what they used."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.partners.keyring import Keyring
from app.domains.partners.presets import PLATFORM, PRESETS
from app.domains.partners.schema import Mutation, Query
from app.domains.partners.tables import School
from app.domains.students.schema import Query as StudentQuery
from tests.support.clock import FixedClock
from tests.support.factories.partners import PEPPERS, make_actor, make_key, make_school
from tests.support.operations import Asker

ISSUE = """
mutation ($input: IssueKeyInput!, $key: String) { issueKey(input: $input, idempotencyKey: $key) {
    __typename ... on IssuedKey { text key { keyId partner preset state zones networks expiresAt } }
    ... on Failure { code message field }
} }
"""
ROTATE = """
mutation ($id: String!, $input: RotateKeyInput, $key: String) {
    rotateKey(keyId: $id, input: $input, idempotencyKey: $key) {
        __typename ... on IssuedKey { text key { keyId preset zones } } ... on Failure { code field }
    }
}
"""
REVOKE = """
mutation ($id: String!) { revokeKey(keyId: $id) {
    __typename ... on ApiKey { keyId state revokedAt } ... on Failure { code field }
} }
"""
KEYS = """
query ($partner: String, $first: Int! = 20, $after: String) { keys(partner: $partner, first: $first, after: $after) {
    nodes { keyId partner state replacedBy lastUsedAt unusedScopes scopes { name description lastUsedAt } }
    pageInfo { hasNextPage endCursor }
} }
"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query, StudentQuery], [Mutation])


@pytest.fixture
async def school(database: Database) -> School:
    return await make_school(database)


@pytest.fixture
async def admin(database: Database, school: School) -> Actor:
    """With a key that exists."""
    issued = await make_key(database, school, "admin", partner="Console")
    return replace(await make_actor(database, school, "admin", partner="Console"), key_id=issued.row.key_id)


async def issue(asker: Asker, actor: Actor, *, idempotency_key: str | None = None, **given: Any) -> dict[str, Any]:
    asked = {"partner": "Cantine", "preset": "cantine", **given}
    return dict((await asker.data(actor, ISSUE, input=asked, key=idempotency_key))["issueKey"])


async def test_an_issued_key_opens(asker: Asker, database: Database, clock: FixedClock, admin: Actor) -> None:
    issued = await issue(asker, admin, preset="tourniquet", zones=["gym"], networks=["10.0.0.0/8"])
    assert issued["key"] == {
        "keyId": issued["text"].split("_")[2],
        "partner": "Cantine",
        "preset": "tourniquet",
        "state": "active",
        "zones": ["GYM"],
        "networks": ["10.0.0.0/8"],
        "expiresAt": None,
    }
    actor = await Keyring(database, PEPPERS, clock).authenticate(issued["text"], "10.1.2.3")
    assert (actor.school_id, actor.partner_name, actor.zones) == (admin.school_id, "Cantine", {"GYM"})


async def test_a_repeated_request_issues_no_second_key_and_does_not_show_the_first_again(
    asker: Asker, admin: Actor
) -> None:
    first = await issue(asker, admin, idempotency_key="k")
    again = await issue(asker, admin, idempotency_key="k")
    assert (again["__typename"], again["code"]) == ("KeyAlreadyShown", "KEY_ALREADY_SHOWN")
    assert first["key"]["keyId"] in again["message"]
    nodes = (await asker.data(admin, KEYS, partner="Cantine"))["keys"]["nodes"]
    assert [node["keyId"] for node in nodes] == [first["key"]["keyId"]]
    assert await asker.refusal(admin, ISSUE, input={"partner": "X", "preset": "cantine"}, key="k") == (
        "IDEMPOTENCY_KEY_REUSED",
        "idempotencyKey",
    )


async def test_the_text_of_a_key_is_in_no_row(asker: Asker, database: Database, admin: Actor) -> None:
    secret = (await issue(asker, admin, idempotency_key="k"))["text"].rpartition("_")[2]
    async with database.raw(Wall.owner(admin.school_id)) as connection:
        for table in ("api_key", "idempotency_key", "audit_entry", "event"):
            rows = await connection.fetch(f"SELECT t::text FROM {table} t")
            assert not [row for row in rows if secret in row[0]], table
        kept = json.loads(await connection.fetchval("SELECT outcome FROM idempotency_key WHERE key = 'k'"))
    assert kept.keys() == {"details"}


@pytest.mark.parametrize("preset", [*(each.name for each in PRESETS.values() if each.by_hand), PLATFORM.name])
async def test_the_presets_of_the_server_are_not_handed_out(
    asker: Asker, database: Database, school: School, admin: Actor, preset: str
) -> None:
    """Nor got at by replacing a key that has one."""
    assert (await issue(asker, admin, preset=preset))["code"] == "PRESET_NOT_OFFERED"
    if preset in PRESETS:
        theirs = (await make_key(database, school, preset, partner="Skooly")).row.key_id
        rotated = (await asker.data(admin, ROTATE, id=theirs))["rotateKey"]
        assert rotated == {"__typename": "PresetNotOffered", "code": "PRESET_NOT_OFFERED", "field": "preset"}


async def test_what_is_by_hand_is_what_reaches_further() -> None:
    """Whoever adds a preset decides: these are the ones that manage or write for the whole school."""
    assert {each.name for each in PRESETS.values() if each.by_hand} >= {"core", "admin"}


async def test_a_key_replaces_itself(asker: Asker, admin: Actor) -> None:
    rotated = (await asker.data(admin, ROTATE, id=admin.key_id, input={"graceHours": 1}))["rotateKey"]
    assert rotated["key"]["preset"] == "admin"
    again = (await asker.data(admin, ROTATE, id=admin.key_id))["rotateKey"]
    assert again["code"] == "KEY_ALREADY_REVOKED"


async def test_a_key_of_some_zones_hands_out_no_others(
    asker: Asker, database: Database, school: School, admin: Actor
) -> None:
    bound = replace(admin, zones=frozenset({"GYM"}))
    for zones in (None, ["RESTAURANT"], ["GYM", "RESTAURANT"]):
        assert (await issue(asker, bound, preset="tourniquet", zones=zones))["code"] == "ZONES_NOT_OFFERED"
    assert (await issue(asker, bound, preset="tourniquet", zones=["gym"]))["key"]["zones"] == ["GYM"]
    everywhere = (await make_key(database, school, "tourniquet")).row.key_id
    assert (await asker.data(bound, ROTATE, id=everywhere))["rotateKey"]["code"] == "ZONES_NOT_OFFERED"


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"preset": "cantin"}, "UNKNOWN_PRESET", "preset"),
        ({"networks": ["10.0.0.1/8"]}, "NETWORK_UNREADABLE", "networks"),
        ({"partner": " "}, "INVALID_INPUT", "partner"),
        ({"zones": []}, "INVALID_INPUT", "zones"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "INVALID_INPUT", "expiresAt"),
    ],
)
async def test_a_key_that_cannot_be(asker: Asker, admin: Actor, given: dict[str, Any], code: str, field: str) -> None:
    refused = await issue(asker, admin, **given)
    assert (refused["code"], refused["field"]) == (code, field)


async def test_an_instant_without_offset_is_the_schools(asker: Asker, database: Database, clock: FixedClock) -> None:
    paris = await make_school(database, timezone="Europe/Paris")
    admin = await make_actor(database, paris, "admin")
    issued = await issue(asker, admin, expiresAt="2030-07-01T12:00:00")
    assert issued["key"]["expiresAt"] == "2030-07-01T12:00:00+02:00"


async def test_a_lost_answer_is_mended_by_rotating_without_grace(asker: Asker, admin: Actor) -> None:
    lost = (await issue(asker, admin, idempotency_key="k"))["key"]["keyId"]
    new = (await asker.data(admin, ROTATE, id=lost, input={"graceHours": 0}, key="r"))["rotateKey"]
    assert new["text"].startswith("sk_live_")
    assert (await asker.data(admin, ROTATE, id=lost, input={"graceHours": 0}, key="r"))["rotateKey"][
        "code"
    ] == "KEY_ALREADY_SHOWN"
    old, *_ = [node for node in (await asker.data(admin, KEYS))["keys"]["nodes"] if node["keyId"] == lost]
    assert (old["state"], old["replacedBy"]) == ("revoked", new["key"]["keyId"])


async def test_an_unknown_grace_is_refused(asker: Asker, admin: Actor) -> None:
    key_id = (await issue(asker, admin))["key"]["keyId"]
    refused = (await asker.data(admin, ROTATE, id=key_id, input={"graceHours": 2}))["rotateKey"]
    assert (refused["__typename"], refused["code"]) == ("KeyRequestInvalid", "GRACE_NOT_OFFERED")


async def test_any_key_of_the_school_is_taken_back_and_no_other(
    asker: Asker, database: Database, school: School, admin: Actor
) -> None:
    theirs = (await make_key(database, await make_school(database))).row.key_id
    assert (await asker.data(admin, REVOKE, id=theirs))["revokeKey"]["code"] == "KEY_NOT_FOUND"
    core = (await make_key(database, school, "core")).row.key_id
    first = (await asker.data(admin, REVOKE, id=core))["revokeKey"]
    assert (first["keyId"], first["state"]) == (core, "revoked")
    assert (await asker.data(admin, REVOKE, id=core))["revokeKey"] == first


async def test_the_list_has_pages_and_shows_one_partner(asker: Asker, admin: Actor) -> None:
    made = [(await issue(asker, admin))["key"]["keyId"] for _ in range(3)]
    await issue(asker, admin, partner="Autre")
    first = (await asker.data(admin, KEYS, partner="Cantine", first=2))["keys"]
    rest = (await asker.data(admin, KEYS, partner="Cantine", after=first["pageInfo"]["endCursor"]))["keys"]
    assert [node["keyId"] for node in [*first["nodes"], *rest["nodes"]]] == made[::-1]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert await asker.refusal(admin, KEYS, partner="Nobody") == ("PARTNER_NOT_FOUND", "partner")


async def test_scopes_that_were_never_used_are_told(
    asker: Asker, database: Database, clock: FixedClock, school: School, admin: Actor
) -> None:
    issued = await make_key(database, school, "core", partner="Skooly")
    keyring = Keyring(database, PEPPERS, clock)
    actor = await keyring.authenticate(issued.key, None)
    for text in ('{ student(matricule: "x") { matricule } }', "{ viewer { keyId } }"):
        keyring.uses.note_scopes(actor, asker.needs(text).alternatives)
    await keyring.uses.flush()
    [node] = (await asker.data(admin, KEYS, partner="Skooly"))["keys"]["nodes"]
    uses = {scope["name"]: scope["lastUsedAt"] for scope in node["scopes"]}
    assert uses.pop("students:read") == clock.now().isoformat()
    assert set(uses.values()) == {None}
    assert node["unusedScopes"] == sorted(uses)
    assert all(scope["description"].endswith(".") for scope in node["scopes"])


async def test_uses_of_scopes_never_turn_back(database: Database, clock: FixedClock, school: School) -> None:
    issued = await make_key(database, school, "cantine")
    keyring = Keyring(database, PEPPERS, clock)
    actor = await keyring.authenticate(issued.key, None)
    for hours in (0, -1):
        clock.advance(timedelta(hours=hours))
        keyring.uses.note_scopes(actor, frozenset({frozenset({"badges:read"})}))
        await keyring.uses.flush()
    async with database.raw(Wall.app(school.id)) as connection:
        assert await connection.fetchval("SELECT last_used_at FROM key_scope_use") == clock.now() + timedelta(hours=1)


async def test_presets_say_which_are_offered(asker: Asker, admin: Actor) -> None:
    told = (await asker.data(admin, "{ presets { name description scopes offered } }"))["presets"]
    by_name = {each["name"]: each for each in told}
    assert by_name["cantine"]["offered"] is True
    assert by_name["cantine"]["scopes"] == ["badges:read"]
    assert by_name["core"]["offered"] is by_name["admin"]["offered"] is False
    assert "platform" not in by_name


async def test_other_keys_manage_nothing(asker: Asker, database: Database, school: School) -> None:
    core = await make_actor(database, school, "core")
    for text, variables in (
        (KEYS, {}),
        (REVOKE, {"id": "x"}),
        (ISSUE, {"input": {"partner": "X", "preset": "cantine"}}),
    ):
        with pytest.raises(InsufficientScope):
            await asker.ask(core, text, **variables)
