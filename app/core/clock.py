"""Time, injected: nothing in the domain asks the operating system what time it is."""

from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def local_now(clock: Clock, timezone: str) -> datetime:
    """The wall clock of a school: due dates and meal windows are read in its own time zone."""
    return clock.now().astimezone(ZoneInfo(timezone))


def today(clock: Clock, timezone: str) -> date:
    return local_now(clock, timezone).date()
