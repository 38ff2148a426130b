"""One event to many sockets: `python -m bench.sockets [--sockets 1000 5000]`.

The product, Strawberry's own ASGI application and, where there is Node with the packages of `tests/clients`, graphql-ws
on ws: one process each, one after the other, before the same crowd of subscribers. Deliveries a second from the commit
of a burst to the last socket; CPU of the server for each delivery; its memory above idle; the time from the commit of
a single event to each socket; and everybody coming back at once, as after a restart.
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import uvloop

from app.core.database import Database, Wall
from app.core.doorbell import Doorbell
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.partners.service import ensure_partner, issue_key
from bench.harness import TICKS
from bench.socket_clients import Crowd
from bench.stage import DATABASE, PEPPERS, Stage, stage, tell

PRODUCT = "subscription { events { __typename ... on Event { id cursor topic subject } ... on Checkpoint { cursor } } }"
STOCK = "subscription { events { id cursor topic subject at } }"
SOCKETS_A_KEY = 10
"""Half of what is allowed: those who come back may overlap with those who left."""
NODE_PACKAGES = Path(__file__).parents[1] / "tests" / "clients" / "node_modules"
SINGLE = 30
"""Events one by one, for the time that each takes."""
Fire = Callable[[int], Awaitable[None]]


@dataclass
class Figures:
    name: str
    sockets: int
    join_seconds: float
    deliveries_per_second: float
    cpu_microseconds: float
    megabytes: float
    p50_ms: float
    p99_ms: float
    again_seconds: float
    refused: int
    """How often somebody was told to come back later."""


class Process:
    """The command is told the descriptor of its listening socket."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=8192)
        self.address = self._listener.getsockname()[:2]
        descriptor = self._listener.fileno()
        self._process = subprocess.Popen(
            [*command, str(descriptor)],
            env={**os.environ, **environment},
            pass_fds=[descriptor],
            stdout=sys.stderr,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def megabytes(self) -> float:
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(60)
        self._listener.close()


def python(module: str) -> list[str]:
    return [sys.executable, "-m", "bench.socket_server", module]


def node() -> list[str] | None:
    """None where it is not to be had, and says so."""
    found = shutil.which("node")
    if found is None or not (NODE_PACKAGES / "graphql-ws").exists():
        tell("  no Node, or no packages (npm ci in tests/clients): graphql-ws is not measured")
        return None
    return [found, str(Path(__file__).with_name("node_sockets.mjs"))]


@contextmanager
def served(command: list[str], environment: dict[str, str]) -> Any:
    process = Process(command, environment)
    try:
        yield process
    finally:
        process.close()


async def measure(name: str, process: Process, query: str, keys: list[str | None], fire: Fire, burst: int) -> Figures:
    crowd = Crowd(process.address, query)
    await crowd.join(keys[:1])
    idle = process.megabytes
    joined = await crowd.join(keys[1:])
    size = len(keys)
    await fire(1)
    await crowd.heard(size)
    cpu, started = process.cpu_seconds, time.perf_counter()
    await fire(burst)
    times = await crowd.heard(size * burst)
    rate, cpu = size * burst / (max(times) - started), process.cpu_seconds - cpu
    latencies = []
    for _ in range(SINGLE):
        await asyncio.sleep(0.1)
        committed = await timed(fire)
        latencies += [when - committed for when in await crowd.heard(size)]
    memory = process.megabytes - idle
    await crowd.leave()
    again = await crowd.join(keys, at_once=1_000)
    await crowd.leave()
    cuts = statistics.quantiles(latencies, n=100)
    microseconds = cpu / (size * burst) * 1e6
    return Figures(name, size, joined, rate, microseconds, memory, cuts[49] * 1e3, cuts[98] * 1e3, again, crowd.refused)


async def timed(fire: Fire) -> float:
    await fire(1)
    return time.perf_counter()


async def make_keys(scene: Stage, database: Database, count: int) -> list[str | None]:
    school = scene.dataset.school
    async with database.transaction(Wall.app(school.id)) as session:
        owner = await ensure_partner(session, f"sockets {uuid4().hex}")
        issued = [
            (await issue_key(session, school, owner, "core", PEPPERS)).key for _ in range(-(-count // SOCKETS_A_KEY))
        ]
    return [issued[number // SOCKETS_A_KEY] for number in range(count)]


async def compare(sizes: list[int], burst: int, data: Path | None) -> list[Figures]:
    figures = []
    others = {"strawberry as it comes": python("bench.stock_sockets")}
    if (command := node()) is not None:
        others["graphql-ws on Node"] = command
    async with stage(1_000, data) as scene:
        url = scene.servers.database_url(DATABASE)
        async with Doorbell(scene.servers.redis_url()) as bell, Database(url, announce=bell.ring) as database:

            async def commit(count: int) -> None:
                async with database.transaction(Wall.app(scene.dataset.school.id)) as session:
                    for number in range(count):
                        record_event(session, Topic.WALLET_LOW, subject=uuid4(), facts={"name": str(number)})

            for size in sizes:
                for name, command in others.items():
                    with served(command, {}) as other:
                        tell(f"  {name}, {size} sockets")
                        post = _poster(other.address)
                        nobody: list[str | None] = [None] * size
                        figures.append(await measure(name, other, STOCK, nobody, post, burst))
                keys = await make_keys(scene, database, size)
                with served(python("bench.product"), scene.environment) as product:
                    tell(f"  Skooly, {size} sockets")
                    figures.append(await measure("skooly", product, PRODUCT, keys, commit, burst))
    return figures


def _poster(address: tuple[str, int]) -> Fire:
    async def fire(count: int) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.post(f"http://{address[0]}:{address[1]}/fire", content=json.dumps(count))

    return fire


def show(figures: list[Figures], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(each) for each in figures], indent=2))
        return
    titles = ("sockets", "join s", "deliv./s", "CPU µs", "MB", "p50 ms", "p99 ms", "again s", "later")
    print(f"{'':24}" + "".join(f"{title:>10}" for title in titles))
    for each in figures:
        print(
            f"{each.name:24}{each.sockets:>10}{each.join_seconds:>10.1f}{each.deliveries_per_second:>10,.0f}"
            f"{each.cpu_microseconds:>10.1f}{each.megabytes:>10.0f}{each.p50_ms:>10.1f}{each.p99_ms:>10.1f}"
            f"{each.again_seconds:>10.1f}{each.refused:>10}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, nargs="+", default=[1_000, 5_000])
    parser.add_argument("--burst", type=int, default=50, help="events in one transaction (50)")
    parser.add_argument("--data", type=Path, help="keep the database here, for the next run")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    show(uvloop.run(compare(options.sockets, options.burst, options.data)), as_json=options.json)


if __name__ == "__main__":
    main()
