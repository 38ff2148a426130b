from collections.abc import AsyncIterator

import httpx
import pytest

from compat_rest.facade import Facade
from tests.compat_rest.documents import DOCUMENTS
from tests.compat_rest.librarian import Librarian
from tests.compat_rest.library import Lent
from tests.compat_rest.support import client_of, facade_of


@pytest.fixture(scope="session")
def librarian() -> Librarian:
    return Librarian()


@pytest.fixture(scope="session")
def open_library(librarian: Librarian, tmp_path_factory: pytest.TempPathFactory) -> Facade:
    """Compiled once for all tests: it keeps nothing from one request to the next."""
    return facade_of(tmp_path_factory.mktemp("library"), DOCUMENTS, librarian)


@pytest.fixture
def facade(open_library: Facade, librarian: Librarian) -> Facade:
    """The library's facade, with books lent to nobody."""
    librarian.lent = Lent()
    return open_library


@pytest.fixture
async def client(facade: Facade) -> AsyncIterator[httpx.AsyncClient]:
    """A reader's client."""
    async with client_of(facade) as client:
        yield client
