from collections.abc import AsyncIterator

import pytest

from app.core.database import Database, Wall
from app.domains.partners.service import IssuedKey
from app.domains.partners.tables import School
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_key, make_school
from tests.support.factories.students import make_student
from tests.support.serving import Serving, serving
from tests.web.running import make_settings


@pytest.fixture(scope="module")
async def server(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Serving]:
    settings = make_settings(database_url, redis_url, allowed_origins="https://console.example.org")
    async with serving(settings, FixedClock()) as server:
        yield server


@pytest.fixture
async def school(database: Database) -> School:
    school = await make_school(database)
    async with database.transaction(Wall.app(school.id)) as session:
        await make_student(session, school.id, matricule="2024/INF/0123")
    return school


@pytest.fixture
async def core(database: Database, school: School) -> IssuedKey:
    return await make_key(database, school, "core")
