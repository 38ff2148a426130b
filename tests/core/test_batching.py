"""Callers share fetches; each gets its own answer, or the error of its batch, and nobody waits for a timer."""

import asyncio
from collections.abc import Sequence

import pytest

from app.core.batching import Batcher


class Store:
    """Answers twice the key, when it is let to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.running = 0
        self.most_running = 0

    async def fetch(self, keys: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(keys))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.gate.wait()
        finally:
            self.running -= 1
        if -1 in keys:
            raise ValueError("no")
        return [key * 2 for key in keys]


async def settle() -> None:
    """Lets every task that can run do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_lone_caller_goes_at_once() -> None:
    store = Store()
    store.gate.set()
    assert await Batcher(store.fetch).load(21) == 42
    assert store.batches == [[21]]


async def test_late_callers_share_the_next_fetch() -> None:
    store = Store()
    batcher = Batcher(store.fetch)
    callers = asyncio.gather(*(batcher.load(key) for key in range(10)))
    await settle()
    assert store.batches == [[0], [1]]
    store.gate.set()
    assert await callers == [key * 2 for key in range(10)]
    assert store.batches == [[0], [1], list(range(2, 10))]
    assert store.most_running == 2


async def test_a_batch_has_a_largest_size() -> None:
    store = Store()
    batcher = Batcher(store.fetch, in_flight=1, largest=3)
    callers = asyncio.gather(*(batcher.load(key) for key in range(8)))
    await settle()
    store.gate.set()
    assert await callers == [key * 2 for key in range(8)]
    assert [len(batch) for batch in store.batches] == [1, 3, 3, 1]


async def test_an_error_reaches_every_waiter_of_its_batch_and_nobody_else() -> None:
    store = Store()
    batcher = Batcher(store.fetch, in_flight=1, largest=2)
    callers = asyncio.gather(*(batcher.load(key) for key in (0, -1, 2, 3)), return_exceptions=True)
    await settle()
    store.gate.set()
    first, second, third, fourth = await callers
    assert (first, fourth) == (0, 6)
    assert isinstance(second, ValueError)
    assert isinstance(third, ValueError)


async def test_a_caller_who_leaves_does_not_disturb_the_others() -> None:
    store = Store()
    batcher = Batcher(store.fetch, in_flight=1)
    leaving = asyncio.create_task(batcher.load(1))
    staying = asyncio.create_task(batcher.load(2))
    await settle()
    leaving.cancel()
    store.gate.set()
    assert await staying == 4
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_fetch_that_answers_too_little_is_an_error_for_its_callers() -> None:
    async def forgetful(keys: Sequence[int]) -> Sequence[int]:
        return []

    with pytest.raises(ValueError, match="shorter"):
        await Batcher(forgetful).load(1)
