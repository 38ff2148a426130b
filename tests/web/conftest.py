from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api.support import Sample
from tests.web.support import client_of, make_app


@pytest.fixture(scope="session")
def sample() -> Sample:
    return Sample()


@pytest.fixture
async def client(sample: Sample) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(make_app(sample)) as client:
        yield client
