"""graphql-transport-ws as its specification has it, over real sockets."""

import json
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from app.core.database import Database
from app.domains.partners.service import IssuedKey
from app.domains.partners.tables import School
from tests.live.support import happen
from tests.support.factories.partners import make_key
from tests.support.serving import Serving
from tests.web.sockets.talking import EVENTS, opened, talking

QUERY = "query S($m: String!) { student(matricule: $m) { matricule lastName } }"


async def test_the_key_is_taken_from_the_header(server: Serving, core: IssuedKey) -> None:
    async with talking(server, core.key) as talk:
        await talk.open()


@pytest.mark.parametrize("name", ["X-API-KEY", "x-api-key", "Authorization"])
async def test_the_key_is_taken_from_the_payload_where_headers_cannot_be_set(
    server: Serving, core: IssuedKey, name: str
) -> None:
    async with talking(server) as talk:
        await talk.open({name: f"Bearer {core.key}" if name == "Authorization" else core.key})


@pytest.mark.parametrize("payload", [None, {}, {"X-API-KEY": "sk_live_nonsense"}, {"X-API-KEY": 7}, {"key": "x"}])
async def test_without_a_good_key_it_closes_before_anything_is_answered(server: Serving, payload: Any) -> None:
    async with talking(server) as talk:
        await talk.say("connection_init", **({} if payload is None else {"payload": payload}))
        assert await talk.ended() == (4401, {"code": "UNAUTHENTICATED"})


async def test_two_different_keys_are_none(server: Serving, core: IssuedKey) -> None:
    async with talking(server, core.key) as talk:
        await talk.say("connection_init", payload={"X-API-KEY": "sk_live_another"})
        assert await talk.ended() == (4401, {"code": "CONFLICTING_KEYS"})


async def test_a_key_from_elsewhere_is_forbidden(server: Serving, database: Database, school: School) -> None:
    far = await make_key(database, school, cidrs=["203.0.113.0/24"])
    async with talking(server, far.key) as talk:
        await talk.say("connection_init")
        assert (await talk.ended())[0] == 4403


async def test_nothing_is_run_before_the_acknowledgement(server: Serving, core: IssuedKey) -> None:
    async with talking(server, core.key) as talk:
        await talk.subscribe(query=QUERY, m="X")
        assert await talk.ended() == (4401, {"code": "CONNECTION_INIT_FIRST"})


async def test_one_initialisation_is_enough(server: Serving, core: IssuedKey) -> None:
    async with opened(server, core.key) as talk:
        await talk.say("connection_init")
        assert await talk.ended() == (4429, {"code": "TOO_MANY_INITS"})


@pytest.mark.parametrize("protocol", ["graphql-ws", None])
async def test_only_one_protocol_is_spoken(server: Serving, protocol: str | None) -> None:
    async with talking(server, protocol=protocol) as talk:
        assert await talk.ended() == (4406, {"code": "graphql-transport-ws"})


async def test_a_query_is_answered_by_next_and_complete(server: Serving, core: IssuedKey) -> None:
    async with opened(server, core.key) as talk:
        await talk.subscribe("q", QUERY, m="2024/inf/0123")
        answer = await talk.hear()
        assert (answer["type"], answer["id"]) == ("next", "q")
        assert answer["payload"]["data"] == {"student": {"matricule": "2024/INF/0123", "lastName": "Ndiaye"}}
        assert await talk.hear() == {"type": "complete", "id": "q"}


async def test_a_refused_operation_ends_itself_and_not_the_socket(
    server: Serving, database: Database, school: School
) -> None:
    canteen = await make_key(database, school, "cantine")
    async with opened(server, canteen.key) as talk:
        for query, code in [
            (QUERY, "INSUFFICIENT_SCOPE"),
            (EVENTS, "INSUFFICIENT_SCOPE"),
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ]:
            await talk.subscribe("1", query, m="X")
            answer = await talk.hear()
            assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", code)


async def test_a_payload_that_is_no_request_is_an_error_of_that_operation(server: Serving, core: IssuedKey) -> None:
    async with opened(server, core.key) as talk:
        await talk.say("subscribe", id="1", payload={"variables": {}})
        answer = await talk.hear()
        assert answer["payload"][0]["extensions"]["code"] == "MALFORMED_REQUEST"


