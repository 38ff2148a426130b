"""Keys revoked under many sockets: `python -m bench.revocation [--sockets 1000] [--processes 4]`, Valkey stopped.

The sockets follow a log that grows all the while. All their keys are revoked in one transaction; for each process it
is printed when after that commit its sockets were closed, and when the last event came to any of them. Valkey is
stopped rather than ended: it looks quiet, which is the harder case.
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import uvloop

from app.core import api_keys
from app.core.clock import SystemClock
from app.core.database import Database, Wall
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.partners.service import revoke_key
from bench.socket_clients import Crowd
from bench.sockets import PRODUCT, make_keys, python, served
from bench.stage import DATABASE, Stage, stage, tell

BETWEEN_EVENTS = 0.02
REVOKED = 4403


@dataclass
class Figures:
    """Seconds after the commit of the revocation."""

    process: int
    sockets: int
    closed_4403: int
    first_closed: float
    last_closed: float
    last_event: float


async def measure(scene: Stage, database: Database, sockets: int, processes: int) -> list[Figures]:
    with ExitStack() as running:
        serving = [running.enter_context(served(python("bench.product"), scene.environment)) for _ in range(processes)]
        crowds = [Crowd(each.address, PRODUCT) for each in serving]
        issued: set[str] = set()
        running.enter_context(stopped(scene.servers.processes["Valkey"]))
        for crowd in crowds:
            keys = await make_keys(scene, database, sockets // processes)
            await crowd.join(keys)
            issued.update(key for key in keys if key is not None)
            tell(f"  {len(crowd.members)} sockets more")
        growing = asyncio.create_task(grow(scene, database))
        await asyncio.gather(*(crowd.heard(len(crowd.members)) for crowd in crowds))
        committed = await revoke(scene, database, issued)
        ends = [[await member.end for member in crowd.members] for crowd in crowds]
        growing.cancel()
        return [
            figures(number, crowd, found, committed)
            for number, (crowd, found) in enumerate(zip(crowds, ends, strict=True), 1)
        ]


def figures(number: int, crowd: Crowd, ends: Sequence[tuple[int, float]], committed: float) -> Figures:
    closed = [when - committed for code, when in ends if code == REVOKED]
    return Figures(number, len(ends), len(closed), min(closed), max(closed), max(crowd.times) - committed)


@contextmanager
def stopped(process: int) -> Iterator[None]:
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


async def grow(scene: Stage, database: Database) -> None:
    while True:
        async with database.transaction(Wall.app(scene.dataset.school.id)) as session:
            record_event(session, Topic.WALLET_LOW, subject=uuid4(), facts={})
        await asyncio.sleep(BETWEEN_EVENTS)


async def revoke(scene: Stage, database: Database, keys: Iterable[str]) -> float:
    """When that was committed."""
    async with database.transaction(Wall.app(scene.dataset.school.id)) as session:
        for key in keys:
            await revoke_key(session, api_keys.key_id_of(key) or "", SystemClock())
    return time.perf_counter()


async def run(sockets: int, processes: int, data: Path | None) -> list[Figures]:
    async with stage(1_000, data) as scene, Database(scene.servers.database_url(DATABASE)) as database:
        return await measure(scene, database, sockets, processes)


def show(found: list[Figures], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return
    print(f"{'process':>10}{'sockets':>10}{'4403':>10}{'first ms':>10}{'last ms':>10}{'event ms':>10}")
    for each in found:
        times = "".join(f"{seconds * 1e3:>10.0f}" for seconds in (each.first_closed, each.last_closed, each.last_event))
        print(f"{each.process:>10}{each.sockets:>10}{each.closed_4403:>10}{times}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=1_000)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--data", type=Path, help="keep the database here, for the next run")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    show(uvloop.run(run(options.sockets, options.processes, options.data)), as_json=options.json)


if __name__ == "__main__":
    main()
