"""Hints arrive where Valkey works; where it does not, the listener is told to look, and nobody waits."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from app.core.database import Database, Wall
from app.core.doorbell import CHANNEL, Doorbell, Hint
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.embedded import Embedded
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import happen


async def hear(doorbell: Doorbell, wanted: Hint, ready: asyncio.Event) -> int:
    """How often it was told to look everywhere until the hint came. Other tests ring too."""
    looks = 0
    async for hint in doorbell.hints():
        looks += hint is None
        if looks == 2:  # the first before it listens, the second once it does
            ready.set()
        if hint == wanted:
            return looks
    raise AssertionError("hints never end")


async def test_a_ring_is_heard(redis_url: str) -> None:
    hint, ready = Hint(uuid4(), 7), asyncio.Event()
    async with Doorbell(redis_url) as ringing, Doorbell(redis_url) as listening:
        heard = asyncio.create_task(hear(listening, hint, ready))
        await ready.wait()
        ringing.ring(hint.school_id, 3)
        ringing.ring(hint.school_id, hint.position)
        await asyncio.wait_for(heard, 20)


@pytest.mark.parametrize("turns", range(8))
async def test_it_is_left_wherever_its_rings_have_got_to(redis_url: str, turns: int) -> None:
    """Where a ring was just being sent, the cancellation was lost on Python 3.11, and nobody ever left."""
    async with Doorbell(redis_url) as doorbell:
        doorbell.ring(uuid4(), 1)
        for _ in range(turns):
            await asyncio.sleep(0)


async def test_a_commit_rings_and_a_rollback_does_not(database_url: str) -> None:
    rung: list[tuple[UUID, int]] = []
    async with Database(database_url, announce=lambda school, position: rung.append((school, position))) as database:
        school = await make_school(database)
        await happen(database, school, 3)
        with pytest.raises(LookupError):
            await _fail(database, school.id)
        await happen(database, school)
    assert rung == [(school.id, 3), (school.id, 4)]


async def _fail(database: Database, school_id: UUID) -> None:
    async with database.transaction(Wall.app(school_id)) as session:
        record_event(session, Topic.WALLET_LOW, subject=uuid4(), facts={})
        raise LookupError


async def test_what_is_no_hint_is_passed_over(redis_url: str) -> None:
    hint, ready = Hint(uuid4(), 1), asyncio.Event()
    async with Doorbell(redis_url) as doorbell, Redis.from_url(redis_url) as anybody:
        heard = asyncio.create_task(hear(doorbell, hint, ready))
        await ready.wait()
        for nonsense in (b"", b"x", b"\xff \xff", b"a b c", uuid4().hex.encode()):
            await anybody.publish(CHANNEL, nonsense)
        doorbell.ring(hint.school_id, hint.position)
        await asyncio.wait_for(heard, 20)


async def test_without_valkey_one_is_told_to_look_and_ringing_costs_nothing() -> None:
    async with Doorbell("redis://127.0.0.1:1/0") as doorbell:
        doorbell.ring(uuid4(), 1)
        looks = [hint async for hint in _first(doorbell, 3)]
    assert looks == [None] * 3


async def _first(doorbell: Doorbell, count: int) -> AsyncIterator[Hint | None]:
    async for hint in doorbell.hints():
        yield hint
        count -= 1
        if not count:
            return


async def test_a_frozen_valkey_looks_like_a_quiet_one_and_a_new_one_is_heard_again(tmp_path: Path) -> None:
    hint, ready = Hint(uuid4(), 1), asyncio.Event()
    with Embedded(tmp_path, durable=False) as servers:
        async with Doorbell(servers.redis_url()) as doorbell:
            heard = asyncio.create_task(hear(doorbell, hint, ready))
            await ready.wait()
            os.kill(servers.processes["Valkey"], signal.SIGSTOP)
            doorbell.ring(hint.school_id, hint.position)
            os.kill(servers.processes["Valkey"], signal.SIGKILL)
            while servers.revive() != ["Valkey"]:
                await asyncio.sleep(0.01)
            while not heard.done():
                doorbell.ring(hint.school_id, hint.position)
                await asyncio.sleep(0.1)
            assert await heard >= 2
