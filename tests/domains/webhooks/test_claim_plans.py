"""What a turn reads does not grow with the backlog: the partial indexes of the partitions, never a whole one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.core.database import RawConnection, Wall
from app.core.ids import new_id
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from app.domains.webhooks.claiming import CLAIM, LEASE_MARGIN
from app.domains.webhooks.fanning import EXPAND_LITTLE, LITTLE, expand
from app.domains.webhooks.measuring import MEASURE, measure
from app.domains.webhooks.recording import LOCK_STATES
from app.domains.webhooks.sweeping import EXPIRED
from tests.domains.webhooks.conftest import OK, Engine
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import happen, make_endpoint

ENDPOINTS = 8
EVENTS = 1_000
PLACES = 16
FEW_ENTRIES = 200
"""For 16 leases of 8 endpoints 72 were seen, 872 with what had been sent before; the backlog is 8,000."""

READ = """
SELECT (SELECT coalesce(sum(seq_tup_read), 0)::int FROM pg_stat_xact_user_tables WHERE relname LIKE $1) AS scanned, (
    SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(indexrelid)), 0)::int FROM pg_stat_user_indexes
    WHERE relname LIKE $1
) AS looked_up
"""


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


async def reads(connection: RawConnection, tables: str, statement: str, *args: Any) -> tuple[int, int, int]:
    """Rows that come back, rows of `tables` read in scans, and entries of their indexes read, by functions too."""
    [before] = await connection.fetch(READ, tables)
    rows = await connection.fetch(statement, *args)
    [after] = await connection.fetch(READ, tables)
    return len(rows), after["scanned"] - before["scanned"], after["looked_up"] - before["looked_up"]


@pytest.fixture
async def backlog(engine: Engine, school: School) -> School:
    for _ in range(ENDPOINTS):
        await make_endpoint(engine.database, school, "https://example.org/")
    await happen(engine.database, school, EVENTS)
    while (await expand(engine.database, [school.id], chunk=ENDPOINTS * 10)).more:
        pass
    return school


async def count_rows(engine: Engine) -> None:
    async with engine.database.raw(Wall.owner()) as connection:
        await connection.execute("ANALYZE")


@pytest.mark.parametrize("counted", [False, True], ids=["before ANALYZE", "after ANALYZE"])
async def test_a_claim_reads_what_it_leases(engine: Engine, backlog: School, counted: bool) -> None:
    if counted:
        await count_rows(engine)
    async with engine.database.raw(Wall.worker()) as connection:
        for _ in range(3):
            asked = PLACES, PLACES, PLACES, PLACES, [], [], [], 128, LEASE_MARGIN, new_id()
            leased, in_scans, looked_up = await reads(connection, "delivery%", CLAIM, *asked)
            assert leased == PLACES
            assert in_scans == 0
            assert looked_up <= FEW_ENTRIES
            await connection.execute("UPDATE endpoint_state SET in_flight = 0")
        careless = await reads(connection, "delivery%", "SELECT count(*) FROM delivery WHERE attempt_no >= 0")
        assert careless[1] == ENDPOINTS * EVENTS, "a scan would be noticed"


@pytest.mark.parametrize("counted", [False, True], ids=["before ANALYZE", "after ANALYZE"])
async def test_leasing_what_has_just_happened_reads_nothing_of_what_did_before(
    engine: Engine, backlog: School, counted: bool
) -> None:
    """Neither the log nor the deliveries: the backlog is another school's, and thousands of events are behind."""
    school = await make_school(engine.database)
    await make_endpoint(engine.database, school, "https://example.org/", topics=["invoice.paid"])
    await happen(engine.database, school, EVENTS)
    await engine.expand()
    if counted:
        await count_rows(engine)
    async with engine.database.raw(Wall.worker()) as connection:
        for tables in ("delivery%", "event%"):
            await happen(engine.database, school, 2, topic=Topic.INVOICE_PAID)
            asked = [school.id], 16, LITTLE, PLACES, PLACES, [], [], [], LEASE_MARGIN, new_id()
            leased, in_scans, looked_up = await reads(connection, tables, EXPAND_LITTLE, *asked)
            assert (leased, in_scans) == (2, 0)
            assert looked_up <= FEW_ENTRIES
            await connection.execute("UPDATE endpoint_state SET in_flight = 0")


@pytest.mark.parametrize("counted", [False, True], ids=["before ANALYZE", "after ANALYZE"])
async def test_measuring_reads_what_is_due_and_not_what_waits(engine: Engine, backlog: School, counted: bool) -> None:
    """Of one endpoint everything is due; the others' retries wait, thousands of them."""
    async with engine.database.raw(Wall.worker()) as connection:
        await connection.execute(
            "UPDATE delivery SET state = 'retry_wait', next_at = now() + interval '1 hour' "
            "WHERE endpoint_id <> (SELECT min(endpoint_id::text)::uuid FROM delivery)"
        )
        await connection.execute(
            "UPDATE endpoint_state s SET next_due_at = (SELECT min(next_at) FROM delivery d "
            "WHERE d.school_id = s.school_id AND d.endpoint_id = s.endpoint_id)"
        )
    if counted:
        await count_rows(engine)
    assert (await measure(engine.database)).due == EVENTS
    async with engine.database.raw(Wall.worker()) as connection:
        _, in_scans, looked_up = await reads(connection, "delivery%", MEASURE)
    assert in_scans == 0
    assert looked_up <= 2 * EVENTS


async def test_nor_does_it_read_what_was_sent_before(engine: Engine, backlog: School) -> None:
    """What was sent leaves its entries in the index until they are cleaned up, which a long transaction prevents."""
    async with engine.database.raw(Wall.worker()) as holding:
        await holding.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await holding.fetchval("SELECT count(*) FROM delivery")
        for _ in range(12):
            await engine.settle(await engine.claim(), OK)
        await happen(engine.database, backlog, 1)
        async with engine.database.raw(Wall.worker()) as connection:
            asked = PLACES, PLACES, PLACES, PLACES, [], [], [], 128, LEASE_MARGIN, new_id()
            leased, in_scans, looked_up = await reads(connection, "delivery%", CLAIM, *asked)
    assert (leased, in_scans) == (PLACES, 0)
    assert looked_up <= FEW_ENTRIES


@pytest.mark.parametrize("counted", [False, True], ids=["before ANALYZE", "after ANALYZE"])
async def test_sweeping_uses_the_partial_indexes(engine: Engine, backlog: School, counted: bool) -> None:
    if counted:
        await count_rows(engine)
    async with engine.database.raw(Wall.worker()) as connection:
        for statement, args in {EXPIRED: (), LOCK_STATES: ([], [])}.items():
            [explained] = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *args))
            assert scanned(explained["Plan"]) == [], statement
        careless = "EXPLAIN (FORMAT JSON) SELECT FROM delivery WHERE attempt_no >= 0"
        [explained] = json.loads(await connection.fetchval(careless))
        assert scanned(explained["Plan"]), "a scan would be noticed"
