"""Posting signed JSON of 400 bytes to a local receiver: the product's client beside aiohttp, behind the same vetting.

    python -m bench.outbound [--requests 20000] [--json]

The receiver is a process of its own. Rounds are interleaved and medians shown; the CPU time is the sender's.
`fresh TLS` makes a connection for each request, as many rarely hit endpoints do; the rest keeps its connections.
"""

import argparse
import asyncio
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from itertools import cycle
from pathlib import Path
from uuid import UUID

import aiohttp
import uvloop
from aiohttp.abc import AbstractResolver, ResolveResult

from app.core.outbound import Client, Policy, Resolver, read_url, render_head, verifying_context
from app.core.outbound.pool import Pool
from app.core.outbound.resolver import Found
from app.core.outbound.urls import Target
from app.core.signing import Signer, sign, sign_body
from app.delivery.sender import render_signed
from app.domains.webhooks.outcomes import PreparedDelivery
from bench.stage import cpus, tell
from tests.support.certificates import make_authority

BODY = json.dumps({"id": "0" * 36, "type": "student.created", "data": {"text": "x" * 320}}).encode()
SIGNER = Signer(bytes(32))
PREPARED = PreparedDelivery(
    webhook_id="evt_1_2",
    endpoint_id=UUID(int=0),
    url="",
    headers=(),
    body=BODY,
    sent_at=datetime(2025, 1, 13, 9, tzinfo=UTC),
    timeout=15.0,
    signers=(SIGNER,),
)
ROUNDS = 5
POLICY = Policy.development()
HOST = "sink.example.org"

Post = Callable[[], Awaitable[int]]
Opened = AbstractAsyncContextManager[Post]


class OneName:
    """Answers at once: looking names up is not what is compared, vetting them is."""

    async def find(self, host: str) -> Found:
        return Found((ip_address("127.0.0.1"),), 60.0)


def signed() -> dict[str, str]:
    return {
        "webhook-id": "evt_1_2",
        "webhook-timestamp": "1736758800",
        "webhook-signature": sign([SIGNER], webhook_id="evt_1_2", timestamp=1736758800, body=BODY),
        "x-skooly-signature": sign_body(SIGNER, BODY),
    }


@asynccontextmanager
async def product(targets: Sequence[Target], tls: ssl.SSLContext, keep: bool) -> AsyncIterator[Post]:
    """Posts to one after the other."""
    client = Client(POLICY, OneName(), tls, Pool() if keep else Pool(most_of_one=0))
    turns = cycle([(target, render_head(target, {})) for target in targets])

    async def post() -> int:
        target, head = next(turns)
        return (await client.send(target, render_signed(head, PREPARED))).status

    yield post
    client.close()


class VettingResolver(AbstractResolver):
    """What aiohttp asks for addresses."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._resolver = Resolver(OneName(), POLICY)

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        addresses = await self._resolver.addresses_of(self._target)
        return [
            ResolveResult(hostname=host, host=str(each), port=port, family=2, proto=0, flags=0) for each in addresses
        ]

    async def close(self) -> None:
        pass


@asynccontextmanager
async def with_aiohttp(targets: Sequence[Target], tls: ssl.SSLContext, keep: bool) -> AsyncIterator[Post]:
    [target] = targets
    connector = aiohttp.TCPConnector(resolver=VettingResolver(target), ssl=tls, limit=0, force_close=not keep)
    session = aiohttp.ClientSession(
        connector=connector,
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=15),
        skip_auto_headers=("Accept-Encoding",),
    )
    headers = {"content-type": "application/json"}

    async def post() -> int:
        sent = {**headers, **signed()}
        async with session.post(target.url, data=BODY, headers=sent, allow_redirects=False) as answer:
            await answer.content.read(16_384)
            return answer.status

    async with session:
        yield post


@dataclass(frozen=True)
class Contest:
    """One way of sending; `keep` tells whether connections are kept."""

    name: str
    open: Callable[[Sequence[Target], ssl.SSLContext, bool], Opened]
    scheme: str
    keep: bool
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


async def run(contest: Contest, port: int, tls: ssl.SSLContext, requests: int, at_once: int) -> None:
    target = read_url(f"{contest.scheme}://{HOST}:{port}/hook", POLICY)
    async with contest.open([target], tls, contest.keep) as post:
        await press(post, at_once * 2, at_once)
        began, cpu = time.perf_counter(), time.process_time()
        await press(post, requests, at_once)
        contest.cpu.append((time.process_time() - cpu) / requests * 1e6)
        contest.rates.append(requests / (time.perf_counter() - began))


async def press(post: Post, requests: int, at_once: int) -> None:
    left = iter(range(requests))

    async def lane() -> None:
        for _ in left:
            if await post() != 200:
                raise AssertionError("the sink refused: the figures would mean nothing")

    await asyncio.gather(*(lane() for _ in range(at_once)))


@contextmanager
def sink(certificate: str | None, cpu: int | None) -> Iterator[int]:
    command = [sys.executable, "-m", "bench.sink", *([certificate] if certificate else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    if cpu is not None:
        os.sched_setaffinity(process.pid, {cpu})
    assert process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


async def compare(requests: int, at_once: int) -> list[Contest]:
    pinned = cpus()
    if pinned:
        os.sched_setaffinity(0, {pinned[0]})
    contests = [
        Contest("kept connections: skooly", product, "http", True),
        Contest("kept connections: aiohttp", with_aiohttp, "http", True),
        Contest("kept TLS: skooly", product, "https", True),
        Contest("kept TLS: aiohttp", with_aiohttp, "https", True),
        Contest("fresh TLS: skooly", product, "https", False),
        Contest("fresh TLS: aiohttp", with_aiohttp, "https", False),
    ]
    with tempfile.TemporaryDirectory() as folder:
        authority = make_authority(Path(folder))
        certificate = str(authority.server_file(HOST))
        tls = verifying_context(authority.file)
        other = pinned[1] if pinned else None
        with sink(None, other) as plain, sink(certificate, other) as secure:
            for number in range(ROUNDS):
                tell(f"  round {number + 1} of {ROUNDS}")
                for each in contests:
                    port = secure if each.scheme == "https" else plain
                    await run(each, port, tls, requests if each.keep else requests // 20, at_once)
    return contests


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    contests = uvloop.run(compare(given.requests, given.at_once))
    rows = [(each.name, statistics.median(each.rates), statistics.median(each.cpu)) for each in contests]
    if given.json:
        print(json.dumps([{"name": name, "per_second": rate, "cpu_microseconds": cpu} for name, rate, cpu in rows]))
        return
    for (name, rate, cpu), reference in zip(rows, [row for row in rows[1::2] for _ in range(2)], strict=True):
        print(f"{name:28}{rate:>10,.0f}/s{cpu:>8.1f} µs{cpu / reference[2]:>7.2f} × aiohttp's")


if __name__ == "__main__":
    main()
