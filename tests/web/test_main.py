"""The whole application over real servers: one way in, two channels, the same rules."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from app.core import api_keys
from app.core.database import Database, Wall
from app.domains.partners.service import IssuedKey
from app.domains.partners.tables import AuditEntry, School
from app.web.exchange import App
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_key, make_school
from tests.support.factories.students import make_student
from tests.web.running import make_settings, started, write_documents
from tests.web.support import ask, client_of, code_of

QUERY = "query S($m: String!) { student(matricule: $m) { matricule lastName } }"


@pytest.fixture(scope="module")
async def app(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    documents = write_documents(tmp_path_factory.mktemp("documents"))
    async with started(make_settings(database_url, redis_url), documents, FixedClock()) as app:
        yield app


@pytest.fixture
async def school(database: Database) -> School:
    school = await make_school(database)
    async with database.transaction(Wall.app(school.id)) as session:
        await make_student(session, school.id, matricule="2024/INF/0123")
    return school


@pytest.fixture
async def library(database: Database, school: School) -> IssuedKey:
    return await make_key(database, school, "bibliotheque")


async def test_both_channels_give_the_same_student(app: App, library: IssuedKey) -> None:
    async with client_of(app, library.key) as client:
        graphql = await ask(client, QUERY, variables={"m": "2024/inf/0123"})
        rest = await client.get("/v1/students/2024%2FINF%2F0123")
    assert graphql.json()["data"]["student"] == rest.json()
    assert rest.json() == {"matricule": "2024/INF/0123", "lastName": "Ndiaye"}


async def test_each_answer_leaves_one_audit_row(
    app: App, library: IssuedKey, database: Database, school: School
) -> None:
    async with client_of(app, library.key) as client:
        responses = [
            await ask(client, QUERY, variables={"m": "2024/INF/0123"}),
            await client.get("/v1/students/2024%2FINF%2F0123"),
            await client.get("/v1/students/NOBODY"),
        ]
    async with database.transaction(Wall.app(school.id)) as session:
        rows = (await session.scalars(select(AuditEntry).order_by(col(AuditEntry.request_id)))).all()
    assert [str(row.request_id) for row in rows] == [each.headers["x-request-id"] for each in responses[:2]]
    assert [(row.channel, row.operation) for row in rows] == [("graphql", "student"), ("rest", "GetStudent")]
    assert all(len(row.subjects) == 1 for row in rows)


async def test_both_channels_refuse_alike(app: App, database: Database, school: School) -> None:
    canteen = await make_key(database, school, "cantine")
    for key, status, code in ((canteen.key, 403, "INSUFFICIENT_SCOPE"), ("sk_live_nonsense", 401, "UNAUTHENTICATED")):
        async with client_of(app, key) as client:
            graphql = await ask(client, QUERY, "application/graphql-response+json", variables={"m": "X"})
            rest = await client.get("/v1/students/X")
        assert (graphql.status_code, code_of(graphql)) == (status, code)
        assert (rest.status_code, code_of(rest)) == (status, code)


async def test_rest_is_known_by_its_template_and_its_request_id(app: App, library: IssuedKey) -> None:
    async with client_of(app, library.key) as client:
        response = await client.get("/v1/students/NOBODY")
        assert response.json()["requestId"] == response.headers["x-request-id"]
        metrics = (await client.get("/metrics")).text
    assert 'route="/v1/students/{matricule}"' in metrics
    assert "NOBODY" not in metrics


async def test_the_documentation_needs_no_key(app: App) -> None:
    async with client_of(app, None) as client:
        assert (await client.get("/v1/openapi.json")).status_code == 200
        assert (await client.get("/v1/asyncapi.json")).json()["asyncapi"] == "3.0.0"
        assert (await client.get("/v1/docs")).status_code == 200
        assert (await client.get("/v1/students/X")).status_code == 401


async def test_it_is_ready_with_everything_up(app: App) -> None:
    async with client_of(app, None) as client:
        response = await client.get("/health/ready")
    assert response.json() == {
        "status": "ready",
        "parts": {"database": "up", "migrations": "up", "keyring": "up", "valkey": "up"},
    }


async def test_it_works_without_valkey(database_url: str, library: IssuedKey, tmp_path: Path) -> None:
    settings = make_settings(database_url, "redis://127.0.0.1:1/0")
    async with started(settings, write_documents(tmp_path)) as app, client_of(app, library.key) as client:
        assert (await client.get("/health/ready")).json()["status"] == "degraded"
        assert (await client.get("/v1/students/2024%2FINF%2F0123")).status_code == 200


async def test_without_a_database_it_says_so_and_when_to_come_back(redis_url: str, tmp_path: Path) -> None:
    settings = make_settings("postgresql+asyncpg://skooly@127.0.0.1:1/nowhere", redis_url)
    key = api_keys.make_key().text
    async with started(settings, write_documents(tmp_path)) as app, client_of(app, key) as client:
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["parts"]["database"]) == (503, "down")
        for response in (await ask(client, QUERY, variables={"m": "X"}), await client.get("/v1/students/X")):
            assert (response.status_code, code_of(response)) == (503, "UNAVAILABLE")
            assert response.headers["retry-after"] == "5"


@pytest.mark.parametrize("path", ["/v1", "/v2/students", "/graphql/", "/health", "/"])
async def test_nothing_is_served_elsewhere(app: App, path: str) -> None:
    async with client_of(app, None) as client:
        response = await client.get(path)
    assert (response.status_code, code_of(response)) == (404, "UNKNOWN_PATH")
