"""When a zone serves: the database's answer against a small model, at any instant in any time zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.access.decisions import Reason
from app.domains.access.loaders import AccessChecks
from tests.domains.access.conftest import ask
from tests.support.clock import FixedClock
from tests.support.factories.access import make_visit, make_windows, make_zone
from tests.support.factories.partners import make_actor, make_school

ZONES = ("Europe/Paris", "Africa/Dakar", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
TURNS = (datetime(2025, 3, 30, 1, tzinfo=UTC), datetime(2024, 10, 27, 1, tzinfo=UTC))
"""When the clocks of Paris change."""
A_YEAR_FROM = datetime(2024, 9, 1, tzinfo=UTC)
SATURDAY = 6


@dataclass(frozen=True)
class Window:
    meal: str
    weekday: int
    opens_at: time
    closes_at: time


def served(windows: list[Window], local: datetime) -> list[tuple[str, date]]:
    """The model: a window is an interval of wall-clock time that starts on its weekday. (meal, service date)."""
    wall = local.replace(tzinfo=None, fold=0)
    found = []
    for window in windows:
        for day in (wall.date(), wall.date() - timedelta(days=1)):
            starts = datetime.combine(day, window.opens_at)
            ends = datetime.combine(day, window.closes_at)
            if ends <= starts:
                ends += timedelta(days=1)
            if day.isoweekday() == window.weekday and starts <= wall < ends:
                found.append((window.meal, day))
    return sorted(found)


quarter_hours = st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))
windows = st.builds(
    Window, st.sampled_from(("breakfast", "lunch", "dinner")), st.integers(1, 7), quarter_hours, quarter_hours
).filter(lambda window: window.opens_at != window.closes_at)
ordinary = st.integers(0, 365 * 24 * 3600).map(lambda second: A_YEAR_FROM + timedelta(seconds=second))
around_turns = st.builds(
    lambda turn, minutes: turn + timedelta(minutes=minutes), st.sampled_from(TURNS), st.integers(-240, 240)
)
instants = ordinary | around_turns | ordinary.map(lambda moment: moment.replace(minute=0, second=0))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(windows, min_size=1, max_size=6), instants, st.sampled_from(ZONES))
async def test_the_database_agrees_with_the_model(
    database: Database, actor: Actor, given: list[Window], instant: datetime, timezone: str
) -> None:
    local = instant.astimezone(ZoneInfo(timezone))
    async with database.transaction(Wall.app(actor.school_id)) as session:
        zone = await make_zone(session, actor.school_id)
        for window in given:
            await make_windows(
                session, zone, window.opens_at, window.closes_at, weekdays=[window.weekday], meal=window.meal
            )
    async with database.raw(Wall.app(actor.school_id)) as connection:
        rows = await connection.fetch(
            "SELECT meal, $3::date - days_ago AS day FROM open_windows($1, $2, $4, $5)",
            actor.school_id,
            zone.id,
            local.date(),
            local.isoweekday(),
            local.time(),
        )
    assert sorted((row["meal"], row["day"]) for row in rows) == served(given, local)


@pytest.mark.parametrize(
    ("utc", "local", "granted"),
    [
        ("2025-03-29T20:59:59", "21:59:59 on Saturday", False),
        ("2025-03-29T21:00:00", "22:00:00, the window opens", True),
        ("2025-03-30T00:30:00", "01:30:00 on Sunday", True),
        ("2025-03-30T01:15:00", "03:15:00: the hour from two to three is skipped, and the window's end with it", False),
        ("2024-10-26T20:00:00", "22:00:00 on Saturday", True),
        ("2024-10-27T00:29:59", "02:29:59 for the first time", True),
        ("2024-10-27T00:30:00", "02:30:00 for the first time", False),
        ("2024-10-27T01:29:59", "02:29:59 again: the wall clock says open", True),
        ("2024-10-27T01:30:00", "02:30:00 again", False),
        ("2024-10-27T20:00:00", "21:00:00 on Sunday", False),
    ],
)
async def test_a_night_window_on_the_nights_when_clocks_change(
    database: Database, utc: str, local: str, granted: bool
) -> None:
    actor = await make_actor(database, await make_school(database, timezone="Europe/Paris"), preset="tourniquet")
    clock = FixedClock(datetime.fromisoformat(f"{utc}+00:00"))
    async with database.transaction(Wall.app(actor.school_id)) as session:
        someone = await make_visit(session, actor, now=clock.now())
        zone = await make_zone(session, actor.school_id)
        await make_windows(session, zone, time(22), time(2, 30), weekdays=[SATURDAY])
    decided = await ask(AccessChecks(database, clock), actor, someone.badge, zone.code)
    assert decided == (None if granted else Reason.OUTSIDE_MEAL_WINDOW)


async def test_tuition_is_late_from_the_day_after_it_is_due_where_the_school_is(database: Database) -> None:
    """Due on 1 December: at 23:30 that day in UTC it is the second in Kolkata and still the first in New York."""
    late = {}
    for timezone in ("Asia/Kolkata", "America/New_York"):
        actor = await make_actor(database, await make_school(database, timezone=timezone), preset="tourniquet")
        clock = FixedClock(datetime(2024, 12, 1, 23, 30, tzinfo=UTC))
        async with database.transaction(Wall.app(actor.school_id)) as session:
            someone = await make_visit(session, actor, [Reason.TUITION_UNPAID], now=clock.now())
            zone = await make_zone(session, actor.school_id)
        decided = await ask(AccessChecks(database, clock), actor, someone.badge, zone.code)
        late[timezone] = decided is not None
    assert late == {"Asia/Kolkata": True, "America/New_York": False}
