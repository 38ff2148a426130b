"""What is forgotten, what stays, and the net that mends what nobody should have touched."""

import pytest

from app.core.database import Wall
from app.domains.partners.tables import School
from app.domains.webhooks.forgetting import forget_responses
from app.domains.webhooks.mending import mend_turns
from app.domains.webhooks.outcomes import Kind, Outcome
from tests.domains.webhooks.conftest import Engine
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import Deliveries, happen, make_endpoint

URL = "https://example.org/hook"


@pytest.fixture
async def school(engine: Engine) -> School:
    return await make_school(engine.database)


@pytest.fixture
def deliveries(engine: Engine, school: School) -> Deliveries:
    return Deliveries(engine.database, school)


async def age_attempts(engine: Engine, days: int) -> None:
    async with engine.database.raw(Wall.worker()) as connection:
        await connection.execute("UPDATE attempt SET at = at - make_interval(days => $1)", days)


async def test_responses_go_after_a_week_or_a_month_and_the_log_stays(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school, 2)
    answered = [Outcome(Kind.OK, 5, status=200, response=b"yes"), Outcome(Kind.RESET, 5, response=b"no")]
    claimed = await engine.claim()
    for each, outcome in zip(claimed, answered, strict=True):
        await engine.settle([each], outcome)
    kept = []
    for days in (6, 2, 21, 2):
        await age_attempts(engine, days)
        await forget_responses(engine.database)
        rows = await deliveries.rows("SELECT outcome FROM attempt WHERE response IS NOT NULL ORDER BY outcome")
        kept.append([row["outcome"] for row in rows])
    assert kept == [["ok", "reset"], ["reset"], ["reset"], []]
    [row] = await deliveries.rows("SELECT (SELECT count(*) FROM attempt) AS a, (SELECT count(*) FROM event) AS e")
    assert tuple(row) == (2, 2)


async def test_what_was_served_while_the_clock_was_ahead_does_not_wait_for_it(
    engine: Engine, school: School, deliveries: Deliveries
) -> None:
    """By an hour: of two endpoints served in it one has a rate, was asked for patience and has one under way."""
    plain = await make_endpoint(engine.database, school, URL)
    strict = await make_endpoint(engine.database, school, URL, rate_per_second=5)
    await happen(engine.database, school)
    await engine.expand()
    claimed = await engine.claim()
    await engine.settle([each for each in claimed if each.target.endpoint_id == plain])
    await happen(engine.database, school)
    await engine.expand()
    for endpoint in (plain, strict):
        await deliveries.shift(endpoint, -3600)
    patient = "UPDATE endpoint_state SET wait_until = now() + interval '11 hours' WHERE endpoint_id = $1"
    async with engine.database.raw(Wall.worker()) as connection:
        await connection.execute(patient, strict)
    assert await engine.claim() == []
    assert await mend_turns(engine.database) == 2
    assert {each.target.endpoint_id for each in await engine.claim()} == {plain}
    [row] = await deliveries.rows(
        "SELECT extract(epoch FROM max(lease_until) - now())::float8 AS lease, (SELECT extract(epoch FROM wait_until - "
        "now()) FROM endpoint_state WHERE wait_until IS NOT NULL)::float8 AS wait FROM delivery WHERE state = 'leased'"
    )
    assert row["lease"] < 60
    assert 35_990 < row["wait"] <= 36_000
    assert await mend_turns(engine.database) == 0


async def test_a_turn_that_was_tampered_with_is_mended(engine: Engine, school: School, deliveries: Deliveries) -> None:
    endpoint = await make_endpoint(engine.database, school, URL)
    await happen(engine.database, school, 3)
    under_way = await engine.claim()
    assert await mend_turns(engine.database) == 0
    async with engine.database.raw(Wall.worker()) as connection:
        await connection.execute("UPDATE endpoint_state SET in_flight = 9, next_due_at = NULL")
    assert await engine.claim() == []
    assert await mend_turns(engine.database) == 1
    state = await deliveries.state_of(endpoint)
    assert (state["in_flight"], state["next_due_at"] is not None) == (2, True)
    await engine.settle(under_way)
    assert await engine.work_off() == 1
    assert await mend_turns(engine.database) == 0
