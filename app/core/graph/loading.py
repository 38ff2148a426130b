"""The DataLoaders of one operation: what siblings and items of a list ask for one by one is fetched together.

A batch function lives in its slice's `loaders.py`: `async (context, keys) -> values`, one value for each key and in
their order, reading through `context.read()`. A resolver gives `context.load(batch_function, key)` back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from strawberry.dataloader import DataLoader, DefaultCache

Owner = TypeVar("Owner")
Key = TypeVar("Key")
Value = TypeVar("Value")
Batch = Callable[[Owner, Sequence[Key]], Awaitable[Sequence[Value]]]


class Loaders(Generic[Owner]):
    """One loader for each batch function; `owner` is what the functions are given beside the keys."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._loaders: dict[Callable[..., Any], DataLoader[Any, Any]] = {}
        self._answers: list[DefaultCache[Any, Any]] = []
        self._fetching: set[asyncio.Task[Any]] = set()

    def load(self, batch: Batch[Owner, Key, Value], key: Key) -> Awaitable[Value]:
        loader = self._loaders.get(batch)
        if loader is None:
            loader = self._loaders[batch] = self._made(batch)
        return loader.load(key)

    def forget(self) -> None:
        """What is asked from now on is fetched anew."""
        self._loaders.clear()

    async def finish(self) -> None:
        """Waits for what is being fetched; what is only about to be fetched is given up."""
        self._give_up()
        await asyncio.gather(*self._fetching, return_exceptions=True)

    async def stop(self) -> None:
        """Breaks off what is being fetched: nobody waits for it any more."""
        for task in self._fetching:
            task.cancel()
        await self.finish()

    def _give_up(self) -> None:
        """A batch of which nobody waits for a value is not fetched: that is how the loaders know."""
        self.forget()
        for answers in self._answers:
            for future in answers.cache_map.values():
                future.cancel()
        self._answers.clear()

    def _made(self, batch: Batch[Owner, Any, Any]) -> DataLoader[Any, Any]:
        async def fetch(keys: list[Any]) -> Sequence[Any]:
            task = asyncio.current_task()
            assert task is not None
            self._fetching.add(task)
            task.add_done_callback(self._fetching.discard)
            return await batch(self._owner, keys)

        answers: DefaultCache[Any, Any] = DefaultCache()
        self._answers.append(answers)
        return DataLoader(load_fn=fetch, cache_map=answers)
