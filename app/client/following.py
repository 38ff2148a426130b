"""Following the log for as long as a program runs, and over its restarts.

The cursor of an event is written when the next one is asked for: a program that ends while it handles one is given that
one again. So a handler has to be able to do the same thing twice, most simply by noting the ids it has handled.
"""

import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from typing import Literal

from app.client.cursors import CursorStore
from app.client.errors import LogGap, Unreachable
from app.client.events import Event
from app.client.log import EventLog

SHORTEST_SECONDS = 0.5
LONGEST_SECONDS = 30.0
LONGEST_DOUBLING = 10
"""By then the half minute is reached; after a thousand more the number would be none."""

Channel = Literal["stream", "poll"]
Start = Literal["now", "oldest"]
OnGap = Callable[[LogGap], str]
"""Reads how things stand over the API and returns where to go on; usually `gap.oldest`."""


class Follower:
    """Iterate over it; it does not end by itself. `start` says where a program begins that has no cursor yet.

    Raises Refused when the key or the request is not accepted, and LogGap where there is no `on_gap`. Whatever passes
    is waited out, longer each time, up to half a minute; `sleep` does the waiting.
    """

    def __init__(
        self,
        log: EventLog,
        cursors: CursorStore,
        *,
        topics: Collection[str] = (),
        channel: Channel = "stream",
        start: Start = "now",
        on_gap: OnGap | None = None,
        on_trouble: Callable[[Unreachable], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._log = log
        self._cursors = cursors
        self._topics = tuple(topics)
        self._channel = channel
        self._start = start
        self._on_gap = on_gap
        self._on_trouble = on_trouble
        self._sleep = sleep
        self._cursor = cursors.read()
        self._failures = 0

    def __iter__(self) -> Iterator[Event]:
        while True:
            try:
                yield from self._once()
                self._wait(SHORTEST_SECONDS)
            except LogGap as gap:
                if self._on_gap is None:
                    raise
                self._note(self._on_gap(gap))
            except Unreachable as trouble:
                self._on_trouble(trouble)
                self._failures += 1
                self._wait(trouble.seconds or SHORTEST_SECONDS * 2 ** min(self._failures, LONGEST_DOUBLING))

    def _once(self) -> Iterator[Event]:
        """What one connection brings."""
        if self._channel == "poll" or (self._cursor is None and self._start == "oldest"):
            yield from self._page()
        else:
            yield from self._stream()

    def _page(self) -> Iterator[Event]:
        """All pages that are there already."""
        while True:
            if self._cursor is None and self._start == "now":
                self._note(self._now())
            page = self._log.page(self._cursor, self._topics)
            self._failures = 0
            for event in page.events:
                yield event
                self._note(event.cursor)
            self._note(page.cursor)
            if self._channel == "stream" and not page.more:
                return

    def _stream(self) -> Iterator[Event]:
        with closing(self._log.stream(self._cursor, self._topics)) as stream:
            for told in stream:
                self._failures = 0
                if isinstance(told, Event):
                    yield told
                    self._note(told.cursor)
                else:
                    self._note(told)

    def _now(self) -> str:
        """The place where the log ends, which a stream says first."""
        with closing(self._log.stream(None, self._topics)) as stream:
            for told in stream:
                if isinstance(told, str):
                    return told
        raise Unreachable("the stream ended before it began")

    def _note(self, cursor: str) -> None:
        if cursor != self._cursor:
            self._cursors.write(cursor)
            self._cursor = cursor

    def _wait(self, seconds: float) -> None:
        """A little more or less than asked: a thousand clients of one server do not come back at once."""
        self._sleep(min(seconds, LONGEST_SECONDS) * random.uniform(0.75, 1.25))  # noqa: S311 - no secret
