"""Real workers that are really killed, stopped and told to leave: nothing is lost, nothing is stuck, ids stay."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from redis.asyncio import Redis

from app.cli.instance import prepare
from app.core.database import Database, Wall
from app.domains.partners.tables import School
from app.domains.webhooks.envelope import webhook_id
from app.embedded import Embedded
from tests.delivery.conftest import eventually
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import Deliveries, happen, make_endpoint
from tests.support.platform import CHECKOUT
from tests.support.processes import until
from tests.support.receiver import OK, Behaviour, Receiver, hang, status
from tests.support.worker import Start, Worker, workers


@pytest.fixture
def start(tmp_path: Path, fresh_database_url: str, redis_url: str) -> Iterator[Start]:
    with workers(tmp_path, fresh_database_url, redis_url) as start:
        yield start


async def all_succeeded(deliveries: Deliveries, count: int, seconds: float = 30.0) -> None:
    async def through() -> bool:
        return await deliveries.states() == {"succeeded": count}

    await eventually(through, seconds)


async def expected_ids(deliveries: Deliveries, endpoint: UUID) -> set[str]:
    rows = await deliveries.rows("SELECT id FROM event")
    return {webhook_id(row["id"], endpoint) for row in rows}


COMMIT_AND_DIE = """
import asyncio, os, signal, sys
from uuid import UUID, uuid4
from app.cli.instance import prepare
from app.core.database import Database, Wall
from app.domains.events.service import record_event
from app.domains.events.topics import Topic

def die(school, position):
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    async with Database(sys.argv[1], announce=die) as database:
        async with database.transaction(Wall.app(UUID(sys.argv[2]))) as session:
            record_event(session, Topic.WALLET_LOW, subject=uuid4(), facts={})

