"""Each persona gets the answers the table promises, through the same services a partner reaches."""

import pytest

from app.core.ids import new_id
from app.demo import PERSONAS, REVOKED_BADGE, UNKNOWN_BADGE, Persona
from app.demo.calendar import calendar_of
from app.domains.access.loaders import AccessChecks
from app.domains.access.service import check_access
from app.domains.finance.service import financial_status
from app.domains.students.service import describe_student, find_badge_holder
from tests.demo.conftest import Filled

by_name = pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.matricule)


async def reason(filled: Filled, badge: str, zone: str) -> str | None:
    decision = await check_access(
        AccessChecks(filled.database, filled.clock),
        filled.actor,
        nfc=badge,
        zone=zone,
        request_id=new_id(),
        operation="checkAccess",
        channel="graphql",
    )
    return decision.reason


def test_the_seeds_scene_is_there() -> None:
    [seed] = [persona for persona in PERSONAS if persona.badge == "12345"]
    assert (seed.tuition, seed.wallet, seed.at["RESTAURANT"]) == ("all", 0, "INSUFFICIENT_BALANCE")
    assert "2024/INF/0123" in {persona.matricule for persona in PERSONAS}


def test_badges_and_matricules_are_unique() -> None:
    assert len({persona.matricule for persona in PERSONAS}) == len(PERSONAS)
    badges = [persona.badge for persona in PERSONAS]
    assert len({*badges, UNKNOWN_BADGE, REVOKED_BADGE}) == len(badges) + 2


def test_every_denial_but_the_passback_is_in_the_table() -> None:
    """Anti-passback needs somebody to pass."""
    reasons = {answer for persona in PERSONAS for answer in persona.at.values()}
    assert reasons == {
        None,
        "NOT_ENROLLED",
        "ZONE_FORBIDDEN",
        "TUITION_UNPAID",
        "OUTSIDE_MEAL_WINDOW",
        "INSUFFICIENT_BALANCE",
    }


@by_name
async def test_turnstiles_answer_as_promised(filled: Filled, persona: Persona) -> None:
    answers = {zone: await reason(filled, persona.badge, zone) for zone in persona.at}
    assert answers == dict(persona.at)


@pytest.mark.parametrize(("badge", "answer"), [(UNKNOWN_BADGE, "UNKNOWN_BADGE"), (REVOKED_BADGE, "BADGE_REVOKED")])
async def test_badges_of_nobody(filled: Filled, badge: str, answer: str) -> None:
    assert await reason(filled, badge, "RESTAURANT") == answer


@by_name
async def test_the_registry_answers_as_promised(filled: Filled, persona: Persona) -> None:
    calendar = calendar_of(filled.clock.now().date())
    async with filled.database.transaction(filled.wall) as session:
        status = await financial_status(session, persona.matricule, today=calendar.today)
    assert status is not None
    assert status.status == persona.financial_status
    assert (status.since is not None) == (persona.tuition == "late")


@by_name
async def test_who_they_are(filled: Filled, persona: Persona) -> None:
    async with filled.database.transaction(filled.wall) as session:
        student = await describe_student(session, persona.matricule.lower(), on=filled.clock.now().date())
        holder = await find_badge_holder(session, persona.badge.lower())
        former = await find_badge_holder(session, persona.former_badge) if persona.former_badge else None
    assert student is not None
    assert holder is not None
    assert former is None
    assert holder.student == student.identity
    assert (student.identity.matricule, student.identity.status) == (persona.matricule, persona.status)
    assert (student.identity.first_name, student.identity.last_name) == (persona.first_name, persona.last_name)
    if persona.status != "graduated":
        assert student.enrolments[0].school_class.code == persona.group
    assert len(student.enrolments) == (persona.status != "graduated") + (persona.second_programme is not None)
