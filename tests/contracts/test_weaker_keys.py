"""To a key of the same integration that may read less, what a stronger one made does not exist, in any document."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.cli.instance import open_instance
from app.core.database import Database, Wall
from app.domains.partners.service import ensure_partner, issue_key, own_school
from tests.contracts.test_scope_matrix import ENDPOINTS
from tests.e2e.conftest import School

WEBHOOKS = sorted(each for each in ENDPOINTS["annuaire"] if each[1].startswith("/v1/webhooks/"))
BODIES: dict[str, Any] = {
    "rotate-secret": {"overlapHours": 1},
    "replay": {"states": ["exhausted"]},
    "recover": {"since": (datetime.now(UTC) - timedelta(hours=1)).isoformat()},
    "{endpointId}": {"description": "Le mien"},
}


@pytest.fixture(scope="module")
async def weak(school: School) -> str:
    """A key of the integration of the demo's `core` key, that may read students."""
    name = school.client("core").post("/graphql", json={"query": "{ viewer { partner } }"}).json()
    with open_instance(Path(school.platform.answer["data"])) as settings:
        async with Database(settings.database_url) as database:
            async with database.transaction(Wall.auth()) as session:
                here = await session.scalar(text("SELECT id FROM school"))
            async with database.transaction(Wall.app(here)) as session:
                partner = await ensure_partner(session, name["data"]["viewer"]["partner"])
                issued = await issue_key(session, await own_school(session), partner, "annuaire", settings.peppers)
    return issued.key


@pytest.fixture(scope="module")
def made(school: School) -> Iterator[dict[str, str]]:
    """The ids of an endpoint of the stronger key, and of a delivery to it."""
    core = school.client("core")
    asked = {"url": "https://recepteur.example.org/skooly", "topics": ["invoice.paid"]}
    endpoint = core.post("/v1/webhooks/endpoints", json=asked).json()["endpoint"]["id"]
    core.post(f"/v1/webhooks/endpoints/{endpoint}/pause")
    core.post(f"/v1/webhooks/endpoints/{endpoint}/test")
    yield {"endpointId": endpoint, "deliveryId": _delivery(core, endpoint)}
    core.delete(f"/v1/webhooks/endpoints/{endpoint}")


def _delivery(core: httpx.Client, endpoint: str) -> str:
    give_up = time.monotonic() + 20
    while not (nodes := core.get("/v1/webhooks/deliveries", params={"endpointId": endpoint}).json()["nodes"]):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    return str(nodes[0]["id"])


@pytest.mark.parametrize(("method", "path"), [each for each in WEBHOOKS if "{" in each[1]])
def test_what_is_out_of_sight_is_not_found(
    school: School, weak: str, made: dict[str, str], method: str, path: str
) -> None:
    asked: dict[str, Any] = {"url": path.format(**made), "json": BODIES.get(path.rpartition("/")[2])}
    refused = school.client(weak).request(method, **asked)
    assert (refused.status_code, refused.json()["status"]) == (404, 404), refused.text
    if method != "DELETE":
        answer = school.client("core").request(method, **asked)
        # A delivery that waits for its endpoint is seen, and not replayed.
        assert answer.status_code in (200, 201, 202, 409), answer.text


@pytest.mark.parametrize("path", [path for method, path in WEBHOOKS if method == "GET" and "{" not in path])
def test_lists_leave_it_out(school: School, weak: str, made: dict[str, str], path: str) -> None:
    seen, all_of_it = (
        {each["id"] for each in school.client(key).get(path, params={"first": 100}).json()["nodes"]}
        for key in (weak, "core")
    )
    assert all_of_it & set(made.values())
    assert not seen & set(made.values())
