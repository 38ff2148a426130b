"""What goes to an endpoint can be followed: exactly what fan-out would send it, and by its owner alone."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from app.core.database import Database, Wall
from app.core.errors import SkoolyError
from app.core.pagination import BadCursor
from app.domains.events.service import record_event
from app.domains.events.tables import Event
from app.domains.events.topics import Topic
from app.domains.events.visibility import is_of_its_integration
from app.domains.partners.tables import School
from app.domains.webhooks.errors import EndpointNotFound
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.reads import find_endpoint
from app.domains.webhooks.schema.following import ToEndpoint
from tests.live.support import EVENTS, Platform, names_in, take_events
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import make_endpoint

FOLLOW = EVENTS.replace("$topics: [String!]", "$endpoint: UUID!").replace(
    "events(after: $after, topics: $topics", "events: endpointEvents(endpointId: $endpoint, after: $after"
)
URL = "https://recepteur.example.org"
WANTS = """SELECT wants_event($1, e.partner_id, 0, e.topics, e.filter, 1, $2, $3, $4::text::jsonb)
FROM endpoint e WHERE e.id = $1"""
FACTS: list[dict[str, Any]] = [{}, {"zone": "GATE"}, {"zone": "BAR"}, {"zone": "GATE", "n": 1}, {"zone": ["GATE"]}]


async def happen(database: Database, school: School, name: str, topic: Topic, subject: UUID, **facts: str) -> None:
    async with database.transaction(Wall.app(school.id)) as session:
        record_event(session, topic, subject=subject, facts={"name": name, **facts})


async def test_its_topics_and_its_filter_and_its_own_tests(live: Platform, school: School, database: Database) -> None:
    owner = await live.let_in(school, partner="gatekeeper")
    chosen = {"topics": ["access.denied", "zone.updated"], "filter": {"zone": "GATE"}}
    endpoint = await make_endpoint(database, school, URL, partner="gatekeeper", **chosen)
    stream = await live.subscribe(owner, FOLLOW, endpoint=str(endpoint))
    for name, topic, subject, zone in (
        ("another zone", Topic.ACCESS_DENIED, uuid4(), "BAR"),
        ("another topic", Topic.ACCESS_GRANTED, uuid4(), "GATE"),
        ("denied", Topic.ACCESS_DENIED, uuid4(), "GATE"),
        ("another's test", Topic.ENDPOINT_TESTED, uuid4(), ""),
        ("test", Topic.ENDPOINT_TESTED, endpoint, ""),
        ("updated", Topic.ZONE_UPDATED, uuid4(), "GATE"),
    ):
        await happen(database, school, name, topic, subject, zone=zone, partner_id=str(owner.partner_id))
    events = await take_events(stream, 3)
    assert names_in(events) == ["denied", "test", "updated"]
    again = await live.subscribe(owner, FOLLOW, endpoint=str(endpoint), after=events[0]["cursor"])
    assert names_in(await take_events(again, 2)) == ["test", "updated"]


@pytest.mark.parametrize("topics", [[], ["access.denied"], ["access.denied", "wallet.low"]])
@pytest.mark.parametrize("conditions", [{}, {"zone": "GATE"}])
async def test_it_is_what_fan_out_would_send(
    database: Database, school: School, topics: list[str], conditions: dict[str, str]
) -> None:
    endpoint = await make_endpoint(database, school, URL, topics=topics, filter=conditions)
    async with database.transaction(Wall.app(school.id)) as session:
        choice = ToEndpoint.of(await find_endpoint(session, Owner(), endpoint))
    async with database.raw(Wall.app(school.id)) as connection:
        for topic in (Topic.ACCESS_DENIED, Topic.WALLET_LOW, Topic.ENDPOINT_TESTED):
            for subject in (endpoint, uuid4()):
                for facts in FACTS:
                    event = an_event(topic, subject, facts)
                    wanted = await connection.fetchval(WANTS, endpoint, topic, subject, as_json(facts))
                    assert choice.takes(event) == wanted, (topic, facts)


@pytest.mark.parametrize("topics", [[], ["endpoint.disabled"]])
async def test_nothing_goes_to_it_that_happens_to_another_integrations(
    database: Database, school: School, topics: list[str]
) -> None:
    endpoint = await make_endpoint(database, school, URL, topics=topics)
    async with database.raw(Wall.app(school.id)) as connection:
        owner = await connection.fetchval("SELECT partner_id FROM endpoint WHERE id = $1", endpoint)
        for facts in ({}, {"partner_id": str(uuid4())}, {"partner_id": str(owner)}):
            wanted = await connection.fetchval(WANTS, endpoint, Topic.ENDPOINT_DISABLED, uuid4(), as_json(facts))
            assert bool(wanted) == is_of_its_integration(owner, Topic.ENDPOINT_DISABLED, facts)
            assert bool(wanted) == (facts.get("partner_id") == str(owner))


async def test_a_key_that_may_not_see_the_endpoint_follows_nothing(
    live: Platform, school: School, database: Database
) -> None:
    """Of another integration, of another school, or told more than the key may read: as if there were none."""
    endpoint = await make_endpoint(database, school, URL, partner="gatekeeper")
    strangers = [
        await live.let_in(school, partner="another"),
        await live.let_in(await make_school(database), partner="gatekeeper"),
        await live.let_in(school, "moodle", partner="gatekeeper"),
        await live.let_in(school, partner="gatekeeper", zones=["GATE"]),
    ]
    for stranger in strangers:
        with pytest.raises(EndpointNotFound):
            await live.subscribe(stranger, FOLLOW, endpoint=str(endpoint))
    owner = await live.let_in(school, partner="gatekeeper")
    with pytest.raises(BadCursor):
        await live.subscribe(owner, FOLLOW, endpoint=str(endpoint), after="forged")
    with pytest.raises(SkoolyError) as refused:
        await live.subscribe(owner, FOLLOW, endpoint="nonsense")
    assert refused.value.code == "BAD_USER_INPUT"


def an_event(topic: Topic, subject: UUID, facts: dict[str, Any]) -> Event:
    moment = datetime(2025, 1, 13, tzinfo=UTC)
    return Event(
        school_id=uuid4(), id=uuid4(), position=1, epoch=1, type=topic, subject=subject, facts=facts, occurred_at=moment
    )


def as_json(facts: dict[str, Any]) -> str:
    return orjson.dumps(facts).decode()
