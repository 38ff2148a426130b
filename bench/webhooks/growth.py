"""What one claim costs PostgreSQL with 10,000 deliveries waiting, a million, ten: it should not tell them apart."""

import re
import statistics
from dataclasses import dataclass, field

from app.core.database import Wall
from app.core.ids import new_id
from app.domains.webhooks.claiming import CLAIM, LEASE_MARGIN
from app.domains.webhooks.fanning import expand
from bench.stage import tell
from bench.webhooks.scene import Scene

PLACES = 128
TURNS = 32
CLAIMS = 40
READY = "UPDATE endpoint_state SET breaker = 'closed', allowed = NULL, in_flight = 0"
GIVE_UP = "UPDATE delivery SET state = 'succeeded', lease_token = NULL WHERE state = 'leased'"


@dataclass
class Claims:
    """With a backlog of so many: milliseconds within the server and pages touched, of each claim of 128 deliveries."""

    backlog: int
    milliseconds: list[float] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        milliseconds, pages = statistics.median(self.milliseconds), statistics.median(self.pages)
        return f"{self.backlog:,}: {milliseconds:.1f} ms, {pages:.0f} pages"


async def grow(scene: Scene, backlogs: list[int], endpoints: int) -> list[Claims]:
    """`endpoints` is how many each school has."""
    made, measured = 0, []
    for backlog in backlogs:
        for school in scene.schools:
            await scene.happen(school, (backlog - made) // (len(scene.schools) * endpoints))
        while (expanded := await expand(scene.database)).deliveries:
            made += expanded.deliveries
        measured.append(await _claims(scene, made))
        tell(f"  {measured[-1]}")
    return measured


async def _claims(scene: Scene, backlog: int) -> Claims:
    claims = Claims(backlog)
    async with scene.database.raw(Wall.worker()) as connection:
        await connection.execute(READY)
    for number in range(CLAIMS + 1):
        async with scene.database.raw(Wall.worker()) as connection:
            asked = PLACES, PLACES, PLACES, PLACES, [], [], [], TURNS, LEASE_MARGIN, new_id()
            plan = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {CLAIM}", *asked)
            await connection.execute(GIVE_UP)
            await connection.execute(READY)
        if number:  # the first one makes the plans
            _note(claims, "\n".join(row[0] for row in plan))
    return claims


def _note(claims: Claims, plan: str) -> None:
    """`plan` is of a call: its first line tells the time, the next the pages."""
    claims.milliseconds.append(float(re.findall(r"actual time=[\d.]+\.\.([\d.]+)", plan)[0]))
    claims.pages.append(sum(map(int, re.findall(r"(?:hit|read)=(\d+)", plan.split("Planning")[0]))))
