"""Deliveries a second: the drain with everything on, and the bare client, in turn."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.core.doorbell import Doorbell
from app.core.outbound import read_url, verifying_context
from app.delivery.drain import Drain
from app.delivery.metrics import DeliveryMetrics
from app.delivery.sender import HttpSender
from bench.outbound import press, product
from bench.stage import tell
from bench.webhooks.scene import HOST, POLICY, Scene, sending
from tests.support.factories.webhooks import VAULT

AT_ONCE = 128
"""Requests of the bare client under way; more of them, up to what the drain has, cost the same."""
SAMPLE_SECONDS = 0.05


@dataclass
class Rounds:
    """Of one contender: deliveries a second, and CPU microseconds of the sending process for each."""

    name: str
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def cost(self) -> float:
        return statistics.median(self.cpu)

    def note(self, deliveries: int, seconds: float, cpu: float) -> None:
        self.rates.append(deliveries / seconds)
        self.cpu.append(cpu / deliveries * 1e6)
        tell(f"  {self.name}: {self.rates[-1]:,.0f}/s, {self.cpu[-1]:.0f} µs")


def delivered(metrics: DeliveryMetrics) -> int:
    return int(metrics.registry.get_sample_value("skooly_webhook_attempts_total", {"outcome": "ok"}) or 0)


async def until_delivered(metrics: DeliveryMetrics, count: int) -> None:
    while delivered(metrics) < count:
        await asyncio.sleep(SAMPLE_SECONDS)


@asynccontextmanager
async def draining(
    scene: Scene, sender: HttpSender, kind: type[Drain] = Drain
) -> AsyncIterator[tuple[Drain, DeliveryMetrics]]:
    """A drain in this process, as a worker runs it."""
    metrics, stop = DeliveryMetrics(), asyncio.Event()
    async with Doorbell(scene.servers.redis_url()) as doorbell:
        drain = kind(scene.database, sender, doorbell, VAULT.open, metrics=metrics)
        async with asyncio.TaskGroup() as group:  # a drain that fails ends the measurement
            group.create_task(drain.run(stop))
            try:
                yield drain, metrics
            finally:
                stop.set()


async def compare(scene: Scene, port: int, deliveries: int, endpoints: int, rounds: int) -> list[Rounds]:
    """`endpoints` is how many each school has. The first round warms up and does not count."""
    drain, bare = Rounds("skooly, from the log to the receiver"), Rounds("the bare client")
    async with sending() as sender:
        await _drain_round(scene, sender, Rounds("warming up"), deliveries // 4, endpoints)
        for _ in range(rounds):
            await _bare_round(bare, port, deliveries, len(scene.schools) * endpoints)
            await _drain_round(scene, sender, drain, deliveries, endpoints)
    return [bare, drain]


async def _drain_round(scene: Scene, sender: HttpSender, rounds: Rounds, deliveries: int, endpoints: int) -> None:
    """What waits in the log is expanded, claimed, signed, sent, settled and recorded."""
    each = deliveries // (len(scene.schools) * endpoints)
    for school in scene.schools:
        await scene.happen(school, each)
    began, cpu = time.perf_counter(), time.process_time()
    async with draining(scene, sender) as (_, metrics):
        await until_delivered(metrics, each * len(scene.schools) * endpoints)
        rounds.note(delivered(metrics), time.perf_counter() - began, time.process_time() - cpu)


async def _bare_round(rounds: Rounds, port: int, deliveries: int, hosts: int) -> None:
    """As many hosts as the drain has; each request is signed, and nothing else is done."""
    targets = [read_url(f"http://b-{number}.{HOST}:{port}/hook", POLICY) for number in range(hosts)]
    async with product(targets, verifying_context(), True) as post:
        await press(post, AT_ONCE * 2, AT_ONCE)
        began, cpu = time.perf_counter(), time.process_time()
        await press(post, deliveries, AT_ONCE)
        rounds.note(deliveries, time.perf_counter() - began, time.process_time() - cpu)
