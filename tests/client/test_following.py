"""The partners' client against the real application: nothing missed, over restarts on either side."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.client import CursorFile, Event, EventLog, Follower, Forgetful, LogGap, Refused
from app.core.database import Database, Wall
from app.domains.partners.service import IssuedKey, revoke_key
from app.domains.partners.tables import School
from tests.live.support import happen
from tests.support.clock import FixedClock
from tests.support.serving import Serving, serving
from tests.web.running import make_settings

CHANNELS = pytest.mark.parametrize("channel", ["stream", "poll"])


@pytest.fixture
def log(server: Serving, core: IssuedKey) -> Iterator[EventLog]:
    with EventLog(server.url, core.key, client=httpx.Client(trust_env=False, timeout=30)) as log:
        yield log


def take(follower: Iterator[Event], count: int) -> list[str]:
    return [event.data["name"] for event in islice(follower, count)]


@CHANNELS
async def test_it_goes_on_where_the_last_program_stopped(
    log: EventLog,
    database: Database,
    school: School,
    tmp_path: Path,
    channel: Any,
) -> None:
    cursors = CursorFile(tmp_path / "cursor")
    await happen(database, school.id, "a", "b", "c\u2028d", "e")
    first = Follower(log, cursors, channel=channel, start="oldest")
    assert await asyncio.to_thread(take, iter(first), 2) == ["a", "b"]
    again = Follower(log, cursors, channel=channel)
    assert await asyncio.to_thread(take, iter(again), 3) == ["b", "c\u2028d", "e"], "b was not handled to its end"


@CHANNELS
async def test_it_begins_now_where_nothing_else_is_said(
    log: EventLog,
    database: Database,
    school: School,
    channel: Any,
) -> None:
    await happen(database, school.id, "before")
    cursors = Noting()
    taking = asyncio.create_task(asyncio.to_thread(take, iter(Follower(log, cursors, channel=channel)), 1))
    await asyncio.to_thread(cursors.written.wait)
    await happen(database, school.id, "after")
    assert await taking == ["after"]


class Noting(Forgetful):
    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def write(self, cursor: str) -> None:
        super().write(cursor)
        self.written.set()


@CHANNELS
async def test_topics_are_chosen(log: EventLog, database: Database, school: School, channel: Any) -> None:
    await happen(database, school.id, "a")
    chosen = Follower(log, Forgetful(), topics=["wallet.low", "student.created"], channel=channel, start="oldest")
    assert await asyncio.to_thread(take, iter(chosen), 1) == ["a"]
    unknown = Follower(log, Forgetful(), topics=["no.such"], channel=channel, start="oldest")
    with pytest.raises(Refused, match="TOPIC_UNKNOWN"):
        await asyncio.to_thread(take, iter(unknown), 1)


async def test_a_key_that_is_revoked_ends_it_with_a_clear_word(
    log: EventLog,
    core: IssuedKey,
    database: Database,
    school: School,
) -> None:
    cursors = Noting()
    taking = asyncio.create_task(asyncio.to_thread(take, iter(Follower(log, cursors, sleep=lambda _: None)), 1))
    await asyncio.to_thread(cursors.written.wait)
    async with database.transaction(Wall.app(school.id)) as session:
        await revoke_key(session, core.row.key_id, FixedClock())
    with pytest.raises(Refused, match="401 UNAUTHENTICATED"):
        await taking


async def test_a_forged_cursor_is_refused(log: EventLog) -> None:
    for channel in ("stream", "poll"):
        with pytest.raises(Refused, match="BAD_CURSOR"):
            await asyncio.to_thread(take, iter(Follower(log, Forgetful("forged"), channel=channel)), 1)  # type: ignore[arg-type]


@CHANNELS
async def test_a_gap_is_told_to_who_knows_what_to_do(
    log: EventLog,
    database: Database,
    school: School,
    channel: Any,
) -> None:
    cursor = await cursor_past_the_end(log, database, school)
    with pytest.raises(LogGap) as gap:
        await asyncio.to_thread(take, iter(Follower(log, Forgetful(cursor), channel=channel)), 1)
    told: list[str] = []

    def go_on(gap: LogGap) -> str:
        told.append(gap.oldest)
        return gap.oldest

    recovering = Follower(log, Forgetful(cursor), channel=channel, on_gap=go_on)
    assert await asyncio.to_thread(take, iter(recovering), 2) == ["a", "b"]
    assert told == [gap.value.oldest]


async def cursor_past_the_end(log: EventLog, database: Database, school: School) -> str:
    """As a client has it of a server that has been restored from an older backup since."""
    await happen(database, school.id, "a", "b", "gone")
    cursor = (await asyncio.to_thread(log.page, None)).cursor
    async with database.raw(Wall.owner(school.id)) as connection:
        await connection.execute("DELETE FROM event WHERE school_id = $1 AND facts ->> 'name' = 'gone'", school.id)
        await connection.execute(
            "UPDATE school_log SET last_position = last_position - 1 WHERE school_id = $1", school.id
        )
    return cursor


async def test_a_key_that_is_changed_while_a_page_waits_asks_again() -> None:
    page = {"events": [], "cursor": "b", "hasMore": False}
    answers = [httpx.Response(403, json={"code": "KEY_CHANGED"}), httpx.Response(200, json=page)]

    class Written(Forgetful):
        def write(self, cursor: str) -> None:
            assert (cursor, answers) == ("b", [])
            raise KeyboardInterrupt

    log = EventLog("http://x", "k", client=httpx.Client(transport=httpx.MockTransport(lambda _: answers.pop(0))))
    with pytest.raises(KeyboardInterrupt):
        take(iter(Follower(log, Written("a"), channel="poll", sleep=lambda _: None)), 1)


async def test_trouble_is_waited_out_longer_each_time() -> None:
    waited, told = [], []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 9:
            raise KeyboardInterrupt

    log = EventLog("http://127.0.0.1:1", "sk_live_any", client=httpx.Client(trust_env=False))
    with pytest.raises(KeyboardInterrupt):
        take(iter(Follower(log, Forgetful("x"), sleep=sleep, on_trouble=told.append)), 1)
    assert len(told) == 9
    assert 0.75 <= waited[0] <= 1.25
    assert all(22.5 <= each <= 37.5 for each in waited[-2:])


def test_an_outage_may_last_as_long_as_it_likes() -> None:
    """Half a second is doubled at most so many times that it is still a number."""
    waited = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 1_100:
            raise KeyboardInterrupt

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    log = EventLog("http://x", "k", client=httpx.Client(transport=httpx.MockTransport(refuse)))
    with pytest.raises(KeyboardInterrupt):
        take(iter(Follower(log, Forgetful("x"), sleep=sleep)), 1)
    assert all(22.5 <= each <= 37.5 for each in waited[-10:])


async def test_a_server_that_is_restarted_is_waited_for_and_nothing_is_missed(
    core: IssuedKey,
    database: Database,
    school: School,
    database_url: str,
    redis_url: str,
) -> None:
    settings = make_settings(database_url, redis_url)
    names = [str(number) for number in range(300)]
    proxy = {"url": ""}

    def connect(request: httpx.Request) -> None:
        request.url = request.url.copy_with(port=int(proxy["url"].rsplit(":", 1)[1]))

    client = httpx.Client(trust_env=False, timeout=30, event_hooks={"request": [connect]})
    cursors = Noting()
    async with restarted(settings, proxy) as restart:
        with EventLog("http://127.0.0.1:1", core.key, client=client) as log:
            follower = iter(Follower(log, cursors, sleep=lambda seconds: threading.Event().wait(seconds / 20)))
            taking = asyncio.create_task(asyncio.to_thread(take, follower, len(names)))
            await asyncio.to_thread(cursors.written.wait)
            for first in range(0, len(names), 50):
                await happen(database, school.id, *names[first : first + 50])
                await restart()
            assert await taking == names


class restarted:  # noqa: N801 - a context
    """A server that a call replaces by a new one; `address` always says where the present one is."""

    def __init__(self, settings: Any, address: dict[str, str]) -> None:
        self._settings, self._address = settings, address

    async def __aenter__(self) -> Callable[[], Any]:
        await self._start()
        return self._restart

    async def __aexit__(self, *_: object) -> None:
        await self._context.__aexit__(None, None, None)

    async def _start(self) -> None:
        self._context = serving(self._settings)
        self._address["url"] = (await self._context.__aenter__()).url

    async def _restart(self) -> None:
        await self._context.__aexit__(None, None, None)
        await self._start()
