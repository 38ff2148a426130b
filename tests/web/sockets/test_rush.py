"""Hundreds come at once to a process of their own: everybody is let in, and a revocation does not wait for them."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.core.database import Database, Wall
from app.domains.partners.service import IssuedKey, revoke_key
from app.domains.partners.tables import School
from bench.socket_clients import Crowd
from tests.live.support import PATIENCE, until
from tests.support.api import Fleet
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_key, make_school
from tests.web.running import make_settings
from tests.web.sockets.test_revocation import EVENTS

KEYS = 40
SOCKETS = 20
"""Of one key in one process: there may be no more."""
SOON = 3.0
"""Seconds until a revocation has closed a socket. It is promised in one: the machine may be busy with other tests."""


@pytest.fixture
def process(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path, make_settings(database_url, redis_url))
    try:
        fleet.start()
        yield fleet
    finally:
        fleet.close()


def crowd_at(process: Fleet) -> Crowd:
    address = urlsplit(process.url)
    return Crowd((str(address.hostname), address.port or 0), EVENTS)


async def audited(database: Database, school: School) -> dict[str, int]:
    """How many streams each key has opened."""
    async with database.raw(Wall.app(school.id)) as connection:
        rows = await connection.fetch(
            "SELECT key_id, count(*) FROM audit_entry WHERE operation = 'events' AND channel = 'graphql' GROUP BY 1"
        )
    return {row["key_id"]: row["count"] for row in rows}


async def test_everybody_is_let_in_and_a_revocation_is_heard_meanwhile(
    process: Fleet, database: Database, school: School, core: IssuedKey
) -> None:
    schools = [school, await make_school(database)]
    issued = [await make_key(database, schools[number % 2], partner=f"p{number}") for number in range(KEYS)]
    there, rush = crowd_at(process), crowd_at(process)
    await there.join([core.key])
    keys: list[str | None] = [key.key for key in issued] * SOCKETS
    coming = asyncio.create_task(rush.join(keys, at_once=len(keys)))
    await until(lambda: len(rush.members) > 0)
    async with database.transaction(Wall.app(school.id)) as session:
        await revoke_key(session, core.row.key_id, FixedClock())
    revoked = time.perf_counter()
    async with asyncio.timeout(PATIENCE):
        code, when = await there.members[0].end
    assert code == 4403
    assert when - revoked < SOON
    async with asyncio.timeout(3 * PATIENCE):
        await coming
    assert (len(rush.members), rush.refused) == (len(keys), 0)
    opened = {**await audited(database, schools[0]), **await audited(database, schools[1])}
    assert opened == {core.row.key_id: 1, **{key.row.key_id: SOCKETS for key in issued}}
    await rush.leave()
