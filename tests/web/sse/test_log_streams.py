"""`GET /v1/events/stream`: the log as EventSource reads it, with a key in a header or a ticket in the URL."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.core.database import Database, Wall
from app.domains.events.topics import Topic
from app.domains.partners.service import IssuedKey, revoke_key
from app.domains.partners.tables import School
from app.web.sse.tickets import LIFETIME, Grant, TicketRefused, Tickets
from tests.live.support import happen
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_key
from tests.support.serving import Serving
from tests.web.sse.streams import Listener, listening

STREAM = "/v1/events/stream"
TICKETS = "/v1/events/tickets"


async def next_event(stream: Listener) -> Any:
    while (message := await stream.told()).event != "message":
        pass
    return message


async def ticket(server: Serving, key: str, **body: Any) -> httpx.Response:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        return await client.post("/v1/events/tickets", json=body, headers={"x-api-key": key})


async def test_events_are_plain_messages_with_their_cursor(
    server: Serving, core: IssuedKey, database: Database, school: School
) -> None:
    async with listening(server, core.key, STREAM, method="GET") as stream:
        first = await stream.told()
        assert (first.event, first.json) == ("checkpoint", {"cursor": first.id})
        await happen(database, school.id, "a", "b")
        event = await next_event(stream)
        assert event.json["data"] == {"name": "a"}
        assert event.json["cursor"] == event.id
        assert set(event.json) == {"id", "cursor", "topic", "schemaVersion", "subject", "occurredAt", "data"}
    for given in ({"params": {"after": event.id}}, {"headers": {"last-event-id": event.id}, "params": {"after": "x"}}):
        async with listening(server, core.key, STREAM, method="GET", **given) as stream:
            assert (await next_event(stream)).json["data"] == {"name": "b"}


async def test_topics_are_chosen(server: Serving, core: IssuedKey, database: Database, school: School) -> None:
    async with listening(
        server, core.key, STREAM, method="GET", params={"topics": "wallet.low,student.created"}
    ) as one:
        await one.told()
        await happen(database, school.id, "a")
        assert (await next_event(one)).json["topic"] == "wallet.low"
    async with listening(server, core.key, STREAM, method="GET", params={"topics": "no.such"}) as refused:
        assert refused.response.status_code == 422


async def test_a_ticket_opens_the_stream_without_a_key(
    server: Serving, core: IssuedKey, database: Database, school: School
) -> None:
    answer = await ticket(server, core.key, topics=["wallet.low"])
    assert answer.status_code == 201
    async with listening(server, None, answer.json()["url"], method="GET") as stream:
        await stream.told()
        await happen(database, school.id, "a")
        assert (await next_event(stream)).json["data"] == {"name": "a"}
        async with database.transaction(Wall.app(school.id)) as session:
            await revoke_key(session, core.row.key_id, FixedClock())
        messages = await stream.rest()
    assert [each.event for each in messages if each.data] == ["closing"]
    assert messages[-1].json["code"] == "UNAUTHENTICATED"
    async with listening(server, None, answer.json()["url"], method="GET") as stream:
        assert stream.response.status_code == 401


async def test_a_ticket_opens_its_topics_alone(server: Serving, core: IssuedKey) -> None:
    url = (await ticket(server, core.key, topics=["wallet.low"])).json()["url"]
    async with listening(server, None, f"{url}&topics=student.created", method="GET") as stream:
        assert stream.response.status_code == 400
    async with listening(server, None, f"{url}&topics=wallet.low", method="GET") as stream:
        assert stream.response.status_code == 200


async def test_a_ticket_asked_for_no_topic_at_all_opens_its_own(
    server: Serving, core: IssuedKey, database: Database, school: School
) -> None:
    url = (await ticket(server, core.key, topics=["wallet.low"])).json()["url"]
    async with listening(server, None, f"{url}&topics=,", method="GET") as stream:
        await stream.told()
        await happen(database, school.id, "a", topic=Topic.STUDENT_CREATED)
        await happen(database, school.id, "b")
        assert (await next_event(stream)).json["topic"] == "wallet.low"


async def test_a_ticket_is_given_to_whoever_may_read_the_log(
    server: Serving, core: IssuedKey, database: Database, school: School
) -> None:
    canteen = await make_key(database, school, "cantine")
    assert (await ticket(server, canteen.key)).status_code == 403
    assert (await ticket(server, "sk_live_nonsense")).status_code == 401
    for unknown in ("no.such", "", ",", "wallet.low,no.such"):
        assert (await ticket(server, core.key, topics=[unknown])).status_code == 422
    assert (await ticket(server, core.key, topics="wallet.low")).status_code == 400
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        assert (await client.get("/v1/events/tickets")).status_code == 405


async def test_a_key_in_the_url_opens_nothing(server: Serving, core: IssuedKey) -> None:
    for name in ("ticket", "key", "X-API-KEY", "x-api-key", "authorization"):
        async with listening(server, None, STREAM, method="GET", params={name: core.key}) as stream:
            assert stream.response.status_code == 401, name


@pytest.mark.parametrize(("language", "sentence"), [("fr", "Ce nom n'est pas connu ici"), ("en", "not known here")])
async def test_what_nobody_reads_is_refused_as_the_generated_endpoints_refuse_it(
    server: Serving, core: IssuedKey, language: str, sentence: str
) -> None:
    asked = {"topic": "wallet.low", "latest": "true", "Topics": ""}
    headers = {"x-api-key": core.key, "accept-language": language}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False) as client:
        generated = (await client.get("/v1/events", params={"topic": "wallet.low", "Topics": ""})).json()
        refused = [
            (await client.get(STREAM, params=asked), "query", "after, topics, latest, ticket"),
            (await client.post(TICKETS, params=asked, json={}), "query", "–"),
            (await client.post(TICKETS, json={"topic": ["wallet.low"]}), "body", "topics"),
        ]
    for answer, place, known in refused:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["content-language"] == language
        assert problem["field"] == "topic"
        assert {(each["in"], each["code"]) for each in problem["errors"]} == {(place, "UNKNOWN")}
        assert sentence in problem["detail"]
        assert known in problem["detail"]
        assert problem.keys() == generated.keys()
    assert [answer.status_code for answer, *_ in refused] == [400, 400, 422]
    codes = [answer.json()["code"] for answer, *_ in refused]
    assert codes == [generated["code"], "INVALID_PARAMETERS", "INVALID_BODY"]


async def test_what_is_empty_is_as_what_is_not_there(server: Serving, core: IssuedKey) -> None:
    async with listening(server, core.key, f"{STREAM}?after=&topics=&ticket=&latest=", method="GET") as stream:
        assert (await stream.told()).event == "checkpoint"


def test_a_ticket_ends_and_cannot_be_made_up() -> None:
    clock = FixedClock()
    tickets = Tickets("a secret for tests: 32 characters", clock)
    text, expires_at = tickets.write(Grant("abc", ("wallet.low",)))
    assert tickets.read(text) == Grant("abc", ("wallet.low",))
    assert expires_at == clock.now() + LIFETIME
    for forged in ("", text[:-1], "é", "x" * 3_000, Tickets("another secret", clock).write(Grant("abc", None))[0]):
        with pytest.raises(TicketRefused):
            tickets.read(forged)
    clock.advance(LIFETIME + timedelta(seconds=1))
    with pytest.raises(TicketRefused):
        tickets.read(text)


async def test_pages_of_allowed_sites_may_read_it(server: Serving, core: IssuedKey) -> None:
    headers = {"origin": "https://console.example.org"}
    async with listening(server, core.key, STREAM, method="GET", headers=headers) as stream:
        assert stream.response.headers["access-control-allow-origin"] == "https://console.example.org"
        assert stream.response.headers["vary"] == "origin"
    async with listening(server, core.key, STREAM, method="GET", headers={"origin": "https://evil.example"}) as stream:
        assert stream.response.status_code == 403
        assert "access-control-allow-origin" not in stream.response.headers


async def test_it_is_an_event_stream_or_nothing(server: Serving, core: IssuedKey) -> None:
    async with listening(server, core.key, STREAM, method="GET", headers={"accept": "text/html"}) as stream:
        assert stream.response.status_code == 406
    async with listening(server, core.key, STREAM, method="POST") as stream:
        assert (stream.response.status_code, stream.response.headers["allow"]) == (405, "GET")
