"""On whatever day the school is started, two instalments are past, one is to come, and the year runs."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from app.demo.calendar import calendar_of

days = st.dates(date(2024, 6, 1), date(2060, 12, 31))


@given(days)
@example(date(2028, 2, 29))
@example(date(2025, 12, 31))
@example(date(2026, 8, 15))
def test_today_lies_within_the_current_year(today: date) -> None:
    calendar = calendar_of(today)
    first, second, third = calendar.current.due
    assert calendar.current.starts_on < first < second < today < third < calendar.current.ends_on
    assert calendar.years[1].due[-1] < calendar.years[1].ends_on < calendar.current.starts_on


@given(days)
def test_years_follow_each_other_and_end_in_the_middle_of_a_month(today: date) -> None:
    years = calendar_of(today).years
    assert len({year.code for year in years}) == 3
    assert all(one.ends_on < other.starts_on for one, other in pairwise(years))
    assert all(year.ends_on.day == 15 for year in years)


@given(days, st.integers(1, 60))
def test_school_days_before_today(today: date, count: int) -> None:
    found = calendar_of(today).weekdays_before(count)
    assert len(set(found)) == count
    assert found == sorted(found, reverse=True)
    assert all(day < today and day.isoweekday() <= 5 for day in found)
    assert today - found[0] <= timedelta(days=3)
