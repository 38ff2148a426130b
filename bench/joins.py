"""Everybody comes back at once: `python -m bench.joins [--sockets 5000] [--rounds 3]`.

Each round starts the product, Strawberry's own ASGI application and, where there is Node with the packages of
`tests/clients`, graphql-ws on ws: one after the other, on a processor of their own, each before a crowd that connects,
introduces itself and subscribes at once, as after a restart. CPU of the server for each of them, and seconds until the
last one has begun; medians of the rounds. A key is revoked in the middle of the product's rush: how long its socket,
which was there before, stays open after that commit.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import uvloop

from app.core import api_keys
from app.core.clock import SystemClock
from app.core.database import Database, Wall
from app.domains.partners.service import revoke_key
from bench.socket_clients import Crowd
from bench.sockets import PRODUCT, STOCK, Process, make_keys, node, python, served
from bench.stage import DATABASE, Stage, cpus, stage, tell

REVOKED = 4403
STRAWBERRY, NODE, OURS = "strawberry as it comes", "graphql-ws on Node", "skooly"
Keys = list[str | None]


@dataclass
class Figures:
    """One value a round; `revoked` in milliseconds."""

    name: str
    sockets: int
    seconds: list[float] = field(default_factory=list)
    cpu_microseconds: list[float] = field(default_factory=list)
    later: list[int] = field(default_factory=list)
    """How often somebody was told to come back later."""
    revoked: list[float] = field(default_factory=list)


async def rush(process: Process, query: str, keys: Keys, figures: Figures, meanwhile: Awaitable[None]) -> None:
    crowd = Crowd(process.address, query)
    before = process.cpu_seconds
    joining = asyncio.create_task(crowd.join(keys, at_once=len(keys)))
    await meanwhile
    figures.seconds.append(await joining)
    figures.cpu_microseconds.append((process.cpu_seconds - before) / len(keys) * 1e6)
    figures.later.append(crowd.refused)
    await crowd.leave()


async def first(process: Process, query: str, key: str | None) -> Crowd:
    """Whoever comes first waits until the process has read its code: it is not counted."""
    crowd = Crowd(process.address, query)
    await crowd.join([key])
    return crowd


async def round_of_another(command: list[str], own: int | None, figures: Figures) -> None:
    with served(command, {}) as process:
        _pin(process, own)
        await first(process, STOCK, None)
        await rush(process, STOCK, [None] * figures.sockets, figures, asyncio.sleep(0))


async def round_of_ours(scene: Stage, database: Database, own: int | None, figures: Figures) -> None:
    keys = await make_keys(scene, database, figures.sockets)
    [revoked] = await make_keys(scene, database, 1)
    with served(python("bench.product"), scene.environment) as process:
        _pin(process, own)
        there = await first(process, PRODUCT, revoked)

        async def revoke() -> None:
            await asyncio.sleep(0.5)
            async with database.transaction(Wall.app(scene.dataset.school.id)) as session:
                await revoke_key(session, api_keys.key_id_of(revoked or "") or "", SystemClock())
            committed = time.perf_counter()
            code, when = await there.members[0].end
            assert code == REVOKED, code
            figures.revoked.append((when - committed) * 1e3)

        await rush(process, PRODUCT, keys, figures, revoke())


def _pin(process: Process, own: int | None) -> None:
    if own is not None:
        os.sched_setaffinity(process.pid, {own})


async def compare(sockets: int, rounds: int, data: Path | None) -> list[Figures]:
    own = (cpus() or (None,))[0]
    commands = {STRAWBERRY: python("bench.stock_sockets")}
    if (command := node()) is not None:
        commands[NODE] = command
    async with stage(1_000, data) as scene, Database(scene.servers.database_url(DATABASE)) as database:
        plays: dict[str, Callable[[Figures], Awaitable[None]]] = {
            name: partial(round_of_another, command, own) for name, command in commands.items()
        }
        plays[OURS] = partial(round_of_ours, scene, database, own)
        found = {name: Figures(name, sockets) for name in plays}
        for number in range(rounds):
            for name, play in plays.items():
                await play(found[name])
                tell(f"  round {number + 1} of {rounds}: {name}: {found[name].seconds[-1]:.1f} s")
    return list(found.values())


def show(found: list[Figures], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return
    reference = statistics.median(found[0].cpu_microseconds)
    titles = ("sockets", "seconds", "CPU µs", "× first", "later", "revoked ms")
    print(f"{'':24}" + "".join(f"{title:>12}" for title in titles))
    for each in found:
        cpu = statistics.median(each.cpu_microseconds)
        revoked = f"{statistics.median(each.revoked):>12.0f}" if each.revoked else ""
        print(
            f"{each.name:24}{each.sockets:>12}{statistics.median(each.seconds):>12.1f}{cpu:>12.0f}"
            f"{cpu / reference:>12.2f}{statistics.median(each.later):>12.0f}{revoked}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="keep the database here, for the next run")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    show(uvloop.run(compare(options.sockets, options.rounds, options.data)), as_json=options.json)


if __name__ == "__main__":
    main()