async def test_pings_are_answered_with_what_they_carry(server: Serving, core: IssuedKey) -> None:
    async with talking(server, core.key) as talk:
        await talk.say("ping")
        assert await talk.hear() == {"type": "pong"}
        await talk.say("pong", payload={"any": 1})
        await talk.open()
        await talk.say("ping", payload={"at": 1})
        assert await talk.hear() == {"type": "pong", "payload": {"at": 1}}


async def test_events_come_as_they_happen_each_with_its_cursor(
    server: Serving, core: IssuedKey, database: Database, school: School
) -> None:
    async with opened(server, core.key) as talk:
        begun = await talk.begin()
        await happen(database, school.id, "a", "b")
        first, second = await talk.event(), await talk.event()
    assert [first["data"]["name"], second["data"]["name"]] == ["a", "b"]
    async with opened(server, core.key) as talk:
        await talk.subscribe("again", after=first["cursor"])
        assert (await talk.event("again"))["data"]["name"] == "b"
        await talk.subscribe("all", after=begun)
        while (message := await talk.hear())["id"] != "all":
            pass
    assert message["payload"]["data"]["events"]["data"]["name"] == "a"


async def test_an_operation_that_is_completed_by_the_client_is_over(
    server: Serving, core: IssuedKey, database: Database, school: School
) -> None:
    async with opened(server, core.key) as talk:
        await talk.begin("1")
        await talk.say("complete", id="1")
        await talk.say("complete", id="unknown")
        begun = await talk.begin("1")
        await happen(database, school.id, "a")
        assert (await talk.event("1"))["data"]["name"] == "a"
        assert begun


async def test_an_id_is_used_once_at_a_time(server: Serving, core: IssuedKey) -> None:
    async with opened(server, core.key) as talk:
        await talk.begin("1")
        await talk.subscribe("1")
        assert await talk.ended() == (4409, {"code": "DUPLICATE_ID"})


async def test_ten_operations_at_a_time(server: Serving, core: IssuedKey) -> None:
    async with opened(server, core.key) as talk:
        for number in range(10):
            await talk.begin(str(number))
        await talk.subscribe("too many")
        answer = await talk.hear()
        assert (answer["type"], answer["id"]) == ("error", "too many")
        assert answer["payload"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"
        await talk.say("complete", id="0")
        await talk.begin("another")


async def test_twenty_sockets_a_key(server: Serving, database: Database, school: School) -> None:
    key, other = await make_key(database, school), await make_key(database, school, partner="other")
    async with AsyncExitStack() as held:
        for _ in range(20):
            await held.enter_async_context(opened(server, key.key))
        async with talking(server, key.key) as talk:
            await talk.say("connection_init")
            assert await talk.ended() == (4430, {"code": "TOO_MANY_CONNECTIONS"})
        async with opened(server, other.key):
            pass
    async with opened(server, key.key):
        pass


@pytest.mark.parametrize(
    "message",
    [
        "",
        "no json",
        "[]",
        "7",
        '{"type": "start"}',
        '{"type": 7}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": "", "payload": {}}',
        '{"type": "subscribe", "id": 1, "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "complete"}',
        '{"type": "ping", "payload": 1}',
        '{"type": "ping", "type": "pong"}',
        json.dumps({"type": "complete", "id": "x" * 129}),
        '{"type": "ping", "payload": ' + '{"a":' * 2000 + "1" + "}" * 2001,
        b"\x00",
    ],
)
async def test_what_the_protocol_does_not_have_closes(server: Serving, core: IssuedKey, message: str | bytes) -> None:
    async with opened(server, core.key) as talk:
        await talk.connection.send(message)
        code, reason = await talk.ended()
    assert code == 4400
    assert reason["code"].startswith("BAD_MESSAGE_")


async def test_a_message_of_more_than_64_kb_closes(server: Serving, core: IssuedKey) -> None:
    async with opened(server, core.key) as talk:
        await talk.say("ping", payload={"a": "x" * 60_000})
        assert (await talk.hear())["type"] == "pong"
        await talk.connection.send(["x" * 40_000, "x" * 40_000])
        assert (await talk.ended())[0] == 1009


async def test_pages_of_other_sites_open_nothing(server: Serving, core: IssuedKey) -> None:
    for origin in ("https://evil.example", "null", "http://console.example.org", "https://console.example.org:444"):
        with pytest.raises(InvalidStatus) as refused:
            async with talking(server, core.key, origin=origin):
                pass
        assert refused.value.response.status_code == 403
    for origin in ("https://console.example.org", "http://127.0.0.1:8000"):
        async with opened(server, core.key, origin=origin):
            pass
