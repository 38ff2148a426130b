"""How sockets end from this side: each with a code of its own, and where to go on."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import SystemClock
from app.core.database import Database, Wall
from app.domains.partners.service import IssuedKey, ensure_partner, issue_key, revoke_key
from app.domains.partners.tables import School
from app.live.stream import Stream
from app.web.connection import Connection
from app.web.sockets.operation import Operation
from app.web.sockets.socket import Socket
from tests.live.support import PATIENCE, happen
from tests.support.clock import FixedClock
from tests.support.factories.partners import PEPPERS, make_key
from tests.support.serving import Serving, serving
from tests.web.running import make_settings
from tests.web.sockets.talking import opened, talking


async def test_who_does_not_introduce_himself_is_closed_in_time(server: Serving, core: IssuedKey) -> None:
    async with asyncio.timeout(15), talking(server, core.key) as talk:
        assert await talk.ended() == (4408, {"code": "INIT_TIMEOUT"})


async def test_revocation_closes_with_the_cursor(
    server: Serving, core: IssuedKey, database: Database, school: School
) -> None:
    async with opened(server, core.key) as busy, opened(server, core.key) as idle:
        cursor = await busy.begin()
        await revoke(database, school, core)
        async with asyncio.timeout(PATIENCE):
            assert await busy.ended() == (4403, {"code": "KEY_REVOKED", "after": cursor})
            assert await idle.ended() == (4403, {"code": "KEY_REVOKED"})
    async with talking(server, core.key) as talk:
        await talk.say("connection_init")
        assert (await talk.ended())[0] == 4403


async def revoke(database: Database, school: School, key: IssuedKey) -> None:
    async with database.transaction(Wall.app(school.id)) as session:
        await revoke_key(session, key.row.key_id, FixedClock())


@pytest.fixture
async def another(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Serving]:
    """A server that a test may stop, by the clock on the wall, and with pings that do not take long."""
    settings = make_settings(database_url, redis_url)
    options = {"ws_ping_interval": 0.2, "ws_ping_timeout": 0.2}
    async with serving(settings, SystemClock(), **options) as server:
        yield server


async def test_a_key_expires_by_a_timer(another: Serving, database: Database, school: School) -> None:
    soon = SystemClock().now() + timedelta(seconds=2)
    async with database.transaction(Wall.app(school.id)) as session:
        partner = await ensure_partner(session, "soon gone")
        key = await issue_key(session, school, partner, "core", PEPPERS, expires_at=soon)
    async with opened(another, key.key) as talk:
        assert await talk.ended() == (4403, {"code": "KEY_EXPIRED"})
        assert SystemClock().now() - soon < timedelta(seconds=1)


async def test_a_server_that_stops_says_when_to_go_on(another: Serving, core: IssuedKey) -> None:
    async with opened(another, core.key) as talk, opened(another, core.key) as idle:
        cursor = await talk.begin()
        stopping = asyncio.create_task(another.stop())
        assert await talk.ended() == (1012, {"code": "SHUTTING_DOWN", "after": cursor})
        assert await idle.ended() == (1012, {"code": "SHUTTING_DOWN"})
        await stopping


async def test_with_several_subscriptions_no_cursor_is_named(another: Serving, core: IssuedKey) -> None:
    async with opened(another, core.key) as talk:
        await talk.begin("1")
        await talk.begin("2")
        stopping = asyncio.create_task(another.stop())
        assert await talk.ended() == (1012, {"code": "SHUTTING_DOWN"})
        await stopping


async def test_a_silent_peer_is_closed(another: Serving, core: IssuedKey) -> None:
    async with talking(another, core.key, ping_interval=None) as talk:
        await talk.open()
        talk.connection.transport.pause_reading()  # it hears no ping and answers none
        while another.open_connections:
            await asyncio.sleep(0.05)


async def test_a_slow_reader_is_closed_and_misses_nothing(
    server: Serving, core: IssuedKey, database: Database, school: School
) -> None:
    names = [f"{number:05}" + "x" * 2_000 for number in range(1, 3_001)]
    async with opened(server, core.key, ping_interval=None) as talk:
        await talk.begin()
        talk.connection.transport.pause_reading()
        for first in range(0, len(names), 500):
            await happen(database, school.id, *names[first : first + 500])
        await closed_by_the_server(server)
        talk.connection.transport.resume_reading()
        heard, code, reason = await talk.rest()
    assert (code, reason["code"]) == (4410, "SLOW_CONSUMER")
    assert 0 < len(heard) < len(names)
    assert reason["after"] == heard[-1]["payload"]["data"]["events"]["cursor"]
    events = [each["payload"]["data"]["events"] for each in heard]
    async with opened(server, core.key) as talk:
        await talk.subscribe(after=reason["after"])
        while len(events) < len(names):
            events.append(await talk.event())
    assert [each["data"]["name"] for each in events] == names


async def closed_by_the_server(server: Serving) -> None:
    """Only the server's side knows: the client does not read."""
    async with asyncio.timeout(20):
        while server.open_sockets:
            await asyncio.sleep(0.05)


