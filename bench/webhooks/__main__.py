"""Webhooks with everything on, beside the bare client in the same run; and how long they take.

    python -m bench.webhooks [--only throughput,latency,hanging,workers,backlog,growth] [--deliveries 20000] [--full]

Signing, the vetting dialler, recorded attempts and fairness are on, PostgreSQL syncs to disk. Where there are two
processors the sender has one, the servers and the sink the other. `--full` drains a backlog of a million, and lets
another grow to ten.
"""

import argparse
import json
import logging
import os
import socket
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import structlog
import uvloop

from app.domains.events.topics import Topic
from app.domains.webhooks.fanning import expand
from bench.outbound import sink
from bench.stage import cpus, tell
from bench.webhooks.backlog import drain_backlog
from bench.webhooks.growth import grow
from bench.webhooks.latency import Steady, received, receiver, steady, worker
from bench.webhooks.scene import LOCAL, Scene, scene
from bench.webhooks.throughput import compare
from workers.collecting import collect_seldom

ROUNDS = 5
NOBODY = 9
"""The port of the discard service: nothing is sent there."""
Facts = dict[str, Any]


async def throughput(place: Path, given: argparse.Namespace) -> list[Facts]:
    with sink(None, _other()) as port:
        async with scene(place, schools=4) as stage:
            await stage.add_endpoints(port, 25)
            contenders = await compare(stage, port, given.deliveries, 25, given.rounds)
    rows: list[Facts] = [
        {"what": each.name, "per_second": round(each.rate), "cpu_microseconds": round(each.cost, 1)}
        for each in contenders
    ]
    bare, drain = contenders
    rows[-1]["per_core"] = round(1e6 / drain.cost)
    ratio = {"per_second": round(drain.rate / bare.rate, 2), "cpu": round(bare.cost / drain.cost, 2)}
    return [*rows, {"what": "ratio", **ratio}]


async def latency(place: Path, given: argparse.Namespace) -> list[Facts]:
    ledger = place.with_suffix(".ledger")
    with receiver(ledger) as port:
        async with scene(place, schools=20) as stage:
            await stage.add_endpoints(port, 1, LOCAL)
            async with worker(stage, place.parent):
                return [_latency(await _warm(stage, ledger, rate, given.seconds)) for rate in (100, 1000)]


async def _warm(stage: Scene, ledger: Path, rate: float, seconds: float) -> Steady:
    """After a while at the same rate: the connections of whoever writes, and their plans, are made then."""
    await steady("warming up", stage, ledger, rate, 3)
    return await steady(f"{rate} events a second", stage, ledger, rate, seconds)


async def hanging(place: Path, given: argparse.Namespace) -> list[Facts]:
    """1,000 endpoints in ten schools; then one more in the first school, with a backlog, that never answers."""
    ledger = place.with_suffix(".ledger")
    with receiver(ledger) as port, _deaf() as deaf:
        async with scene(place, schools=10) as stage:
            await stage.add_endpoints(port, 100, LOCAL)
            async with worker(stage, place.parent):
                await steady("warming up", stage, ledger, 2, 5, fan=100)
                alone = await steady("1,000 endpoints", stage, ledger, 2, given.seconds, fan=100)
                await stage.add_endpoint(stage.schools[0], deaf, LOCAL, Topic.INVOICE_PAID)
                await stage.happen(stage.schools[0], 10_000, Topic.INVOICE_PAID)
                while (await expand(stage.database)).more:
                    pass
                beside = await steady("and one that hangs", stage, ledger, 2, given.seconds, fan=100)
    return [_latency(alone), _latency(beside)]


async def workers(place: Path, given: argparse.Namespace) -> list[Facts]:
    """Eight processes, 10,000 deliveries: each is to be sent once."""
    ledger = place.with_suffix(".ledger")
    with receiver(ledger) as port:
        async with scene(place, schools=4) as stage, AsyncExitStack() as stack:
            await stage.add_endpoints(port, 25, LOCAL)
            for number in range(8):
                folder = place.parent / f"worker-{number}"
                folder.mkdir()
                await stack.enter_async_context(worker(stage, folder))
            for school in stage.schools:
                await stage.happen(school, 100)
            sent = await received(ledger, 10_000)
    return [{"what": "8 workers", "deliveries": len(set(sent)), "sent_again": len(sent) - len(set(sent))}]


async def backlog(place: Path, given: argparse.Namespace) -> list[Facts]:
    count = 1_000_000 if given.full else given.backlog
    with sink(None, _other()) as port:
        async with scene(place, schools=4) as stage:
            await stage.add_endpoints(port, 25)
            drained = await drain_backlog(stage, count, 25)
    claims, sizes = drained.claims, drained.megabytes
    return [
        {
            "what": f"a backlog of {drained.backlog:,}",
            "per_second": round(drained.backlog / drained.seconds),
            "claims": len(claims),
            "claim_p50_ms": round(claims[len(claims) // 2], 1),
            "claim_p99_ms": round(claims[len(claims) * 99 // 100], 1),
            "megabytes_at_a_quarter": round(sizes[len(sizes) // 4]),
            "megabytes_at_the_end": round(sizes[-1]),
        }
    ]


async def growth(place: Path, given: argparse.Namespace) -> list[Facts]:
    backlogs = [10_000, 100_000, 1_000_000, *([10_000_000] if given.full else [])]
    async with scene(place, schools=4) as stage:
        await stage.add_endpoints(NOBODY, 25)
        measured = await grow(stage, backlogs, 25)
    return [
        {
            "what": f"a claim with {claims.backlog:,} waiting",
            "milliseconds": round(statistics.median(claims.milliseconds), 1),
            "p99_ms": round(sorted(claims.milliseconds)[-1], 1),
            "pages": round(statistics.median(claims.pages)),
        }
        for claims in measured
    ]


def _latency(measured: Steady) -> Facts:
    return {
        "what": measured.name,
        "written_per_second": round(measured.written, 1),
        "arrived": len(measured.milliseconds),
        "missing": measured.missing,
        "round_trip_ms": round(measured.round_trip, 2),
        "p50_ms": round(measured.percentile(0.5), 1),
        "p99_ms": round(measured.percentile(0.99), 1),
    }


@contextmanager
def _deaf() -> Iterator[int]:
    """The port of one that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        yield listener.getsockname()[1]


def _other() -> int | None:
    pinned = cpus()
    return pinned[1] if pinned else None


MEASURES = {
    "throughput": throughput,
    "latency": latency,
    "hanging": hanging,
    "workers": workers,
    "backlog": backlog,
    "growth": growth,
}


async def measure(given: argparse.Namespace) -> list[Facts]:
    facts: list[Facts] = []
    for part in given.only.split(","):
        tell(part)
        with tempfile.TemporaryDirectory(prefix="skooly-bench-") as folder:
            facts += await MEASURES[part](Path(folder) / "data", given)
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(MEASURES))
    parser.add_argument("--deliveries", type=int, default=20_000, help="a round of the throughput")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=15.0, help="a period of steady load")
    parser.add_argument("--backlog", type=int, default=50_000)
    parser.add_argument("--full", action="store_true", help="backlogs of 1,000,000 and 10,000,000")
    given = parser.parse_args()
    collect_seldom()  # as a worker does
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    facts = uvloop.run(measure(given))
    print(json.dumps({"load_average": os.getloadavg(), "figures": facts}, indent=2))


if __name__ == "__main__":
    main()
