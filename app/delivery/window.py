"""Which requests of this process are under way, and how much room is left."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from app.delivery.options import Options
from app.domains.webhooks.claiming import Claimed
from app.domains.webhooks.fairness import Room


class Window:
    """A request that goes on for longer than a moment gives its place back and goes on in the slow lane.

    So endpoints that begin to hang hold up the others for that moment and no longer, until as many requests hang as the
    process may have under way.
    """

    def __init__(self, options: Options, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._options = options
        self._monotonic = monotonic
        self._quick: dict[Claimed, float] = {}
        self._slow: dict[Claimed, float] = {}
        self._schools: dict[UUID, int] = {}
        self._retries = 0
        self._offered = 0
        self._passed_over: list[UUID] = []
        """Schools without a place left when room for what waits was last asked for."""

    def __len__(self) -> int:
        return len(self._quick) + len(self._slow)

    def enter(self, *claimed: Claimed) -> None:
        now, schools = self._monotonic(), self._schools
        for each in claimed:
            if each.slow:
                self._slow[each] = now
            else:
                self._quick[each] = now
                self._retries += each.number > 1
            schools[each.school_id] = schools.get(each.school_id, 0) + 1

    def leave(self, claimed: Claimed) -> None:
        if self._quick.pop(claimed, None) is not None:
            self._retries -= claimed.number > 1
        else:
            del self._slow[claimed]
        left = self._schools[claimed.school_id] - 1
        if left:
            self._schools[claimed.school_id] = left
        else:
            del self._schools[claimed.school_id]

    def seconds_of(self, claimed: Claimed) -> float:
        """How long it has been under way."""
        lane = self._quick if claimed in self._quick else self._slow
        return self._monotonic() - lane[claimed]

    def overdue(self, overtime: float) -> list[Claimed]:
        """What should have ended by its timeout, and that many seconds ago."""
        before = self._monotonic() - overtime
        return [
            claimed
            for claimed, since in (*self._quick.items(), *self._slow.items())
            if since + claimed.target.timeout_seconds <= before
        ]

    def room(self) -> Room:
        """For what waits."""
        room = self._room()
        self._passed_over = [school for school, left in room.schools.items() if not left]
        return room

    @contextmanager
    def offering(self, at_most: int) -> Iterator[Room]:
        """For what has just happened: places kept for it until the end, and none where something was passed over."""
        room = self._room()
        self._offered = min(at_most, room.places)
        try:
            yield replace(room, places=self._offered, schools={**room.schools, **dict.fromkeys(self._passed_over, 0)})
        finally:
            self._offered = 0

    def _room(self) -> Room:
        self._move_on()
        options, school = self._options, max(0, self._options.school_places - self._offered)
        places, sockets = min(options.claim_at_most, self.free), options.most - len(self) - self._offered
        return Room(
            places=places,
            retries=max(0, options.retry_places - self._retries),
            slow=max(0, min(options.slow_places - len(self._slow), sockets - places)),
            school=school,
            schools={each: max(0, school - count) for each, count in self._schools.items()},
        )

    @property
    def free(self) -> int:
        options = self._options
        return max(0, min(options.places - len(self._quick), options.most - len(self)) - self._offered)

    def suspects(self) -> set[UUID]:
        """Endpoints that keep a request waiting right now."""
        self._move_on()
        return {claimed.target.endpoint_id for claimed in self._slow}

    def _move_on(self) -> None:
        before = self._monotonic() - self._options.suspect_after
        while self._quick:
            claimed, since = next(iter(self._quick.items()))
            if since > before:
                break
            self._slow[claimed] = self._quick.pop(claimed)
            self._retries -= claimed.number > 1
