"""A key is told which topics it may read, and what they tell."""

from dataclasses import replace

import pytest
from jsonschema_rs import Draft202012Validator

from app.core.actor import Actor
from app.core.database import Database
from app.domains.events.schema import Query
from app.domains.events.topics import Topic
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor
from tests.support.operations import Asker

READ = "{ eventTopics { name description schemaVersion dataSchema example } }"


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query])


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


async def test_every_topic_is_told_with_a_schema_that_its_example_keeps(asker: Asker, core: Actor) -> None:
    told = (await asker.data(core, READ))["eventTopics"]
    assert [each["name"] for each in told] == sorted(Topic)
    for each in told:
        Draft202012Validator(each["dataSchema"], validate_formats=True).validate(each["example"])
    low = next(each for each in told if each["name"] == "wallet.low")
    assert low["description"] == "Un porte-monnaie ne suffit plus pour le prochain repas."
    assert low["example"]["balance"] == 300


async def test_a_key_is_told_of_what_it_may_read(asker: Asker, core: Actor) -> None:
    nurse = replace(core, scopes=frozenset({"events:read", "absences:read"}))
    told = (await asker.data(nurse, READ))["eventTopics"]
    names = [each["name"] for each in told]
    assert names == ["absence.justified", "absence.recorded", "endpoint.disabled", "endpoint.tested"]
