"""From the commit to the receiver, with a worker of its own process, at a steady number of events a second."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from uuid import UUID

import asyncpg

from app.cli.data_directory import DataDirectory
from app.core.doorbell import Doorbell
from app.core.ids import new_id
from app.domains.partners.tables import School
from bench.faults.ledgers import read_got
from bench.stage import cpus
from bench.webhooks.scene import DATABASE, Scene
from tests.support.platform import clean_environment
from tests.support.worker import WEBHOOKS

PATIENCE_SECONDS = 30.0


@dataclass
class Steady:
    """`milliseconds` from each commit to the arrivals of its event, in order."""

    name: str
    asked: float
    written: float
    """Events a second: what was aimed at, and what it came to."""
    round_trip: float
    """Milliseconds that one question to PostgreSQL took meanwhile, the median: the reference."""
    missing: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        return self.milliseconds[min(len(self.milliseconds) - 1, int(len(self.milliseconds) * share))]


@contextmanager
def receiver(ledger: Path) -> Iterator[int]:
    """The port of one that notes arrivals."""
    command = [sys.executable, "-m", "bench.faults.receiver", str(ledger), "quick"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        _pin(process, 1)
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


@asynccontextmanager
async def worker(scene: Scene, folder: Path) -> AsyncIterator[None]:
    """`skooly worker`, on the processor that the servers do not have."""
    settings = DataDirectory(folder).settings(scene.servers.database_url(DATABASE), scene.servers.redis_url())
    environment = {**clean_environment(), **settings.as_environment(), **WEBHOOKS}
    log = folder / "worker.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "worker"], env=environment, stdout=output, stderr=output
        )
    _pin(process, 0)
    try:
        while "Starting worker" not in log.read_text():
            await asyncio.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def _pin(process: subprocess.Popen[str] | subprocess.Popen[bytes], number: int) -> None:
    pinned = cpus()
    if pinned:
        os.sched_setaffinity(process.pid, {pinned[number]})


async def received(ledger: Path, count: int) -> list[str]:
    """The webhook-ids in the order of their arrival, once there are `count` different ones or it has taken too long."""
    give_up = time.monotonic() + 10 * PATIENCE_SECONDS
    while True:
        ids = [each.webhook_id for each in read_got(ledger)]
        if len(set(ids)) >= count or time.monotonic() > give_up:
            return ids
        await asyncio.sleep(0.5)


async def steady(name: str, scene: Scene, ledger: Path, per_second: float, seconds: float, fan: int = 1) -> Steady:
    """`fan`: how many endpoints get each event. Writes over all schools in turn."""
    committed: dict[UUID, float] = {}
    async with Doorbell(scene.servers.redis_url()) as doorbell:
        async with _asking(scene) as round_trips:
            began = time.monotonic()
            await _write(scene, doorbell, committed, per_second, seconds)
            taken = time.monotonic() - began
        arrivals = await _arrivals(ledger, committed, fan)
    milliseconds = sorted((at - committed[subject]) * 1000 for subject, at in arrivals)
    missing = len(committed) * fan - len(arrivals)
    return Steady(name, per_second, len(committed) / taken, statistics.median(round_trips), missing, milliseconds)


@asynccontextmanager
async def _asking(scene: Scene) -> AsyncIterator[list[float]]:
    """Asks PostgreSQL for nothing, now and then, and notes the milliseconds that takes."""
    connection = await asyncpg.connect(scene.servers.superuser_dsn(DATABASE))
    taken: list[float] = []

    async def ask() -> None:
        while True:
            began = time.perf_counter()
            await connection.fetchval("SELECT 1")
            taken.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.05)

    asking = asyncio.create_task(ask())
    try:
        yield taken
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        connection.terminate()


async def _write(
    scene: Scene, doorbell: Doorbell, committed: dict[UUID, float], per_second: float, seconds: float
) -> None:
    """As many as the machine can, at most `per_second`."""
    began = time.monotonic()
    schools, numbers = cycle(scene.schools), count()

    async def lane() -> None:
        for number in numbers:
            await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
            if time.monotonic() >= began + seconds:
                return
            await _write_one(scene, doorbell, next(schools), committed)

    await asyncio.gather(*(lane() for _ in range(scene.database.pool_size)))


async def _write_one(scene: Scene, doorbell: Doorbell, school: School, committed: dict[UUID, float]) -> None:
    subject = new_id()
    await scene.happen_once(school, subject)
    committed[subject] = time.time()
    doorbell.ring(school.id, 0)


async def _arrivals(ledger: Path, committed: dict[UUID, float], fan: int) -> list[tuple[UUID, float]]:
    """The first of each delivery; whatever has not come after a while is missing."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        first = {(each.webhook_id, UUID(each.subject)): each.at for each in reversed(read_got(ledger))}
        arrived = [(subject, at) for (_, subject), at in first.items() if subject in committed]
        if len(arrived) >= len(committed) * fan or time.monotonic() > give_up:
            return arrived
        await asyncio.sleep(0.5)
