"""The demo school, filled once for all the tests that only look at it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.demo import DemoSchool, fill
from app.embedded import Addresses
from tests.support.clock import FixedClock
from tests.support.database import clone, drop
from tests.support.factories.partners import make_actor


@dataclass
class Filled:
    """A filled school and an actor who may do anything in it."""

    database: Database
    clock: FixedClock
    demo: DemoSchool
    actor: Actor
    told: list[tuple[int, int]] = field(default_factory=list)

    @property
    def wall(self) -> Wall:
        return Wall.app(self.demo.school.id)


@pytest.fixture(scope="session")
async def filled(servers: Addresses, worker_id: str) -> AsyncIterator[Filled]:
    name = f"skooly_demo_{worker_id}"
    async with Database(await clone(servers, name)) as database:
        clock, told = FixedClock(), []
        demo = await fill(database, clock, lambda done, total: told.append((done, total)))
        actor = await make_actor(database, demo.school, "tourniquet")
        yield Filled(database, clock, demo, actor, told)
    await drop(servers, name)
