"""Badges over GraphQL: given, replaced, taken back, and never in two hands."""

import asyncio
from typing import Any

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.students.schema import Mutation, Query
from app.domains.students.service import find_badge_holder
from tests.domains.students.test_changes import audited, change, make, mutation, told
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor
from tests.support.operations import Asker

SHOWN = "__typename ... on Failure { code field } ... on Badge { badge matricule assignedAt revokedAt }"


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query], [Mutation])


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


async def give(asker: Asker, actor: Actor, name: str, **given: Any) -> dict[str, Any]:
    answered: dict[str, Any] = (await asker.data(actor, mutation(name, SHOWN), input=given))[name]
    return answered


async def holder(database: Database, actor: Actor, uid: str) -> str | None:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        found = await find_badge_holder(session, uid)
    return found and found.student.matricule


async def test_a_badge_re_issued_to_somebody_else(database: Database, asker: Asker, core: Actor) -> None:
    first, second = [await make(database, core, matricule=name) for name in ("ONE", "TWO")]
    given = await give(asker, core, "assignBadge", matricule="one", badge=" 04a2 ")
    assert (given["badge"], given["matricule"], given["revokedAt"]) == ("04A2", "ONE", None)
    await give(asker, core, "assignBadge", matricule="TWO", badge="04A2")
    assert await holder(database, core, "04A2") == "TWO"
    assert set(await audited(database, core)) == {first.id, second.id}
    assert await told(database, core) == ["badge.assigned", "badge.revoked", "badge.assigned"]


async def test_giving_somebody_their_own_badge_changes_nothing(database: Database, asker: Asker, core: Actor) -> None:
    await make(database, core, matricule="ONE")
    answers = [await give(asker, core, "assignBadge", matricule="ONE", badge="04A2") for _ in range(2)]
    assert answers[0] == answers[1]
    assert await told(database, core) == ["badge.assigned"]


async def test_a_lost_badge_is_replaced(database: Database, asker: Asker, core: Actor) -> None:
    await make(database, core, matricule="ONE")
    await give(asker, core, "assignBadge", matricule="ONE", badge="OLD")
    new = await give(asker, core, "replaceBadge", badge="old", newBadge="new")
    assert (new["badge"], new["matricule"]) == ("NEW", "ONE")
    assert (await holder(database, core, "OLD"), await holder(database, core, "NEW")) == (None, "ONE")
    again = await give(asker, core, "replaceBadge", badge="old", newBadge="new")
    assert (again["__typename"], again["field"]) == ("BadgeNotFound", "badge")
    assert await told(database, core) == ["badge.assigned", "badge.revoked", "badge.assigned"]


async def test_replacing_a_badge_by_itself_changes_nothing(database: Database, asker: Asker, core: Actor) -> None:
    await make(database, core, matricule="ONE")
    await give(asker, core, "assignBadge", matricule="ONE", badge="OLD")
    same = await give(asker, core, "replaceBadge", badge="OLD", newBadge="old")
    assert (same["badge"], same["revokedAt"]) == ("OLD", None)
    assert await told(database, core) == ["badge.assigned"]


async def test_two_lost_badges_cross(database: Database, asker: Asker, core: Actor) -> None:
    """Each is replaced by the other at once: neither request waits for the other for ever."""
    for name in ("ONE", "TWO"):
        await make(database, core, matricule=name)
        await give(asker, core, "assignBadge", matricule=name, badge=name)
    text = mutation("replaceBadge", SHOWN)
    crossing = [{"badge": "ONE", "newBadge": "TWO"}, {"badge": "TWO", "newBadge": "ONE"}]
    outcomes = await asyncio.gather(*(asker.ask(core, text, input=given) for given in crossing))
    assert [outcome.errors for outcome in outcomes] == [(), ()]
    hands = [await holder(database, core, uid) for uid in ("ONE", "TWO")]
    assert sorted(filter(None, hands)) in (["ONE"], ["TWO"], ["ONE", "TWO"])


async def test_a_badge_taken_back_opens_nothing(database: Database, asker: Asker, core: Actor) -> None:
    student = await make(database, core, matricule="ONE")
    await give(asker, core, "assignBadge", matricule="ONE", badge="04A2")
    back = await give(asker, core, "revokeBadge", badge="04a2")
    assert back["revokedAt"] is not None
    assert await audited(database, core) == [student.id]
    assert await holder(database, core, "04A2") is None
    assert (await give(asker, core, "revokeBadge", badge="04A2"))["__typename"] == "BadgeNotFound"


@pytest.mark.parametrize("badge", ["", " ", "x" * 65, "a\tb"])
async def test_unusable_badges_are_refused(database: Database, asker: Asker, core: Actor, badge: str) -> None:
    await make(database, core, matricule="ONE")
    refused = await give(asker, core, "assignBadge", matricule="ONE", badge=badge)
    assert (refused["__typename"], refused["field"]) == ("InvalidInput", "badge")


async def test_the_result_is_kept_for_a_retry(database: Database, asker: Asker, core: Actor) -> None:
    await make(database, core, matricule="ONE")
    text = mutation("assignBadge", SHOWN)
    given = {"matricule": "ONE", "badge": "04A2"}
    answers = [(await asker.data(core, text, input=given, key="K"))["assignBadge"] for _ in range(2)]
    await change(asker, core, "suspendStudent", matricule="ONE")
    assert answers[0] == answers[1]
    assert answers[0]["badge"] == "04A2"
