"""The turnstile's question: each denial, the order among them, and what asking leaves behind."""

import asyncio
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.domains.access.decisions import Reason
from app.domains.access.errors import InsufficientZone, UnknownZone
from app.domains.access.loaders import AccessChecks
from tests.domains.access.conftest import MakeVisit, ask
from tests.support.clock import FixedClock
from tests.support.factories.access import Visit, make_zone
from tests.support.factories.finance import make_payment, make_top_up
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_badge, make_student
from tests.support.operations import Asker

CHECK = """query CheckAccess($nfc: String!, $zone: String!) {
    checkAccess(nfc: $nfc, zone: $zone) {
        __typename
        ... on AccessGranted { decision zone firstName }
        ... on AccessDenied { decision reason message zone }
        ... on Failure { code failure: message field } } }"""


async def check(asker: Asker, actor: Actor, visit: Visit, **others: Any) -> dict[str, Any]:
    given = {"nfc": visit.badge, "zone": visit.zone.code, **others}
    result: dict[str, Any] = (await asker.data(actor, CHECK, **given))["checkAccess"]
    return result


async def reason(asker: Asker, actor: Actor, visit: Visit) -> str | None:
    return (await check(asker, actor, visit)).get("reason")


async def audits(database: Database, actor: Actor) -> list[tuple[Any, ...]]:
    async with database.raw(Wall.app(actor.school_id)) as connection:
        rows = await connection.fetch("SELECT operation, channel, key_id, partner_id, subjects FROM audit_entry")
    return [tuple(row) for row in rows]


async def test_somebody_in_order_is_let_in(asker: Asker, actor: Actor, visit: MakeVisit) -> None:
    someone = await visit()
    assert await check(asker, actor, someone) == {
        "__typename": "AccessGranted",
        "decision": "granted",
        "zone": someone.zone.code,
        "firstName": "Awa",
    }


@pytest.mark.parametrize("against", Reason)
async def test_each_reason_denies(asker: Asker, actor: Actor, visit: MakeVisit, against: Reason) -> None:
    someone = await visit(against)
    assert await check(asker, actor, someone) == {
        "__typename": "AccessDenied",
        "decision": "denied",
        "reason": against.value,
        "message": against.message("fr"),
        "zone": someone.zone.code,
    }


@pytest.mark.parametrize(("earlier", "later"), list(combinations(Reason, 2)))
async def test_the_earlier_reason_wins(
    asker: Asker, actor: Actor, visit: MakeVisit, earlier: Reason, later: Reason
) -> None:
    assert await reason(asker, actor, await visit(later, earlier)) == earlier


async def test_with_everything_against_them_reasons_come_in_order(asker: Asker, actor: Actor, visit: MakeVisit) -> None:
    left = list(Reason)
    while left:
        assert await reason(asker, actor, await visit(*left)) == left.pop(0)


def test_the_words_for_the_display() -> None:
    assert Reason.INSUFFICIENT_BALANCE.message("fr") == "Solde insuffisant"
    assert Reason.INSUFFICIENT_BALANCE.message("en") == "Insufficient balance"
    assert len({reason.message(language) for reason in Reason for language in ("fr", "en")}) == 2 * len(Reason)