asyncio.run(main())
"""


async def test_a_kill_between_commit_and_hint_costs_only_time(
    start: Start,
    fresh_database: Database,
    fresh_database_url: str,
    school: School,
    deliveries: Deliveries,
    receiver: Receiver,
) -> None:
    await make_endpoint(fresh_database, school, receiver.url("/a"))
    start()
    died = subprocess.run([sys.executable, "-c", COMMIT_AND_DIE, fresh_database_url, str(school.id)], cwd=CHECKOUT)
    assert died.returncode == -signal.SIGKILL
    await all_succeeded(deliveries, 1)
    assert len(receiver.ledger) == 1


def killing(worker: list[Worker], *, answering: bool) -> Behaviour:
    """Kills the sender once it has sent, before or right after it is answered; then behaves."""
    killed: list[bool] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if killed or answering:
            await OK(reader, writer)
        if not killed:
            killed.append(True)
            worker[0].kill()

    return behave


@pytest.mark.parametrize("answering", [False, True], ids=["during", "after"])
async def test_a_worker_killed_at_http_loses_nothing_and_repeats_the_same_id(
    start: Start,
    fresh_database: Database,
    school: School,
    deliveries: Deliveries,
    receiver: Receiver,
    answering: bool,
) -> None:
    running: list[Worker] = []
    endpoint = await make_endpoint(fresh_database, school, receiver.script("/a", killing(running, answering=answering)))
    await happen(fresh_database, school)
    running.append(start())
    await eventually(lambda: _holds(running[0].ended))
    start()
    await deliveries.shift(endpoint, 60)
    await all_succeeded(deliveries, 1)
    assert set(receiver.ids()) == await expected_ids(deliveries, endpoint)
    assert len(receiver.ledger) <= 2
    assert (await deliveries.state_of(endpoint))["in_flight"] == 0


async def test_eight_workers_send_ten_thousand_deliveries_and_never_two_of_one_at_once(
    start: Start, fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    for number in range(20):
        await make_endpoint(fresh_database, school, receiver.script(f"/{number}", status(200, after=0.01)))
    running = [start() for _ in range(8)]
    await eventually(lambda: _holds(all(worker.said("Starting worker") for worker in running)), 60)
    await happen(fresh_database, school, 500)
    await all_succeeded(deliveries, 10_000, 120)
    assert receiver.overlaps == []
    assert len(receiver.ids()) == len(set(receiver.ids())) == 10_000
    assert max(receiver.busiest.values()) <= 10


async def test_a_worker_killed_between_lease_and_request_loses_nothing(
    start: Start, fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    """As soon as the lease is seen: before, at or after the request, whichever it is this time."""
    endpoint = await make_endpoint(fresh_database, school, receiver.script("/a", status(200, after=0.3)))
    await happen(fresh_database, school, 20)
    for _ in range(3):
        worker = start()

        async def leased() -> bool:
            return "leased" in await deliveries.states()

        await eventually(leased)
        worker.kill()
        await deliveries.shift(endpoint, 60)
    start()
    await all_succeeded(deliveries, 20)
    assert set(receiver.ids()) == await expected_ids(deliveries, endpoint)


async def test_flushing_valkey_in_mid_backlog_loses_nothing(
    start: Start, fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver, redis_url: str
) -> None:
    await make_endpoint(fresh_database, school, receiver.url("/a"))
    await happen(fresh_database, school, 300)
    start()
    await eventually(lambda: _holds(len(receiver.ledger) > 20))
    async with Redis.from_url(redis_url) as redis:
        await redis.flushdb()
    await happen(fresh_database, school, 50)
    await all_succeeded(deliveries, 350)
    assert len(receiver.ids()) == len(set(receiver.ids())) == 350


async def test_publishing_and_delivering_go_on_without_valkey(
    tmp_path: Path,
    fresh_database: Database,
    fresh_database_url: str,
    school: School,
    deliveries: Deliveries,
    receiver: Receiver,
) -> None:
    """It is killed, stays away while events come, and comes back: one worker sees all of it.

    Four tries to find it again, ever longer apart: a fifth is like the fourth, however long it stays away.
    """
    await make_endpoint(fresh_database, school, receiver.url("/a"))
    with (
        Embedded(tmp_path / "servers", durable=False) as servers,
        workers(tmp_path, fresh_database_url, servers.redis_url()) as start,
    ):
        worker = start()
        await until(lambda: worker.said("Starting worker"))
        await happen(fresh_database, school, 5)
        await all_succeeded(deliveries, 5)
        os.kill(servers.processes["Valkey"], signal.SIGKILL)
        for tries in range(1, 5):
            await happen(fresh_database, school, 5)
            await all_succeeded(deliveries, 5 + 5 * tries)
            await until(lambda tries=tries: worker.count("valkey_unreachable") >= tries)  # type: ignore[misc]
        starts = worker.count("Starting worker")
        assert servers.revive() == ["Valkey"]
        await until(lambda: worker.count("Starting worker") > starts)
        await happen(fresh_database, school, 5)
        await all_succeeded(deliveries, 30)
        assert not worker.ended
        worker.signal(signal.SIGTERM)
        await until(lambda: worker.ended, 10)
        assert worker.process.returncode == 0


async def test_a_stopped_worker_that_comes_back_moves_nothing(
    start: Start, fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    """SIGSTOP past the lease: another one delivers; after SIGCONT the first one's answer is only a note."""
    endpoint = await make_endpoint(
        fresh_database, school, receiver.script("/a", status(200, after=1.0), status(201)), timeout_seconds=10
    )
    await happen(fresh_database, school)
    first = start()
    await eventually(lambda: _holds(len(receiver.ledger) == 1))
    first.signal(signal.SIGSTOP)
    await deliveries.shift(endpoint, 60)
    start()
    await all_succeeded(deliveries, 1)
    first.signal(signal.SIGCONT)

    async def noted() -> bool:
        rows = await deliveries.rows("SELECT late_outcome FROM attempt WHERE number = 1")
        return bool(rows) and rows[0]["late_outcome"] is not None

    await eventually(noted)
    rows = await deliveries.rows("SELECT number, outcome, late_outcome, status_code FROM attempt ORDER BY number")
    assert [tuple(row) for row in rows] == [(1, "lost", "ok", 200), (2, "ok", None, 201)]
    assert await deliveries.states() == {"succeeded": 1}
    assert len(set(receiver.ids())) == 1


