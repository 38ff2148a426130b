"""One subscription, as its transport sees it: frames to send until it ends, and then why.

    while frames := await stream.take():
        … send them …
    stream.closing       # why, and after which cursor to subscribe again

A stream is *behind* while it reads the log by itself, at the pace of whoever takes: from the place it is given until
it has read all that its cohort had heard when it joined. The cohort's frames wait meanwhile; those it has read are left
out. So nothing is missed and nothing comes twice. A stream whose waiting room overflows is behind again, from the last
frame taken on; if nothing is taken for long then, it is ended.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence
from typing import Self

import structlog

from app.core.errors import SkoolyError
from app.domains.events.cursors import Place
from app.domains.events.errors import LogError, LogGap
from app.domains.events.reading import Stretch
from app.live.cohort import Cohort, Listening
from app.live.errors import SlowConsumer, StreamFailed
from app.live.frames import Closing, Frame
from app.live.waiting import Waiting

SLOW_SECONDS = 5.0
"""How long a stream that overflowed may leave everything untaken."""
AGAIN_SECONDS = 1.0
"""Between two tries to read on, where the log cannot be read."""
TOLD_AFTER = 5_000
"""Events read of which none was shown, after which the client is told how far it got."""

logger = structlog.get_logger(__name__)


class Stream:
    """Made by `LiveEngine.subscribe`. One task takes; `end` may come from anywhere.

    `trusted` says whether its key is known to be good; until then nothing is handed out. `shown` notes whom the frames
    that were handed out speak of. `ended` is called once, and so is `on_end`, which the transport may set: it may be
    waiting for room in the connection rather than for frames.
    """

    def __init__(
        self,
        cohort: Cohort,
        log: Listening,
        waiting: Waiting,
        *,
        trusted: Callable[[], bool],
        shown: Callable[[Collection[str]], None],
        ended: Callable[["Stream"], None],
        slow_seconds: float = SLOW_SECONDS,
        again_seconds: float = AGAIN_SECONDS,
    ) -> None:
        self.closing: Closing | None = None
        self.on_end: Callable[[], None] | None = None
        self._cohort = cohort
        self._log = log
        self._waiting = waiting
        self._trusted = trusted
        self._shown = shown
        self._ended = ended
        self._slow_seconds = slow_seconds
        self._again_seconds = again_seconds
        self._read: list[Frame] = []
        self._handed: list[Frame] = []
        self._behind: Place | None = None
        self._joined: Place | None = None
        self._place: Place | None = None
        self._floor: Place | None = None
        self._unshown = 0
        self._last_word = False
        self._wake = asyncio.Event()
        self._deadline: asyncio.TimerHandle | None = None

    async def begin(self, after: Place | None) -> None:
        """Once, before the first `take`: from a place on, or from now on. Raises what `Tailer.join` raises."""
        self._place = self._behind = after
        if after is None:
            now = await self._cohort.join(self)
            self._place = self._behind = self._joined = now

    async def take(self) -> Sequence[Frame]:
        """Waits for what there is to send, at least one frame; none once the stream has ended."""
        while self.closing is None:
            if self._trusted():
                if frames := self._next():
                    return self._hand_out(frames)
                if self._last_word:
                    self._close(None)
                    break
                if self._behind is not None:
                    await self._read_on(self._behind)
                    continue
            self._wake.clear()
            await self._wake.wait()
        return ()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame:
        """Frame by frame, for whoever does not send several at once."""
        if not self._handed:
            self._handed = list(reversed(await self.take()))
        if not self._handed:
            raise StopAsyncIteration
        return self._handed.pop()

    async def close(self) -> None:
        """The client has gone."""
        self._close(None)

    def end(self, failure: SkoolyError) -> None:
        """At once: what was not taken is not sent any more. But a Gap is told as the last frame, in its own words."""
        if isinstance(failure, LogGap) and self.closing is None:
            self._tell_gap(failure)
        else:
            self._close(failure)

    def wake(self) -> None:
        """Something may have changed: `take` looks again."""
        self._wake.set()

    def receive(self, frames: Sequence[Frame], size: int) -> None:
        """From the cohort."""
        if self._floor is not None and self._behind is None:
            frames = _past(self._floor, frames)
            if not frames:
                return
            self._floor = None
        if not self._waiting.add(frames, size):
            self._fall_behind()
        self._wake.set()

    def _next(self) -> list[Frame]:
        if self._read:
            frames, self._read = self._read, []
            return frames
        return self._waiting.take() if self._behind is None else []

    def _hand_out(self, frames: list[Frame]) -> list[Frame]:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._place = frames[-1].place or self._place
        if people := {frame.matricule for frame in frames if frame.matricule}:
            self._shown(people)
        return frames

    async def _read_on(self, after: Place) -> None:
        """One stretch of the log, or joining the cohort once there is no more; later, where PostgreSQL is away."""
        try:
            stretch = await self._log.read(self._cohort.school_id, after)
            if not stretch.more and self._joined is None:
                joined = await self._cohort.join(self)
                self._joined = joined if self in self._cohort.members else None
        except LogGap as gap:
            self._tell_gap(gap)
        except LogError as failure:
            self._close(failure)
        except Exception as error:  # whatever a dying server raises: nothing is lost, and the place is known
            logger.warning("log_not_read", school_id=str(self._cohort.school_id), reason=type(error).__name__)
            await self._wait_a_little()
        else:
            self._show(stretch)

    async def _wait_a_little(self) -> None:
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._again_seconds):
                await self._wake.wait()

    def _show(self, stretch: Stretch) -> None:
        if self.closing is not None or self._last_word:  # somebody ended it meanwhile
            return
        try:
            self._go_on(stretch)
        except Exception:
            logger.exception("stream_failed", school_id=str(self._cohort.school_id))
            self._close(StreamFailed())

    def _go_on(self, stretch: Stretch) -> None:
        """From here on by itself, or with the cohort where that has not heard more."""
        self._read = self._cohort.frames(stretch.events)
        self._behind = stretch.place
        self._unshown = 0 if self._read else self._unshown + len(stretch.events)
        if self._joined is not None and stretch.place.position >= self._joined.position:
            self._catch_on(stretch.place)
        elif self._unshown >= TOLD_AFTER:
            self._read.append(self._cohort.checkpoint_at(stretch.place))
            self._unshown = 0

    def _catch_on(self, place: Place) -> None:
        self._behind, self._joined, self._floor = None, None, place
        self._read.append(self._cohort.checkpoint_at(place))
        left = _past(place, self._waiting.take())
        self._waiting.add(left, sum(len(frame.payload) for frame in left))

    def _fall_behind(self) -> None:
        """What waits is given up, to be read again from the log."""
        self._waiting.clear()
        self._cohort.part(self)
        self._joined = None
        if self._behind is None:
            self._read.clear()
            self._behind = self._place
            loop = asyncio.get_running_loop()
            self._deadline = self._deadline or loop.call_later(self._slow_seconds, self._close, SlowConsumer())

    def _tell_gap(self, gap: LogGap) -> None:
        self._waiting.clear()
        self._read = [self._cohort.renderer.gap(gap)]
        self._last_word = True
        self._cohort.part(self)
        self._wake.set()

    def _close(self, failure: SkoolyError | None) -> None:
        if self.closing is not None:
            return
        place = self._place
        cursor = None if place is None or self._last_word else self._cohort.cursor(place)
        self.closing = Closing(failure, cursor)
        self._waiting.clear()
        self._read = []
        if self._deadline is not None:
            self._deadline.cancel()
        self._wake.set()
        self._ended(self)
        on_end, self.on_end = self.on_end, None  # it holds whoever holds this
        if on_end is not None:
            on_end()


def _past(place: Place, frames: Sequence[Frame]) -> list[Frame]:
    return [frame for frame in frames if frame.place is None or frame.place.position > place.position]
