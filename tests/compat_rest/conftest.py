from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from compat_rest.facade import Facade
from tests.compat_rest.documents import DOCUMENTS
from tests.compat_rest.support import client_of, facade_of


@pytest.fixture
def facade(tmp_path: Path) -> Facade:
    """The library's facade, with books lent to nobody."""
    return facade_of(tmp_path, DOCUMENTS)


@pytest.fixture
async def client(facade: Facade) -> AsyncIterator[httpx.AsyncClient]:
    """A reader's client."""
    async with client_of(facade) as client:
        yield client