async def test_a_slow_reader_who_never_reads_again_is_let_go(
    server: Serving, core: IssuedKey, database: Database, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.sockets.transport.CLOSE_SECONDS", 0.5)
    async with opened(server, core.key, ping_interval=None, close_timeout=0.1) as talk:
        await talk.begin()
        talk.connection.transport.pause_reading()
        for _ in range(6):
            await happen(database, school.id, *["x" * 2_000] * 500)
        await closed_by_the_server(server)
        async with asyncio.timeout(20):
            while server.open_connections:
                await asyncio.sleep(0.05)


async def test_who_leaves_before_a_refusal_is_told_is_no_fault(server: Serving, core: IssuedKey) -> None:
    loop, faults = asyncio.get_running_loop(), list[Any]()
    loop.set_exception_handler(lambda _, context: faults.append(context))
    try:
        async with opened(server, core.key) as talk:
            for number in range(10):
                await talk.subscribe(str(number), after="forged")
            await talk.connection.close()
        await closed_by_the_server(server)
        gc.collect()  # so that tasks whose failure nobody looked at say so
    finally:
        loop.set_exception_handler(None)
    assert faults == []


def what_lives() -> Counter[type]:
    """Of what each socket consists of."""
    return Counter(map(type, gc.get_objects())) & Counter(dict.fromkeys((Socket, Operation, Stream, Connection), 1_000))


async def test_what_has_ended_is_freed_at_once(server: Serving, core: IssuedKey) -> None:
    """Thousands leave together; what only the cyclic collector finds, it finds in one pause that stops everybody."""
    gc.collect()
    before = what_lives()
    gc.disable()
    try:
        for _ in range(5):
            async with opened(server, core.key) as talk:
                await talk.begin()
        await closed_by_the_server(server)
        assert what_lives() == before
    finally:
        gc.enable()


async def test_everybody_may_come_back_at_once(server: Serving, database: Database, school: School) -> None:
    keys = [await make_key(database, school, partner="many") for _ in range(40)]

    async def come_back(key: IssuedKey) -> str:
        """Nobody is told to come back later because others come too."""
        async with opened(server, key.key, open_timeout=60) as talk:
            return await talk.begin()

    cursors = await asyncio.gather(*(come_back(key) for key in keys * 8))
    assert len(cursors) == 320


async def test_without_a_database_it_asks_to_come_back_later(core: IssuedKey, redis_url: str) -> None:
    settings = make_settings("postgresql+asyncpg://skooly@127.0.0.1:1/nowhere", redis_url)
    async with serving(settings) as server, talking(server, core.key) as talk:
        await talk.say("connection_init")
        assert await talk.ended() == (1013, {"code": "UNAVAILABLE"})
