"""One process with streams, and a key of Skooly's own in a school that no other test knows."""

from collections.abc import AsyncIterator

import pytest

from app.core.actor import Actor
from app.core.database import Database
from app.domains.partners.tables import School
from tests.live.support import Platform, platform
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_school


@pytest.fixture
async def live(database: Database, clock: FixedClock, redis_url: str) -> AsyncIterator[Platform]:
    async with platform(database, clock, redis_url) as running:
        yield running


@pytest.fixture
async def school(database: Database) -> School:
    return await make_school(database)


@pytest.fixture
async def core(live: Platform, school: School) -> Actor:
    return await live.let_in(school)
