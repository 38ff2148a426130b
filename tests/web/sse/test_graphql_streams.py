"""`POST /graphql` with `Accept: text/event-stream`: graphql-sse in its "distinct connections" mode."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.core.clock import SystemClock
from app.core.database import Database, Wall
from app.domains.partners.service import IssuedKey, revoke_key
from app.domains.partners.tables import School
from tests.live.support import PATIENCE, happen
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_key
from tests.support.serving import Serving, serving
from tests.web.running import make_settings
from tests.web.sockets.talking import EVENTS
from tests.web.sse.streams import following, listening

QUERY = "query S($m: String!) { student(matricule: $m) { matricule } }"


async def test_a_query_is_one_next_and_complete(server: Serving, core: IssuedKey) -> None:
    async with listening(server, core.key, **following(QUERY, m="2024/inf/0123")) as stream:
        assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        first, last = await stream.told(), await stream.told()
    assert (first.event, first.json["data"]) == ("next", {"student": {"matricule": "2024/INF/0123"}})
    assert (last.event, last.data) == ("complete", "")


async def test_each_event_has_its_cursor_for_an_id(
    server: Serving, core: IssuedKey, database: Database, school: School
) -> None:
    async with listening(server, core.key, **following(EVENTS)) as stream:
        assert (await stream.told()).json["data"]["events"]["__typename"] == "Checkpoint"
        await happen(database, school.id, "a", "b")
        first = await stream.event()
        assert first.json["data"]["events"]["cursor"] == first.id
        assert first.json["data"]["events"]["data"] == {"name": "a"}
    again = {"headers": {"last-event-id": first.id}, **following(EVENTS, after="where it once began")}
    async with listening(server, core.key, **again) as stream:
        assert (await stream.event()).json["data"]["events"]["data"] == {"name": "b"}


async def test_coming_back_needs_a_variable_to_come_back_to(server: Serving, core: IssuedKey) -> None:
    query = "subscription { events { __typename } }"
    async with listening(server, core.key, headers={"last-event-id": "x"}, **following(query)) as stream:
        assert stream.response.status_code == 400
        assert code_of(await stream.response.aread()) == "MALFORMED_REQUEST"


@pytest.mark.parametrize(
    ("query", "preset", "status", "code"),
    [
        (EVENTS, "cantine", 403, "INSUFFICIENT_SCOPE"),
        ("{", "core", 400, "GRAPHQL_PARSE_FAILED"),
        ('subscription { events(after: "forged") { __typename } }', "core", 400, "BAD_CURSOR"),
    ],
)
async def test_what_is_refused_is_no_stream(
    server: Serving, database: Database, school: School, query: str, preset: str, status: int, code: str
) -> None:
    key = await make_key(database, school, preset)
    async with listening(server, key.key, **following(query)) as stream:
        assert (stream.response.status_code, code_of(await stream.response.aread())) == (status, code)
        assert stream.response.headers["content-type"].startswith("application/graphql-response+json")


async def test_without_a_key_or_over_get_there_is_none(server: Serving, core: IssuedKey) -> None:
    async with listening(server, None, **following(EVENTS)) as stream:
        assert stream.response.status_code == 401
    async with listening(server, core.key, method="GET", params={"query": EVENTS}) as stream:
        assert (stream.response.status_code, stream.response.headers["allow"]) == (405, "POST")


async def test_a_body_of_more_than_64_kb_is_refused(server: Serving, core: IssuedKey) -> None:
    async with listening(server, core.key, **following(QUERY, m="x" * 70_000)) as stream:
        assert stream.response.status_code == 413


async def test_streams_count_among_the_connections_of_a_key(server: Serving, core: IssuedKey) -> None:
    async with AsyncExitStack() as held:
        streams = [await held.enter_async_context(listening(server, core.key, **following(EVENTS))) for _ in range(20)]
        for stream in streams:
            await stream.told()
        async with listening(server, core.key, **following(EVENTS)) as stream:
            assert stream.response.status_code == 429
            assert stream.response.headers["retry-after"] == "5"


async def test_revocation_ends_a_stream_without_complete(
    server: Serving, core: IssuedKey, database: Database, school: School
) -> None:
    async with listening(server, core.key, **following(EVENTS)) as stream:
        begun = await stream.told()
        async with database.transaction(Wall.app(school.id)) as session:
            await revoke_key(session, core.row.key_id, FixedClock())
        async with asyncio.timeout(PATIENCE):
            [last] = await stream.rest()
    assert [orjson.loads(each) for each in last.comments] == [{"code": "UNAUTHENTICATED", "after": begun.id}]
    async with listening(server, core.key, **following(EVENTS)) as stream:
        assert stream.response.status_code == 401


@pytest.fixture
async def another(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Serving]:
    settings = make_settings(database_url, redis_url)
    async with serving(settings, SystemClock()) as server:
        yield server


async def test_a_server_that_stops_ends_its_streams(another: Serving, core: IssuedKey) -> None:
    async with listening(another, core.key, **following(EVENTS)) as stream:
        begun = await stream.told()
        async with asyncio.timeout(PATIENCE):
            stopping = asyncio.create_task(another.stop())
            [last] = await stream.rest()
            await stopping
    assert orjson.loads(last.comments[0]) == {"code": "SHUTTING_DOWN", "after": begun.id}


def code_of(body: bytes) -> Any:
    return orjson.loads(body)["errors"][0]["extensions"]["code"]
