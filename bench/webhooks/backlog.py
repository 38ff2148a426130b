"""A backlog: how long claims take while it is drained, how much memory that takes, and how fresh events fare."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from app.delivery.drain import Drain
from app.domains.webhooks.claiming import Claimed, Leased
from app.domains.webhooks.fairness import Room
from app.domains.webhooks.fanning import expand
from bench.stage import tell
from bench.webhooks.scene import Scene, sending
from bench.webhooks.throughput import delivered, draining

PAGE_MEGABYTES = 4096 / 1_000_000


class TimedDrain(Drain):
    """Notes how long each claim took, from the question to all that its requests need."""

    seconds: list[float]

    async def _take(self, room: Room) -> tuple[Leased, list[Claimed]]:
        began = time.perf_counter()
        taken = await super()._take(room)
        self.__dict__.setdefault("seconds", []).append(time.perf_counter() - began)
        return taken


@dataclass
class Drained:
    backlog: int
    seconds: float
    claims: list[float] = field(default_factory=list)
    """Milliseconds, in order."""
    megabytes: list[float] = field(default_factory=list)
    """Of this process, over time."""


async def drain_backlog(scene: Scene, deliveries: int, endpoints: int) -> Drained:
    each = deliveries // (len(scene.schools) * endpoints)
    for school in scene.schools:
        await scene.happen(school, each)
    made = 0
    while (expanded := await expand(scene.database)).deliveries:
        made += expanded.deliveries
        tell(f"  {made:,} deliveries made")
    began = time.perf_counter()
    async with sending() as sender, draining(scene, sender, TimedDrain) as (drain, metrics):
        sizes = [_megabytes()]
        while delivered(metrics) < made:
            await asyncio.sleep(0.5)
            sizes.append(_megabytes())
    assert isinstance(drain, TimedDrain)
    claims = sorted(seconds * 1000 for seconds in drain.seconds)
    return Drained(made, time.perf_counter() - began, claims, sizes)


def _megabytes() -> float:
    """Resident at present."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_MEGABYTES
