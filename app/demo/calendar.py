"""The demo school's calendar: whatever day it is started on, that day lies four months into a school year."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

MONTHS_IN = 4
"""Whole months between the first day of the current school year and the month of today."""
LAST_MONTH, LAST_DAY = 10, 15
"""A year ends in the middle of its eleventh month."""
DUE_MONTHS = (1, 3, 6)
DUE_DAY = 5
SHARES = (40, 30, 30)
"""Per cent of the fees that fall due with each instalment: today the first two are past, the third is to come."""


@dataclass(frozen=True, slots=True)
class Year:
    """A school year and the days on which its three instalments are due."""

    starts_on: date
    ends_on: date
    due: tuple[date, ...]

    @property
    def code(self) -> str:
        first, last = self.starts_on.year, self.ends_on.year
        return f"{first}-{last}" if first != last else str(first)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Three school years, the current one last."""

    today: date
    years: tuple[Year, Year, Year]

    @property
    def current(self) -> Year:
        return self.years[-1]

    def weekdays_before(self, count: int) -> list[date]:
        """The last `count` days, Monday to Friday, before today; the most recent first."""
        days = (self.today - timedelta(days=back) for back in range(1, 2 * count + 7))
        return [day for day in days if day.isoweekday() <= 5][:count]


def calendar_of(today: date) -> Calendar:
    start = first_of_month(today, -MONTHS_IN)
    oldest, former, current = (_year(first_of_month(start, -12 * back)) for back in (2, 1, 0))
    return Calendar(today, (oldest, former, current))


def first_of_month(day: date, months: int) -> date:
    """The first day of the month that is `months` after that of `day`."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """An instant of a day; the demo school's time zone, Africa/Dakar, is UTC."""
    return datetime.combine(day, time(hour, minute), UTC)


def _year(start: date) -> Year:
    due = tuple(first_of_month(start, months).replace(day=DUE_DAY) for months in DUE_MONTHS)
    return Year(start, first_of_month(start, LAST_MONTH).replace(day=LAST_DAY), due)
