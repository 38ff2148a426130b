"""One budget for both channels: shown in headers and in GraphQL, and refused alike when it is spent."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from app.core.database import Database
from app.web.exchange import App
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_key, make_school
from tests.web.running import make_settings, started, write_documents
from tests.web.support import ask, client_of, code_of

LIMIT = 1_001
STUDENT = "/v1/students/NOBODY"
QUERY = "{ rateLimit { limit remaining resetAt cost } }"


@pytest.fixture(scope="module")
def time() -> FixedClock:
    return FixedClock()


@pytest.fixture(scope="module")
async def app(
    database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory, time: FixedClock
) -> AsyncIterator[App]:
    documents = write_documents(tmp_path_factory.mktemp("documents"))
    settings = make_settings(database_url, redis_url, budget_points=LIMIT)
    async with started(settings, documents, time) as app:
        yield app


@pytest.fixture
async def client(app: App, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    key = await make_key(database, await make_school(database), "bibliotheque")
    async with client_of(app, key.key) as client:
        yield client


def left(response: httpx.Response) -> int:
    assert response.headers["ratelimit-policy"] == f'"cost";q={LIMIT};w=60'
    told = re.fullmatch(r'"cost";r=(\d+);t=(\d+)', response.headers["ratelimit"])
    assert told, response.headers
    assert 1 <= int(told[2]) <= 60
    return int(told[1])


async def spend(client: httpx.AsyncClient) -> httpx.Response:
    """Asks over REST until it is refused, with nothing but the refusal to tell it so."""
    while (response := await client.get(STUDENT)).status_code == 404:
        pass
    return response


async def test_both_channels_spend_one_budget_and_say_what_is_left(client: httpx.AsyncClient) -> None:
    assert left(await client.get(STUDENT)) == LIMIT - 2
    assert left(await ask(client, QUERY)) == LIMIT - 4
    assert left(await client.get(STUDENT)) == LIMIT - 6


async def test_a_key_can_ask_what_it_has(client: httpx.AsyncClient) -> None:
    response = await ask(client, QUERY)
    told = response.json()["data"]["rateLimit"]
    assert (told["limit"], told["remaining"], told["cost"]) == (LIMIT, LIMIT - 2, 2)
    assert told["resetAt"].startswith("2025-01-13T09:0")
    assert response.json()["extensions"]["cost"]["requested"] == told["cost"] - 1


async def test_a_request_of_which_nothing_comes_costs_a_point(client: httpx.AsyncClient) -> None:
    assert left(await client.get("/v1/nowhere")) == LIMIT - 1
    assert left(await ask(client, "{ nonsense }")) == LIMIT - 2
    assert left(await ask(client, "{ students { nodes { matricule } } }")) == LIMIT - 3  # no scope


async def test_a_spent_budget_is_refused_on_both_channels(client: httpx.AsyncClient, time: FixedClock) -> None:
    rest = await spend(client)
    graphql = await ask(client, QUERY)
    for refused in (rest, graphql):
        assert (refused.status_code, code_of(refused)) == (429, "RATE_LIMITED")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert left(refused) <= 1
    assert rest.json()["type"] == "/v1/problems/rate-limited"
    assert f"{LIMIT} points" in rest.json()["detail"]
    time.advance(timedelta(seconds=int(graphql.headers["retry-after"])))
    assert left(await client.get(STUDENT)) == LIMIT - 2


async def test_the_refusal_speaks_the_language_asked_for(client: httpx.AsyncClient) -> None:
    await spend(client)
    response = await client.get(STUDENT, headers={"accept-language": "en"})
    assert "Try again in" in response.json()["detail"]
    assert response.headers["content-language"] == "en"


async def test_who_is_not_known_is_told_of_no_budget(app: App) -> None:
    async with client_of(app, "sk_live_nonsense") as client:
        assert "ratelimit" not in (await client.get(STUDENT)).headers


async def test_the_documentation_knows_the_refusal(client: httpx.AsyncClient) -> None:
    document = (await client.get("/v1/openapi.json")).json()
    for path in document["paths"].values():
        for operation in path.values():
            assert "429" in operation["responses"]
    [refusal] = [each for name, each in document["components"]["responses"].items() if name == "Problem429"]
    assert "Retry-After" in refusal["headers"]
    assert "RATE_LIMITED" in refusal["content"]["application/problem+json"]["examples"]
