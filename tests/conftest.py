"""Real servers, the production pool and the production login; each test lives in a school of its own.

Rows are committed for good: a test that needs an empty database takes `fresh_database`, the others make a
school.
"""

import os
import uuid
from collections.abc import AsyncIterator
from typing import Any

import hypothesis
import pytest
import structlog

from app.core.database import Database
from app.core.log import describe_exception, redact
from app.embedded import Addresses
from tests.support.clock import FixedClock
from tests.support.database import clone, drop
from tests.support.servers import addresses, tell_worker

# In CI the same examples each time: a red run says something about the change, new examples are found by people.
hypothesis.settings.register_profile("skooly", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("skooly")
# structlog's own default draws every local variable of a traceback, which takes half a second.
structlog.configure(processors=[describe_exception, redact, structlog.processors.KeyValueRenderer()])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    tell_worker(node.config, node.workerinput)


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Addresses:
    """PostgreSQL and Valkey of this run. Its superuser is for `tests/support` alone."""
    return addresses(request.config)


@pytest.fixture(scope="session")
async def database_url(servers: Addresses, worker_id: str) -> str:
    """The migrated database of this worker, as the production login."""
    return await clone(servers, f"skooly_{worker_id}")


@pytest.fixture(scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as database:
        yield database


@pytest.fixture
async def fresh_database_url(servers: Addresses) -> AsyncIterator[str]:
    """A migrated, empty database for one test."""
    name = f"skooly_{uuid.uuid4().hex[:12]}"
    yield await clone(servers, name)
    await drop(servers, name)


@pytest.fixture
async def fresh_database(fresh_database_url: str) -> AsyncIterator[Database]:
    async with Database(fresh_database_url) as database:
        yield database


@pytest.fixture(scope="session")
def redis_url(servers: Addresses, worker_id: str) -> str:
    """A Valkey database of this worker. Channels of publish and subscribe are shared: name them by school."""
    number = int(worker_id.removeprefix("gw")) % 15 + 1 if worker_id.startswith("gw") else 0
    return servers.redis_url(number)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()
