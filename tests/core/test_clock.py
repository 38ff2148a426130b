"""A day is a school's day, not the server's."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.core.clock import SystemClock, local_now, today
from tests.support.clock import FixedClock


@pytest.mark.parametrize(
    ("timezone", "day"),
    [
        ("Africa/Dakar", date(2024, 12, 31)),
        ("Europe/Paris", date(2025, 1, 1)),
        ("America/New_York", date(2024, 12, 31)),
    ],
)
def test_today_is_read_in_the_schools_zone(timezone: str, day: date) -> None:
    assert today(FixedClock(datetime(2024, 12, 31, 23, 30, tzinfo=UTC)), timezone) == day


def test_local_now_is_the_same_instant() -> None:
    clock = FixedClock(datetime(2025, 7, 1, 12, 0, tzinfo=UTC))
    local = local_now(clock, "Europe/Paris")
    assert local == clock.now()
    assert local.hour == 14


def test_the_system_clock_is_aware_and_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
