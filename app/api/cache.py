"""A least-recently-used cache with two bounds: how many, and how many bytes."""

from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """The caller says what an entry weighs; one heavier than the whole cache is not kept."""

    def __init__(self, entries: int, weight: int) -> None:
        self._entries = entries
        self._weight = weight
        self._held: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self.weight = 0

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: Key) -> Value | None:
        held = self._held.get(key)
        if held is None:
            return None
        self._held.move_to_end(key)
        return held[0]

    def put(self, key: Key, value: Value, weight: int = 1) -> None:
        if weight > self._weight:
            return
        if key in self._held:
            self.weight -= self._held.pop(key)[1]
        self._held[key] = (value, weight)
        self.weight += weight
        while len(self._held) > self._entries or self.weight > self._weight:
            _, (_, dropped) = self._held.popitem(last=False)
            self.weight -= dropped
