"""Successes are written down without deciding, and come to what deciding would have come to."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.database import Database, Wall
from app.domains.partners.tables import School
from app.domains.webhooks.claiming import Claimed
from app.domains.webhooks.leases import Result
from app.domains.webhooks.outcomes import Kind, Outcome
from app.domains.webhooks.recording import record
from app.domains.webhooks.settling import SCHEDULE
from app.domains.webhooks.succeeding import record_successes
from tests.domains.webhooks.conftest import OK, Engine
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import Deliveries, happen, make_endpoint

URL = "https://example.org/hook"
HEALTH = (
    "requests, failures, slow_requests, slow, breaker, allowed, wait_until, first_failure_at, disable_for, in_flight"
)

STATES = st.fixed_dictionaries(
    {
        "age": st.sampled_from([None, 1, 59, 61, 599, 601, 5_000]),
        "requests": st.integers(0, 60),
        "failures": st.integers(0, 9),
        "slow_requests": st.integers(0, 5),
    }
)
SET = """
UPDATE endpoint_state SET breaker = 'closed', allowed = NULL, window_from = now() - make_interval(secs => $2),
    requests = $3, failures = $4, slow_requests = $5, first_failure_at = now() WHERE endpoint_id = $1
"""


COUNTED = ("age", "requests", "failures", "slow_requests")


async def decide(database: Database, results: Sequence[Result]) -> None:
    await record(database, results, SCHEDULE)


def results_of(claimed: Sequence[Claimed], outcomes: Sequence[Outcome]) -> list[Result]:
    return [Result(each, outcome) for each, outcome in zip(claimed, outcomes, strict=True)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STATES, st.lists(st.sampled_from([5, 3_000, 3_001, 9_000]), min_size=1, max_size=4))
async def test_health_comes_to_the_same(fresh_database: Database, state: dict[str, Any], latencies: list[int]) -> None:
    """Two endpoints that fare alike: one is written down in one call, the other decided on."""
    database = fresh_database
    engine, school = Engine(database), await make_school(database)
    endpoints = [await make_endpoint(database, school, URL) for _ in range(2)]
    async with database.raw(Wall.worker()) as connection:
        for endpoint in endpoints:
            await connection.execute(SET, endpoint, *(state[name] for name in COUNTED))
    await happen(database, school, len(latencies))
    claimed = [each for each in await engine.claim() if each.target.endpoint_id in endpoints]
    for endpoint, write in zip(endpoints, (record_successes, decide), strict=True):
        mine = [each for each in claimed if each.target.endpoint_id == endpoint]
        outcomes = [replace(OK, latency_ms=latency) for latency in latencies]
        await write(database, results_of(mine, outcomes))
    rows = await Deliveries(database, school).rows(
        f"SELECT {HEALTH}, window_from > now() - interval '1 s' AS new_window FROM endpoint_state WHERE school_id = $1",
        school.id,
    )
    assert tuple(rows[0]) == tuple(rows[1])


async def test_what_has_to_be_decided_is_left(engine: Engine, school: School) -> None:
    deliveries = Deliveries(engine.database, school)
    well, failing, new = [await make_endpoint(engine.database, school, URL) for _ in range(3)]
    async with engine.database.raw(Wall.worker()) as connection:
        await connection.execute("UPDATE endpoint_state SET breaker = 'closed' WHERE endpoint_id <> $1", new)
    await happen(engine.database, school, 2)
    failed = Outcome(Kind.CONNECT, 5)
    claimed = sorted(await engine.claim(), key=lambda each: each.event.id)
    first = next(each for each in claimed if each.target.endpoint_id == failing)
    outcomes = [failed if each is first else OK for each in claimed]
    written = await record_successes(engine.database, results_of(claimed, outcomes))
    assert written.recorded.settled == 2
    assert {each.lease.endpoint_id for each in written.results} == {well}
    assert {each.lease.endpoint_id for each in written.undecided} == {failing, new}
    assert await deliveries.states(well) == {"succeeded": 2}
    assert await deliveries.states(failing) == await deliveries.states(new) == {"leased": 2}


async def test_the_attempt_keeps_what_was_answered(engine: Engine, school: School) -> None:
    deliveries = Deliveries(engine.database, school)
    endpoint = await make_endpoint(engine.database, school, URL)
    async with engine.database.raw(Wall.worker()) as connection:
        await connection.execute("UPDATE endpoint_state SET breaker = 'closed'")
    await happen(engine.database, school)
    answer = Outcome(Kind.OK, 7, status=202, remote_ip="192.0.2.7", response=b"x" * 2_000)
    results = [Result(each, answer) for each in await engine.claim()]
    assert (await record_successes(engine.database, results)).recorded.settled == 1
    assert (await record_successes(engine.database, results)).recorded.settled == 0, "only under the lease"
    [row] = await deliveries.rows("SELECT number, outcome, status_code, remote_ip, latency_ms, response FROM attempt")
    assert tuple(row) == (1, "ok", 202, "192.0.2.7", 7, b"x" * 1_024)
    assert (await deliveries.state_of(endpoint))["in_flight"] == 0


@pytest.mark.parametrize(
    ("ip", "response"),
    [("2001:db8::7", bytes(range(256))), (None, b""), ("192.0.2.7", b'"},\\NULL{\n\0')],
    ids=["every byte", "nothing", "what an array is written with"],
)
async def test_whatever_was_answered_is_written_down_as_it_was(
    engine: Engine, school: School, ip: str | None, response: bytes
) -> None:
    await make_endpoint(engine.database, school, URL)
    async with engine.database.raw(Wall.worker()) as connection:
        await connection.execute("UPDATE endpoint_state SET breaker = 'closed'")
    await happen(engine.database, school, 2)
    answer = Outcome(Kind.OK, 7, status=200, remote_ip=ip, response=response)
    results = [Result(each, answer) for each in await engine.claim()]
    assert (await record_successes(engine.database, results)).recorded.settled == 2
    rows = await Deliveries(engine.database, school).rows("SELECT remote_ip, response FROM attempt")
    assert [tuple(row) for row in rows] == [(ip, response or None)] * 2
