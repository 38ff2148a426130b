"""Who gets how many of the free places of a process: a pure function over the endpoints whose turn it is.

No endpoint takes more than its share of a round, no school more than half of the process; retries leave a quarter of
the places to first attempts, and endpoints known to be slow share a lane of their own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Turn:
    """An endpoint with something due. `free` is what its own limits leave: places, breaker and rate together."""

    school_id: UUID
    endpoint_id: UUID
    free: int
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """What a process has free. `schools` names those that have requests under way, and what is left to each."""

    places: int
    retries: int
    slow: int
    school: int
    """What is left to a school that `schools` does not name."""
    schools: Mapping[UUID, int] = field(default_factory=dict)

    def full_schools(self) -> list[UUID]:
        return [school for school, left in self.schools.items() if left <= 0]


@dataclass(frozen=True, slots=True)
class Share:
    """How many deliveries an endpoint may be given now, and how many of them may be retries."""

    turn: Turn
    places: int
    retries: int


def share(turns: Sequence[Turn], room: Room) -> list[Share]:
    """In the order of `turns`; endpoints that get nothing are left out."""
    given = _give_places(turns, room)
    return list(_give_retries([(turn, places) for turn, places in zip(turns, given, strict=True) if places], room))


def _give_places(turns: Sequence[Turn], room: Room) -> list[int]:
    """Round by round, so that the first in the queue do not take all."""
    given = [0] * len(turns)
    left = _Left(room)
    portion = max(1, room.places // max(1, len(turns)))
    waiting = list(range(len(turns)))
    while waiting:
        waiting = [index for index in waiting if _give(given, index, turns[index], portion, left)]
        portion = 1
    return given


def _give(given: list[int], index: int, turn: Turn, portion: int, left: "_Left") -> bool:
    """Whether it may get more in another round."""
    amount = min(portion, turn.free - given[index], left.to(turn))
    if amount <= 0:
        return False
    given[index] += amount
    left.take(turn, amount)
    return given[index] < turn.free


class _Left:
    def __init__(self, room: Room) -> None:
        self.places, self.slow, self.school = room.places, room.slow, room.school
        self.schools = dict(room.schools)

    def to(self, turn: Turn) -> int:
        lane = self.slow if turn.slow else self.places
        return min(lane, self.schools.get(turn.school_id, self.school))

    def take(self, turn: Turn, amount: int) -> None:
        if turn.slow:
            self.slow -= amount
        else:
            self.places -= amount
        self.schools[turn.school_id] = self.schools.get(turn.school_id, self.school) - amount


def _give_retries(given: Sequence[tuple[Turn, int]], room: Room) -> Iterator[Share]:
    left = room.retries
    for turn, places in given:
        retries = places if turn.slow else min(left, places)
        left -= 0 if turn.slow else retries
        yield Share(turn, places, retries)
