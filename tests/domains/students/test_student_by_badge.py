"""Who carries a badge now: known, active, and of this school; the canteen learns this and nothing else."""

import pytest

from app.api.catalogue import EVERY_SCOPE
from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.students.commands import assign_badge, revoke_badge
from app.domains.students.schema import Query
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_badge, make_student
from tests.support.operations import Asker

HOLDER = "query ($id: String!) { studentByBadge(id: $id) { badge matricule firstName lastName } }"


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query])


@pytest.fixture
async def canteen(database: Database) -> Actor:
    return await make_actor(database, preset="cantine")


@pytest.mark.parametrize("typed", ["04A2B3", "04a2b3", " 04a2B3 "])
async def test_who_carries_it(database: Database, asker: Asker, canteen: Actor, typed: str) -> None:
    async with database.transaction(Wall.app(canteen.school_id)) as session:
        student = await make_student(session, canteen.school_id, first_name="Aïssatou", last_name="N'Diaye")
        await make_badge(session, canteen, student.matricule, "04a2b3")
    holder = (await asker.data(canteen, HOLDER, id=typed))["studentByBadge"]
    assert holder == {
        "badge": "04A2B3",
        "matricule": student.matricule,
        "firstName": "Aïssatou",
        "lastName": "N'Diaye",
    }


async def test_an_unknown_badge_is_nobodys(asker: Asker, canteen: Actor) -> None:
    assert await asker.data(canteen, HOLDER, id="FFFF") == {"studentByBadge": None}


async def test_a_revoked_badge_is_nobodys(database: Database, asker: Asker, canteen: Actor) -> None:
    async with database.transaction(Wall.app(canteen.school_id)) as session:
        student = await make_student(session, canteen.school_id)
        badge = await make_badge(session, canteen, student.matricule)
        await revoke_badge(session, canteen, uid=badge)
    assert await asker.data(canteen, HOLDER, id=badge) == {"studentByBadge": None}


async def test_a_badge_given_to_somebody_else_is_theirs(database: Database, asker: Asker, canteen: Actor) -> None:
    async with database.transaction(Wall.app(canteen.school_id)) as session:
        first = await make_student(session, canteen.school_id)
        second = await make_student(session, canteen.school_id)
        badge = await make_badge(session, canteen, first.matricule)
        await assign_badge(session, canteen, matricule=second.matricule, uid=badge)
    holder = (await asker.data(canteen, HOLDER, id=badge))["studentByBadge"]
    assert holder["matricule"] == second.matricule


async def test_two_schools_may_use_one_text(database: Database, asker: Asker, canteen: Actor) -> None:
    other = await make_actor(database, preset="cantine")
    for actor, name in ((canteen, "Ici"), (other, "Ailleurs")):
        async with database.transaction(Wall.app(actor.school_id)) as session:
            student = await make_student(session, actor.school_id, first_name=name)
            await make_badge(session, actor, student.matricule, "SAME")
    assert (await asker.data(canteen, HOLDER, id="SAME"))["studentByBadge"]["firstName"] == "Ici"


async def test_another_schools_badge_is_nobodys(database: Database, asker: Asker, canteen: Actor) -> None:
    other = await make_actor(database, preset="cantine")
    async with database.transaction(Wall.app(other.school_id)) as session:
        student = await make_student(session, other.school_id)
        badge = await make_badge(session, other, student.matricule)
    assert await asker.data(canteen, HOLDER, id=badge) == {"studentByBadge": None}


@pytest.mark.parametrize("typed", ["", "x" * 65])
async def test_what_cannot_be_a_badge_is_refused(asker: Asker, canteen: Actor, typed: str) -> None:
    assert await asker.refusal(canteen, HOLDER, id=typed) == ("INVALID_INPUT", "id")


async def test_the_library_may_not_ask(database: Database, asker: Asker) -> None:
    library = await make_actor(database, preset="bibliotheque")
    with pytest.raises(InsufficientScope):
        await asker.ask(library, HOLDER, id="12345")


def test_the_badge_scope_opens_these_coordinates_only(asker: Asker) -> None:
    """Apart from what is told to everyone: how a failure or the end of a page looks."""
    opened = {
        where
        for where, rule in asker.schema.catalogue.rules.items()
        if "badges:read" in rule.scopes and rule.scopes != EVERY_SCOPE
    }
    fields = {"badge", "matricule", "firstName", "lastName"}
    assert opened == {"Query.studentByBadge", *(f"BadgeHolder.{field}" for field in fields)}
