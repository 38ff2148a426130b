"""What a claim reads does not grow with the backlog: the partial indexes of the partitions, never a whole one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.core.database import Wall
from app.core.ids import new_id
from app.domains.webhooks.claiming import LEASE, SERVED, TAKE_TURNS
from app.domains.webhooks.sweeping import EXPIRED
from tests.domains.webhooks.conftest import Engine
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import happen, make_endpoint


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def scanned(plan: dict[str, Any]) -> list[str]:
    """Partitions of deliveries that are read from end to end, as far as they hold anything."""
    found = (node for node in nodes(plan) if node["Node Type"] == "Seq Scan")
    return [
        node["Relation Name"]
        for node in found
        if node["Relation Name"].startswith("delivery") and node["Plan Rows"] > 100
    ]


@pytest.mark.parametrize("counted", [False, True], ids=["before ANALYZE", "after ANALYZE"])
async def test_a_claim_uses_the_partial_indexes(engine: Engine, counted: bool) -> None:
    school = await make_school(engine.database)
    endpoints = [await make_endpoint(engine.database, school, "https://example.org/") for _ in range(8)]
    await happen(engine.database, school, 1_000)
    await engine.expand()
    if counted:
        async with engine.database.raw(Wall.owner()) as connection:
            await connection.execute("ANALYZE")
    schools, counts = [school.id] * len(endpoints), [4] * len(endpoints)
    asked = {
        TAKE_TURNS: ([], [], True, 128),
        LEASE: (schools, endpoints, counts, counts, [45] * len(endpoints), new_id()),
        SERVED: (schools, endpoints, counts),
        EXPIRED: (),
    }
    async with engine.database.raw(Wall.worker()) as connection:
        for statement, args in asked.items():
            [explained] = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *args))
            assert scanned(explained["Plan"]) == [], statement
        careless = "EXPLAIN (FORMAT JSON) SELECT FROM delivery WHERE attempt_no >= 0"
        [explained] = json.loads(await connection.fetchval(careless))
        assert scanned(explained["Plan"]), "a scan would be noticed"
