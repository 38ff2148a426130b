"""What a key is shown over a socket: its school, its zones and its topics, in history as in what happens now."""

from typing import Any

from app.core.database import Database, Wall
from app.domains.events.cursors import LogCursors, Place
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.partners.service import IssuedKey
from app.domains.partners.tables import School
from tests.live.support import happen
from tests.support.factories.partners import make_key, make_school
from tests.support.operations import CURSOR_SECRET
from tests.support.serving import Serving
from tests.web.sockets.talking import EVENTS, Talk, opened

BEGINNING = Place(1, 0)
PASSAGES = EVENTS.replace("$topics: [String!]", "$zone: String!").replace(
    "events(after: $after, topics: $topics", "events: passages(zone: $zone, after: $after"
)


async def pass_by(database: Database, school: School, *zones: str) -> None:
    """A passage in each of the zones, and then something that is of no zone."""
    async with database.transaction(Wall.app(school.id)) as session:
        for zone in zones:
            for topic in (Topic.ACCESS_DENIED, Topic.ACCESS_GRANTED):
                record_event(session, topic, subject=school.id, facts={"name": zone, "zone": zone})
        record_event(session, Topic.WALLET_LOW, subject=school.id, facts={"name": "end"})


async def names_until_the_end(talk: Talk, id: str) -> list[str]:
    names: list[str] = []
    while "end" not in names:
        names.append((await talk.event(id))["data"]["name"])
    return names


async def refusal(talk: Talk, id: str, **subscribed: Any) -> str:
    await talk.subscribe(id, **subscribed)
    while (message := await talk.hear())["id"] != id:
        pass
    assert message["type"] == "error"
    code: str = message["payload"][0]["extensions"]["code"]
    return code


def beginning(school: School) -> str:
    return LogCursors(CURSOR_SECRET).write(school.id, BEGINNING)


async def test_a_key_of_one_zone_sees_what_passes_there_and_nothing_elsewhere(
    server: Serving, database: Database, school: School
) -> None:
    gate = await make_key(database, school, zones=["GATE"])
    await pass_by(database, school, "BAR", "GATE", "GATE-2")
    async with opened(server, gate.key) as talk:
        await talk.subscribe("history", after=beginning(school))
        assert await names_until_the_end(talk, "history") == ["GATE", "GATE", "end"]
    async with opened(server, gate.key) as talk:
        await talk.begin("now")
        await pass_by(database, school, "gate", "GATE", "BAR")
        assert await names_until_the_end(talk, "now") == ["GATE", "GATE", "end"]
        assert await refusal(talk, "elsewhere", query=PASSAGES, zone="BAR") == "INSUFFICIENT_ZONE"


async def test_the_passages_of_a_zone_are_of_that_zone(
    server: Serving, core: IssuedKey, database: Database, school: School
) -> None:
    async with opened(server, core.key) as all_zones:
        await all_zones.subscribe(query=PASSAGES, zone="GATE")
        assert (await all_zones.envelope())["__typename"] == "Checkpoint"
        await pass_by(database, school, "BAR")
        await pass_by(database, school, "GATE")
        topics = [(await all_zones.event())["topic"] for _ in range(2)]
    assert topics == ["access.denied", "access.granted"]


async def test_another_school_is_never_seen_nor_gone_on_from(
    server: Serving, core: IssuedKey, database: Database, school: School
) -> None:
    """Its keys may read the same topics; its events stand at the same positions, and are recorded meanwhile."""
    other = await make_school(database)
    await happen(database, other.id, "theirs")
    await happen(database, school.id, "ours")
    async with opened(server, core.key) as talk:
        await talk.subscribe("history", after=beginning(school))
        await happen(database, other.id, "theirs", "theirs")
        await pass_by(database, other, "GATE")
        await pass_by(database, school, "GATE")
        assert await names_until_the_end(talk, "history") == ["ours", "GATE", "GATE", "end"]
        assert await refusal(talk, "theirs", after=beginning(other)) == "BAD_CURSOR"


async def test_a_key_is_shown_no_topic_that_it_may_not_read(
    server: Serving, database: Database, school: School
) -> None:
    moodle = await make_key(database, school, "moodle")
    await happen(database, school.id, "wallet")
    async with opened(server, moodle.key) as talk:
        assert await refusal(talk, "wallets", topics=["wallet.low"]) == "TOPIC_CLOSED"
        await talk.subscribe("all", after=beginning(school))
        await happen(database, school.id, "wallet")
        await happen(database, school.id, "pupil", topic=Topic.STUDENT_CREATED)
        assert (await talk.event("all"))["data"] == {"name": "pupil"}
