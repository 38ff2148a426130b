"""Streams that are shown the same: each event is rendered once for all of them, and they share the bytes."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import structlog

from app.core.errors import SkoolyError
from app.domains.events.cursors import Place
from app.domains.events.errors import LogGap
from app.domains.events.following import LogFilter
from app.domains.events.reading import Stretch
from app.domains.events.tables import Event
from app.live.errors import StreamFailed
from app.live.frames import Frame

if TYPE_CHECKING:
    from app.live.stream import Stream

KEPT_FRAMES = 500
"""Rendered frames kept for members who read the same a little later."""

logger = structlog.get_logger(__name__)


class Renderer(Protocol):
    """Makes frames of one selection, for one school, in one language."""

    def event(self, event: Event) -> Frame: ...

    def checkpoint(self, place: Place) -> Frame: ...

    def gap(self, gap: LogGap) -> Frame: ...

    def cursor(self, place: Place) -> str: ...


class Listening(Protocol):
    """Where the log comes from: the process's `Tailer`."""

    async def join(self, school_id: UUID, listener: "Cohort") -> Place: ...

    def leave(self, school_id: UUID, listener: "Cohort") -> None: ...

    async def read(self, school_id: UUID, after: Place) -> Stretch: ...


class Cohort:
    """`streams` are all those that belong to it, `members` those of them that hear what happens now."""

    def __init__(self, school_id: UUID, shown: LogFilter, renderer: Renderer, log: Listening) -> None:
        self.school_id = school_id
        self.streams: set[Stream] = set()
        self.members: set[Stream] = set()
        self.renderer = renderer
        self._shown = shown
        self._log = log
        self._frames: OrderedDict[UUID, Frame] = OrderedDict()
        self._place: Place | None = None
        self._told: Place | None = None
        self._checkpoint: Frame | None = None
        self._signed: tuple[Place, str] | None = None

    async def join(self, stream: "Stream") -> Place:
        """The place from which on `stream` receives all that is shown. Raises what `Tailer.join` raises."""
        self.members.add(stream)
        try:
            return await self._log.join(self.school_id, self)
        except BaseException:
            self.part(stream)
            raise

    def part(self, stream: "Stream") -> None:
        """The stream receives nothing more, and may join again."""
        self.members.discard(stream)
        if not self.members:
            self._log.leave(self.school_id, self)
            self._place = self._told = None

    def frames(self, events: Sequence[Event]) -> list[Frame]:
        """Those of the events that are shown."""
        return [self._frame(event) for event in events if self._shown.shows(event)]

    def hear(self, events: Sequence[Event], place: Place) -> None:
        """As `Listener` has it."""
        self._place = place
        try:
            frames = self.frames(events)
        except Exception:
            logger.exception("event_not_rendered", school_id=str(self.school_id))
            self.end(StreamFailed())
            return
        if frames:
            self._told = frames[-1].place
            self._send(frames)

    def checkpoint(self) -> None:
        """Tells the members how far the log was looked through, where the last frame does not."""
        if self._place is not None and self._place != self._told:
            self._told = self._place
            self._send([self.checkpoint_at(self._place)])

    def checkpoint_at(self, place: Place) -> Frame:
        """One for all who have come as far."""
        if self._checkpoint is None or self._checkpoint.place != place:
            self._checkpoint = self.renderer.checkpoint(place)
        return self._checkpoint

    def cursor(self, place: Place) -> str:
        """Likewise: most of those that end together have been told the same last."""
        if self._signed is None or self._signed[0] != place:
            self._signed = place, self.renderer.cursor(place)
        return self._signed[1]

    def end(self, failure: SkoolyError) -> None:
        """As `Listener` has it; what the members have not taken is theirs to read again."""
        for stream in list(self.members):
            stream.end(failure)

    def _send(self, frames: list[Frame]) -> None:
        size = sum(len(frame.payload) for frame in frames)
        for stream in list(self.members):
            stream.receive(frames, size)

    def _frame(self, event: Event) -> Frame:
        frame = self._frames.get(event.id)
        if frame is None:
            frame = self._frames[event.id] = self.renderer.event(event)
            if len(self._frames) > KEPT_FRAMES:
                self._frames.popitem(last=False)
        return frame
