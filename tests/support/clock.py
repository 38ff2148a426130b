"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

A_MONDAY_MORNING = datetime(2025, 1, 13, 9, 0, tzinfo=UTC)


class FixedClock:
    def __init__(self, now: datetime = A_MONDAY_MORNING) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        """`now` is aware."""
        self._now = now.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self._now += by
