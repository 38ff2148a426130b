"""Asking the log to wait, through the whole application: for longer than a body may take, and not beyond the key."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.core.database import Database, Wall
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.partners.service import IssuedKey, revoke_key
from app.domains.partners.tables import School
from app.web.exchange import App
from app.web.generated import DOCUMENTS
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_key, make_school
from tests.support.processes import until
from tests.support.serving import serving
from tests.web.running import make_settings, started, write_documents
from tests.web.support import ask, client_of, code_of

BODY_SECONDS = 0.05
WAIT = """query ($after: String) { events(after: $after, wait: 20) {
    ... on EventPage { events { subject } cursor } ... on Gap { message } } }"""


@pytest.fixture(scope="module")
async def app(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    documents = write_documents(tmp_path_factory.mktemp("documents"))
    for name in ("operations/events/Events.graphql", "fragments/Event.graphql"):
        shutil.copy(DOCUMENTS / name, documents / Path(name).parts[0])
    async with started(make_settings(database_url, redis_url), documents, body_seconds=BODY_SECONDS) as app:
        yield app


@pytest.fixture
async def school(database: Database) -> School:
    return await make_school(database)


@pytest.fixture
async def key(database: Database, school: School) -> IssuedKey:
    return await make_key(database, school)


async def happen(database: Database, school: School) -> str:
    subject = uuid4()
    async with database.transaction(Wall.app(school.id)) as session:
        record_event(session, Topic.WALLET_LOW, subject=subject, facts={})
    return str(subject)


async def waiting_on_both(client: httpx.AsyncClient) -> list[asyncio.Task[httpx.Response]]:
    cursor = (await client.get("/v1/events", params={"fromNow": "true"})).json()["cursor"]
    return [
        asyncio.create_task(client.get("/v1/events", params={"after": cursor, "wait": 20})),
        asyncio.create_task(ask(client, WAIT, variables={"after": cursor})),
    ]


async def never_sent() -> AsyncIterator[bytes]:
    await asyncio.Event().wait()
    yield b""


def subjects(page: dict[str, Any]) -> list[str]:
    return [event["subject"] for event in page["events"]]


async def a_bodys_time_passes(client: httpx.AsyncClient) -> None:
    late = await client.post("/graphql", content=never_sent(), headers={"content-type": "application/json"})
    assert (late.status_code, code_of(late)) == (408, "REQUEST_TOO_SLOW")


async def test_a_page_waits_for_longer_than_a_body_may_take(
    app: App, database: Database, school: School, key: IssuedKey
) -> None:
    async with client_of(app, key.key) as client:
        rest, graphql = await waiting_on_both(client)
        await a_bodys_time_passes(client)
        assert not rest.done()
        assert not graphql.done()
        happened = await happen(database, school)
        assert subjects((await rest).json()) == [happened]
        assert subjects((await graphql).json()["data"]["events"]) == [happened]


async def test_a_key_that_is_revoked_meanwhile_is_shown_nothing(
    app: App, database: Database, school: School, key: IssuedKey
) -> None:
    async with client_of(app, key.key) as client:
        rest, graphql = await waiting_on_both(client)
        await a_bodys_time_passes(client)
        async with database.transaction(Wall.app(school.id)) as session:
            await revoke_key(session, key.row.key_id, FixedClock())
        await happen(database, school)
        assert (await rest).status_code == 401
        for answer in (await rest, await graphql):
            assert code_of(answer) == "UNAUTHENTICATED"
            assert "data" not in answer.json()


async def test_a_key_that_is_changed_meanwhile_asks_again(
    app: App, database: Database, school: School, key: IssuedKey
) -> None:
    async with client_of(app, key.key) as client:
        rest, graphql = await waiting_on_both(client)
        await a_bodys_time_passes(client)
        async with database.raw(Wall.owner(school.id)) as connection:
            await connection.execute("UPDATE api_key SET scopes = '{events:read}' WHERE key_id = $1", key.row.key_id)
        await happen(database, school)
        assert ((await rest).status_code, code_of(await rest)) == (403, "KEY_CHANGED")
        assert code_of(await graphql) == "KEY_CHANGED"


async def test_a_server_that_stops_answers_whoever_waits(database_url: str, redis_url: str, key: IssuedKey) -> None:
    """With the page as it is: they ask again, after the same cursor, whoever is there then."""
    async with serving(make_settings(database_url, redis_url)) as server:
        asking = httpx.AsyncClient(base_url=server.url, headers={"x-api-key": key.key}, trust_env=False, timeout=30)
        async with asking as client:
            now = (await client.get("/v1/events", params={"fromNow": "true"})).json()
            waiting = asyncio.create_task(client.get("/v1/events", params={"after": now["cursor"], "wait": 25}))
            await until(lambda: server.open_sockets > 0)
            await server.stop()
            answer = await waiting
    assert (answer.status_code, answer.json()) == (200, now)
