"""A drain in this process, over a database of its own and real sockets."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from app.core.database import Database, Wall
from app.core.doorbell import LOOK_SECONDS, Doorbell
from app.core.outbound import Client, NameServers, Policy, verifying_context
from app.delivery.drain import Drain
from app.delivery.metrics import DeliveryMetrics
from app.delivery.options import Options
from app.delivery.sender import HttpSender
from app.domains.partners.tables import School
from app.domains.webhooks.endpoints import Unseal
from app.domains.webhooks.outcomes import Sender
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import VAULT, Deliveries
from tests.support.receiver import Receiver, receiving

NO_VALKEY = "redis://127.0.0.1:1/0"
"""Where nobody answers."""


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Returns as soon as it holds; fails the test after `seconds`."""
    give_up = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < give_up, f"not true within {seconds} s"
        await asyncio.sleep(0.02)


def states(deliveries: Deliveries, expected: dict[str, int], endpoint: UUID | None = None):  # type: ignore[no-untyped-def]
    async def hold() -> bool:
        return await deliveries.states(endpoint) == expected

    return hold


async def in_full_swing(database: Database) -> None:
    """As if every endpoint had proved itself."""
    async with database.raw(Wall.worker()) as connection:
        await connection.execute("UPDATE endpoint_state SET breaker = 'closed', allowed = NULL")


class Running:
    """A drain that runs until the test is over, or until it is told to leave."""

    def __init__(self, drain: Drain, metrics: DeliveryMetrics) -> None:
        self.metrics = metrics
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(drain.run(self._stop))

    async def leave(self) -> float:
        """Returns how many seconds that took."""
        began = time.monotonic()
        self._stop.set()
        await self._task
        return time.monotonic() - began


@asynccontextmanager
async def draining(
    database: Database,
    redis_url: str = NO_VALKEY,
    options: Options | None = None,
    look_seconds: float = LOOK_SECONDS,
    unseal: Unseal = VAULT.open,
    sender: Sender | None = None,
) -> AsyncIterator[Running]:
    policy = Policy.development()
    http = HttpSender(Client(policy, NameServers(["127.0.0.1"]), verifying_context()), policy)
    metrics = DeliveryMetrics()
    async with Doorbell(redis_url, look_seconds) as doorbell:
        running = Running(Drain(database, sender or http, doorbell, unseal, options, metrics), metrics)
        try:
            yield running
        finally:
            await running.leave()
            http.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def school(fresh_database: Database) -> School:
    return await make_school(fresh_database)


@pytest.fixture
def deliveries(fresh_database: Database, school: School) -> Deliveries:
    return Deliveries(fresh_database, school)
