"""What OpenAPI says of event streams and tickets is what they do."""

import json

import httpx

from app.core.database import Database
from app.domains.partners.service import IssuedKey
from app.domains.partners.tables import School
from app.web.generated import OPENAPI
from app.web.sse.log import NAMES, STREAM, TICKETS
from tests.live.support import happen
from tests.support.serving import Serving
from tests.web.sse.streams import Listener, listening

PATHS = json.loads(OPENAPI.read_bytes())["paths"]


async def test_both_are_named_where_they_are(server: Serving, core: IssuedKey) -> None:
    assert PATHS.keys() >= {STREAM.removeprefix("/v1"), TICKETS.removeprefix("/v1")}
    asked = PATHS["/events/tickets"]["post"]["requestBody"]["content"]["application/json"]["schema"]["examples"][0]
    async with httpx.AsyncClient(base_url=server.url, headers={"x-api-key": core.key}, trust_env=False) as client:
        answer = await client.post(TICKETS, json=asked)
        assert answer.status_code == 201
        described = PATHS["/events/tickets"]["post"]["responses"]["201"]["content"]["application/json"]["schema"]
        assert answer.json().keys() == described["properties"].keys()
        for refused in (["student.created"], 1, "student.created", {"topics": "student.created"}):
            assert (await client.post(TICKETS, json=refused)).status_code == 400


def test_the_example_is_an_event_stream() -> None:
    content = PATHS["/events/stream"]["get"]["responses"]["200"]["content"]
    blocks = content["text/event-stream"]["examples"]["stream"]["value"].removesuffix("\n\n").split("\n\n")
    fields = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]
    assert all(json.loads(each["data"]) for each in fields if "data" in each)
    assert {each["event"] for each in fields if "event" in each} <= {*NAMES.values(), "closing"}


async def test_topics_are_repeated_or_separated_by_commas_on_both_channels(
    server: Serving, core: IssuedKey, database: Database, school: School
) -> None:
    await happen(database, school.id, "a")
    for query in (
        "topics=wallet.low&topics=student.created",
        "topics=student.created&topics=wallet.low",
        "topics=student.created,wallet.low",
        "topics=student.created,wallet.low&topics=zone.created",
    ):
        async with httpx.AsyncClient(base_url=server.url, headers={"x-api-key": core.key}, trust_env=False) as client:
            page = (await client.get(f"/v1/events?{query}")).json()
            assert {event["data"]["name"] for event in page["events"]} == {"a"}
            refused = await client.get(f"/v1/events?{query},no.such")
            assert (refused.status_code, refused.json()["code"]) == (422, "TOPIC_UNKNOWN")
        async with listening(server, core.key, f"{STREAM}?{query}", method="GET") as stream:
            await stream.told()
            await happen(database, school.id, "a")
            assert (await next_message(stream)) == {"name": "a"}
        async with listening(server, core.key, f"{STREAM}?{query},no.such", method="GET") as stream:
            assert stream.response.status_code == 422


async def next_message(stream: Listener) -> object:
    while (message := await stream.told()).event != "message":
        pass
    return message.json["data"]
