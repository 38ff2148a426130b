"""What ends a turn of a loop, and what ends the loop."""

import asyncpg
import pytest

from app.core.errors import Unavailable
from app.delivery.patience import Patience

BROKEN_OFF = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
"""What asyncpg says where PostgreSQL is killed in mid-answer: the fault run found it."""


@pytest.mark.parametrize(
    "failure", [ConnectionResetError(), Unavailable(), BROKEN_OFF], ids=lambda it: type(it).__name__
)
async def test_a_server_that_goes_ends_the_turn_only(failure: Exception) -> None:
    async with Patience("testing"):
        raise failure


async def test_a_mistake_of_ours_ends_the_loop() -> None:
    with pytest.raises(KeyError):
        async with Patience("testing"):
            raise KeyError
