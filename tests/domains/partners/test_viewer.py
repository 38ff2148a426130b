"""What a key learns about itself."""

from dataclasses import replace

import pytest

from app.core.database import Database
from app.domains.partners.keyring import Keyring
from app.domains.partners.schema import Mutation, Query
from app.domains.partners.service import issue_platform_key
from app.domains.students.schema import Query as StudentQuery
from tests.support.clock import FixedClock
from tests.support.factories.partners import PEPPERS, make_actor, make_key, make_school
from tests.support.operations import Asker

VIEWER = """
{ viewer { keyId partner preset zones networks expiresAt fields school { code name timezone }
    scopes { name description } } }
"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query, StudentQuery], [Mutation])


async def test_a_key_of_a_school(asker: Asker, database: Database, clock: FixedClock) -> None:
    school = await make_school(database)
    issued = await make_key(database, school, "bibliotheque", partner="Koha", zones=["GYM"], cidrs=["10.0.0.0/8"])
    actor = await Keyring(database, PEPPERS, clock).authenticate(issued.key, "10.0.0.1")
    assert (await asker.data(actor, VIEWER))["viewer"] == {
        "keyId": issued.row.key_id,
        "partner": "Koha",
        "preset": "bibliotheque",
        "zones": ["GYM"],
        "networks": ["10.0.0.0/8"],
        "expiresAt": None,
        "fields": ["Query.student", "Query.viewer"],
        "school": {"code": school.code, "name": school.name, "timezone": "Africa/Dakar"},
        "scopes": [{"name": "students:read", "description": "Lire un étudiant par son matricule."}],
    }
    english = await asker.ask(actor, "{ viewer { scopes { description } } }", language="en")
    assert english.data == {"viewer": {"scopes": [{"description": "Read a student by matricule."}]}}


async def test_a_key_of_the_platform(asker: Asker, database: Database, clock: FixedClock) -> None:
    issued = await issue_platform_key(database, "Ops", PEPPERS)
    actor = await Keyring(database, PEPPERS, clock).authenticate(issued.key, None)
    viewer = (await asker.data(actor, VIEWER))["viewer"]
    assert (viewer["partner"], viewer["preset"], viewer["school"]) == ("Ops", "platform", None)
    assert viewer["fields"] == [
        "Mutation.createSchool",
        "Mutation.updateSchool",
        "Query.school",
        "Query.schools",
        "Query.viewer",
    ]


async def test_a_key_that_is_gone_meanwhile_is_nobody(asker: Asker, database: Database) -> None:
    actor = replace(await make_actor(database), key_id="000000000000")
    assert await asker.refusal(actor, VIEWER) == ("KEY_NOT_FOUND", "keyId")
