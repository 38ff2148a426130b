"""Taking turns: no more than are let in, in the order they came, and nobody waits for ever."""

import asyncio

import pytest

from app.core.errors import Unavailable
from app.live.turns import Turns


class Door:
    """Whoever is within stays until `may_go`."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.came: list[int] = []
        self.may_go = asyncio.Event()

    async def enter(self, number: int) -> None:
        async with self._turns.one():
            self.came.append(number)
            await self.may_go.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_few_at_a_time_in_the_order_they_came() -> None:
    door = Door(Turns(at_once=3))
    entering = [asyncio.create_task(door.enter(number)) for number in range(9)]
    await settle()
    assert door.came == [0, 1, 2]
    door.may_go.set()
    await asyncio.gather(*entering)
    assert door.came == list(range(9))


async def test_who_has_waited_for_too_long_comes_back_later() -> None:
    door = Door(Turns(at_once=1, seconds=0.01))
    within = asyncio.create_task(door.enter(0))
    await settle()
    with pytest.raises(Unavailable):
        await door.enter(1)
    door.may_go.set()
    await within
    await door.enter(2)
    assert door.came == [0, 2]


async def test_who_fails_or_goes_away_leaves_the_turn_to_others() -> None:
    turns = Turns(at_once=1)
    door = Door(turns)
    with pytest.raises(ValueError, match="refused"):
        async with turns.one():
            raise ValueError("refused")
    within, waiting = (asyncio.create_task(door.enter(number)) for number in range(2))
    await settle()
    for gone in (waiting, within):
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
    door.may_go.set()
    await door.enter(2)
    assert door.came == [0, 2]
