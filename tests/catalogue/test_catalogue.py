"""Every topic is described, exemplified, and tells what it says it tells, when it happens for real."""

import pytest
from jsonschema_rs import Draft202012Validator

from app.core.database import Database
from app.domains.access.decisions import Reason
from app.domains.events.catalogue import CATALOGUE, common, endpoints, money, places, students
from app.domains.events.topics import Topic
from app.domains.finance.tables import KINDS, PROVIDERS
from app.domains.students.tables import Student
from app.domains.webhooks.envelope import told_thinly
from app.domains.webhooks.tables import REASONS
from tests.catalogue.books import BOOKS
from tests.catalogue.money import MONEY
from tests.catalogue.places import PLACES
from tests.catalogue.students import STUDENTS
from tests.catalogue.world import World
from tests.support.factories.partners import make_actor, make_school
from tests.support.published import faults

HAPPENINGS = {**STUDENTS, **MONEY, **BOOKS, **PLACES}
BARE = {Topic.ACCOUNT_MAP_CHANGED}
"""Nothing but the school has to be known to ask for the rest."""


@pytest.fixture
async def world(database: Database) -> World:
    school = await make_school(database)
    world = World(database, school, await make_actor(database, school))
    await world.add_student()
    return world


@pytest.mark.parametrize("topic", Topic)
async def test_a_topic_tells_what_is_published(world: World, topic: Topic) -> None:
    await HAPPENINGS[topic](world)
    log = await world.log()
    assert topic in {event.type for event in log}
    assert [fault for event in log for fault in faults(event.type, event.facts)] == []
    assert {event.schema_version for event in log if event.type == topic} == {CATALOGUE[topic].version}


@pytest.mark.parametrize("topic", Topic)
def test_a_topic_is_described_with_a_valid_schema_and_example(topic: Topic) -> None:
    described = CATALOGUE[topic]
    Draft202012Validator(described.schema(), validate_formats=True).validate(described.example)
    assert faults(topic, described.example) == []
    assert described.fr.endswith(".")
    assert described.en.endswith(".")
    assert all(fact.schema["description"].endswith(".") for fact in described.facts.values())


@pytest.mark.parametrize("topic", Topic)
def test_a_fact_that_nobody_declared_is_noticed(topic: Topic) -> None:
    assert faults(topic, {**CATALOGUE[topic].example, "secret": 1})


@pytest.mark.parametrize("topic", Topic)
def test_a_fact_that_is_not_told_is_noticed(topic: Topic) -> None:
    described = CATALOGUE[topic]
    for name in (name for name, fact in described.facts.items() if fact.always):
        assert faults(topic, {kept: value for kept, value in described.example.items() if kept != name})


def test_a_published_schema_leaves_room_for_what_is_to_come() -> None:
    for described in CATALOGUE.values():
        assert Draft202012Validator(described.schema()).is_valid({**described.example, "later": 1})


@pytest.mark.parametrize("topic", sorted(set(Topic) - BARE))
def test_a_thin_payload_names_what_it_is_about(topic: Topic) -> None:
    assert CATALOGUE[topic].only(told_thinly(topic)).facts


@pytest.mark.parametrize("topic", sorted(Topic))
def test_a_thin_payload_tells_no_reason_in_somebodys_words(topic: Topic) -> None:
    """Why a family is refunded, or a wallet corrected, is for those who may read the money."""
    reason = CATALOGUE[topic].only(told_thinly(topic)).facts.get("reason")
    assert reason is None or "enum" in str(reason.schema)


def test_choices_are_those_of_the_slices() -> None:
    assert (money.KINDS, common.PROVIDERS, endpoints.REASONS) == (KINDS, PROVIDERS, REASONS)
    assert tuple(Reason) == places.REASONS
    [check] = [str(each.sqltext) for each in Student.__table__.constraints if str(each.name).endswith("status")]  # type: ignore[attr-defined]
    assert all(f"'{status}'" in check for status in students.STATUSES)
    assert check.count("'") == 2 * len(students.STATUSES)