async def test_a_signal_returns_what_is_under_way_at_once_and_unspent(
    start: Start, fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    endpoint = await make_endpoint(fresh_database, school, receiver.script("/a", hang))
    await happen(fresh_database, school)
    for round_ in range(1, 7):
        worker = start(SKOOLY_DRAIN_SECONDS="0.5")
        await eventually(lambda round_=round_: _holds(len(receiver.ledger) == round_))  # type: ignore[misc]
        worker.signal(signal.SIGTERM)
        await until(lambda worker=worker: worker.ended, 10)  # type: ignore[misc]
        assert worker.process.returncode == 0
        [row] = await deliveries.rows("SELECT state, failures, next_at <= now() AS due FROM delivery")
        assert tuple(row) == ("retry_wait", 0, True)
    assert await deliveries.outcomes(endpoint) == [(number, "interrupted") for number in range(1, 7)]


async def test_fanning_out_to_5000_endpoints_goes_on_after_a_kill(
    start: Start, fresh_database: Database, school: School, deliveries: Deliveries
) -> None:
    """Paused endpoints: what is looked at is the expansion alone."""
    first = await make_endpoint(fresh_database, school, "https://example.org/", status="paused")
    async with fresh_database.raw(Wall.app(school.id)) as connection:
        await connection.execute(
            "INSERT INTO endpoint (school_id, partner_id, url, status, start_position) "
            "SELECT school_id, partner_id, url, status, start_position FROM endpoint, generate_series(2, 5000) "
            "WHERE id = $1",
            first,
        )
    await happen(fresh_database, school, 6)

    async def made() -> int:
        return sum((await deliveries.states()).values())

    kills = 0
    while kills < 2:
        before = await made()
        worker = start()

        async def some(before: int = before) -> bool:
            return await made() > before

        await eventually(some)
        worker.kill()
        kills += 1
        [row] = await deliveries.rows("SELECT expanded_to FROM fan_out")
        assert await made() == row["expanded_to"] * 5000, "a chunk and the note that it is done are one"
    start()

    async def complete() -> bool:
        return await made() == 6 * 5000

    await eventually(complete)
    [row] = await deliveries.rows("SELECT count(DISTINCT (endpoint_id, event_id)) AS n FROM delivery")
    assert row["n"] == 6 * 5000


async def test_a_restart_of_the_database_under_load_leaves_the_sets_equal(tmp_path: Path, receiver: Receiver) -> None:
    """Events are written while PostgreSQL is killed and comes back; what was acknowledged is what arrives."""
    with Embedded(tmp_path / "servers") as servers:
        await asyncio.to_thread(prepare, servers)
        url = servers.database_url("skooly")
        async with Database(url) as database:
            school = await make_school(database)
            deliveries = Deliveries(database, school)
            endpoint = await make_endpoint(database, school, receiver.url("/a"))
            with workers(tmp_path, url, servers.redis_url()) as start:
                worker = start()
                acknowledged: list[UUID] = []
                await _write(database, school, acknowledged, 40)
                await eventually(lambda: _holds(len(receiver.ledger) >= 20))
                os.kill(servers.processes["PostgreSQL"], signal.SIGQUIT)
                await eventually(lambda: _holds(servers.revive() == ["PostgreSQL"]))
                await _write(database, school, acknowledged, 80)
                rows = await deliveries.rows("SELECT id, subject FROM event")
                assert {row["subject"] for row in rows} >= set(acknowledged)
                await deliveries.shift(endpoint, 60)
                await all_succeeded(deliveries, len(rows))
                assert not worker.ended
    assert set(receiver.ids()) == {webhook_id(row["id"], endpoint) for row in rows}
    repeated = [id_ for id_, count in Counter(receiver.ids()).items() if count > 1]
    assert len(repeated) <= 10, "only what was under way"


async def _write(database: Database, school: School, acknowledged: list[UUID], until_count: int) -> None:
    """Until so many commits were acknowledged, whatever happens meanwhile."""
    while len(acknowledged) < until_count:
        try:
            acknowledged += await happen(database, school)
        except Exception:
            await asyncio.sleep(0.05)


async def _holds(value: bool) -> bool:
    return value
