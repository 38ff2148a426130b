"""The limit of descriptors that a process starts with is not the one it works with."""

import resource
from collections.abc import Iterator

import pytest

from app.core.descriptors import MOST, descriptor_limit, raise_descriptor_limit
from tests.support.descriptors import limited_to


@pytest.fixture
def hard() -> Iterator[int]:
    """What this machine allows at most, as far as it is asked for."""
    with limited_to(512):
        yield min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], MOST)


def test_all_that_is_allowed_is_taken(hard: int) -> None:
    assert descriptor_limit() == 512
    assert raise_descriptor_limit() == hard == descriptor_limit()
    assert raise_descriptor_limit() == hard, "once is enough"