async def test_paying_and_topping_up_open_the_turnstile(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit(Reason.TUITION_UNPAID, Reason.INSUFFICIENT_BALANCE)
    assert await reason(asker, actor, someone) == "TUITION_UNPAID"
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await make_payment(session, actor, someone.student.matricule, 150_000)
    assert await reason(asker, actor, someone) == "INSUFFICIENT_BALANCE"
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await make_top_up(session, actor, someone.student.matricule, someone.zone.price)
    assert await reason(asker, actor, someone) is None


async def test_a_badge_is_read_in_any_case_and_with_blanks(asker: Asker, actor: Actor, visit: MakeVisit) -> None:
    someone = await visit()
    result = await check(asker, actor, someone, nfc=f"  {someone.badge.lower()} ", zone=someone.zone.code.lower())
    assert result["decision"] == "granted"


@pytest.mark.parametrize("nfc", ["", "   ", "12\x0045", "12\n45", "\ud800", "x" * 65])
async def test_what_cannot_be_a_badge_is_no_denial(
    database: Database, clock: FixedClock, actor: Actor, visit: MakeVisit, nfc: str
) -> None:
    someone = await visit()
    with pytest.raises(InvalidInput) as refused:
        await ask(AccessChecks(database, clock), actor, nfc, someone.zone.code)
    assert refused.value.field == "nfc"


async def test_an_unknown_zone_is_a_failure(database: Database, asker: Asker, actor: Actor, visit: MakeVisit) -> None:
    assert await check(asker, actor, await visit(), zone="nowhere") == {
        "__typename": "UnknownZone",
        "code": "UNKNOWN_ZONE",
        "failure": "Aucune zone n'a le code « NOWHERE ».",
        "field": "zone",
    }
    assert await audits(database, actor) == []


async def test_a_key_for_some_zones_asks_about_no_other(asker: Asker, actor: Actor, visit: MakeVisit) -> None:
    someone, elsewhere = await visit(), await visit()
    keeper = replace(actor, zones=frozenset({someone.zone.code}))
    assert await reason(asker, keeper, someone) is None
    given = {"nfc": elsewhere.badge, "zone": elsewhere.zone.code}
    assert await asker.refusal(keeper, CHECK, **given) == (InsufficientZone.code, "zone")
    assert await asker.refusal(keeper, CHECK, nfc="1", zone="nowhere") == (InsufficientZone.code, "zone")


async def test_a_key_without_the_scope_asks_nothing(asker: Asker, actor: Actor, visit: MakeVisit) -> None:
    with pytest.raises(InsufficientScope):
        await check(asker, replace(actor, scopes=frozenset({"badges:read"})), await visit())


async def test_another_school_knows_neither_badge_nor_zone(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit()
    stranger = await make_actor(database, preset="tourniquet")
    assert (await check(asker, stranger, someone))["code"] == "UNKNOWN_ZONE"
    async with database.transaction(Wall.app(stranger.school_id)) as session:
        await make_zone(session, stranger.school_id, someone.zone.code)
    assert await reason(asker, stranger, someone) == "UNKNOWN_BADGE"


async def test_asking_leaves_one_audit_row_and_nothing_else(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit(Reason.INSUFFICIENT_BALANCE)
    count = "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM passage), (SELECT count(*) FROM wallet_entry)"
    async with database.raw(Wall.app(actor.school_id)) as connection:
        before = await connection.fetchrow(count)
    await check(asker, actor, someone)
    async with database.raw(Wall.app(actor.school_id)) as connection:
        assert await connection.fetchrow(count) == before
    expected = ("checkAccess", "graphql", actor.key_id, actor.partner_id, [someone.student.id])
    assert await audits(database, actor) == [expected]


async def test_an_unknown_badge_is_nobody_to_audit(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    assert await reason(asker, actor, await visit(Reason.UNKNOWN_BADGE)) == "UNKNOWN_BADGE"
    assert await audits(database, actor) == []


async def test_an_operation_that_asks_twice_is_audited_once(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    one, other = await visit(), await visit()
    both = f"""{{
        a: checkAccess(nfc: "{one.badge}", zone: "{one.zone.code}") {{ __typename }}
        b: checkAccess(nfc: "{other.badge}", zone: "{other.zone.code}") {{ __typename }}
        c: checkAccess(nfc: "{one.badge}", zone: "{other.zone.code}") {{ __typename }} }}"""
    await asker.data(actor, both)
    [(operation, *_, subjects)] = await audits(database, actor)
    assert operation == "checkAccess"
    assert sorted(subjects) == sorted({one.student.id, other.student.id})


async def test_a_batch_over_schools_answers_each_its_own(
    database: Database, clock: FixedClock, visit: MakeVisit
) -> None:
    actors = [await make_actor(database, preset="tourniquet") for _ in range(4)]
    cases = [(actor, against) for against in (None, *Reason) for actor in actors]
    visits = [await visit(*([against] if against else []), actor=actor) for actor, against in cases]
    checks = AccessChecks(database, clock)
    answers = await asyncio.gather(
        *(
            ask(checks, actor, someone.badge, someone.zone.code)
            for (actor, _), someone in zip(cases, visits, strict=True)
        )
    )
    assert answers == [against for _, against in cases]
    for actor in actors:
        assert len(await audits(database, actor)) == len(Reason)  # everybody but the unknown badge


async def test_one_unknown_zone_in_a_batch_spoils_no_other_answer(
    database: Database, clock: FixedClock, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit()
    checks = AccessChecks(database, clock)
    answers = await asyncio.gather(
        *(ask(checks, actor, someone.badge, zone) for zone in (someone.zone.code, "NOWHERE", someone.zone.code)),
        return_exceptions=True,
    )
    assert isinstance(answers.pop(1), UnknownZone)
    assert answers == [None, None]


async def test_a_badge_given_to_somebody_else_is_theirs(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit(Reason.NOT_ENROLLED)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        student = await make_student(session, actor.school_id, first_name="Fatou")
        await make_badge(session, actor, student.matricule, someone.badge)
        await make_top_up(session, actor, student.matricule, someone.zone.price)
    assert (await check(asker, actor, someone))["firstName"] == "Fatou"


async def test_a_connection_keeps_neither_role_nor_school(
    database: Database, clock: FixedClock, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit()
    await ask(AccessChecks(database, clock), actor, someone.badge, someone.zone.code)
    [row] = await database.fetch("SELECT current_user::text, current_setting('app.school', true)")
    assert row[0] == "skooly"
    assert not row[1]
