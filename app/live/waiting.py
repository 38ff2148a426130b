"""What a stream has waiting for its transport, within bounds."""

from collections.abc import Sequence
from typing import Protocol

from app.live.frames import About, Frame

MOST_FRAMES = 1_000
MOST_BYTES = 1024 * 1024


class Waiting(Protocol):
    def add(self, frames: Sequence[Frame], size: int) -> bool:
        """False where there is no room; `size` is the sum of the payloads. What waits then is incomplete: clear it."""
        ...

    def take(self) -> list[Frame]:
        """All of it, in the order of the log."""
        ...

    def clear(self) -> None: ...

    def __len__(self) -> int: ...


class Everything:
    """Keeps each frame, or says that it cannot."""

    def __init__(self, most_frames: int = MOST_FRAMES, most_bytes: int = MOST_BYTES) -> None:
        self._most_frames, self._most_bytes = most_frames, most_bytes
        self._frames: list[Frame] = []
        self._size = 0

    def add(self, frames: Sequence[Frame], size: int) -> bool:
        self._frames += frames
        self._size += size
        return self._size <= self._most_bytes and len(self._frames) <= self._most_frames

    def take(self) -> list[Frame]:
        frames, self._frames, self._size = self._frames, [], 0
        return frames

    def clear(self) -> None:
        self.take()

    def __len__(self) -> int:
        return len(self._frames)


class Newest:
    """Keeps the newest frame about each subject; where there is no room, the oldest of them goes."""

    def __init__(self, most_frames: int = MOST_FRAMES, most_bytes: int = MOST_BYTES) -> None:
        self._most_frames, self._most_bytes = most_frames, most_bytes
        self._frames: dict[About, Frame] = {}
        self._size = 0

    def add(self, frames: Sequence[Frame], size: int) -> bool:
        for frame in frames:
            if replaced := self._frames.pop(frame.about, None):
                self._size -= len(replaced.payload)
            self._frames[frame.about] = frame
            self._size += len(frame.payload)
        while len(self._frames) > self._most_frames or self._size > self._most_bytes:
            self._size -= len(self._frames.pop(next(iter(self._frames))).payload)
        return True

    def take(self) -> list[Frame]:
        frames, self._frames, self._size = list(self._frames.values()), {}, 0
        return frames

    def clear(self) -> None:
        self.take()

    def __len__(self) -> int:
        return len(self._frames)
