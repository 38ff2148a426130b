import pytest

from tests.api.support import Sample


@pytest.fixture(scope="session")
def sample() -> Sample:
    return Sample()
