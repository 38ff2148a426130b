"""The breaker opens, probes once and ramps; slow endpoints are known; five days of failure are the end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domains.webhooks.health import BREAKER_OPEN, FAILING_FOR, OURS, Health, observe
from app.domains.webhooks.outcomes import Kind, Outcome
from app.domains.webhooks.settling import LONGEST_RETRY_AFTER, UNSPENT

NOW = datetime(2025, 1, 13, 9, tzinfo=UTC)
OK = Outcome(Kind.OK, 5, status=200)
SLOW = Outcome(Kind.OK, 3001, status=200)
FAILED = Outcome(Kind.CONNECT, 5)
HEALTHY = Health(slots=10)
SECOND = timedelta(seconds=1)


def opened() -> Health:
    return observe(HEALTHY, [FAILED] * 10, NOW)


def test_nine_failures_open_nothing_ten_do() -> None:
    assert observe(HEALTHY, [FAILED] * 9, NOW).breaker == "closed"
    assert (opened().breaker, opened().allowed, opened().wait_until) == ("open", 1, NOW + timedelta(minutes=5))


def test_seventy_per_cent_open_it_and_less_does_not() -> None:
    assert observe(HEALTHY, [OK] * 4 + [FAILED] * 9, NOW).breaker == "closed"
    assert observe(HEALTHY, [OK] * 4 + [FAILED] * 10, NOW).breaker == "open"


def test_failures_of_long_ago_do_not_count() -> None:
    health = observe(HEALTHY, [FAILED] * 9, NOW)
    assert observe(health, [FAILED], NOW + timedelta(minutes=11)).breaker == "closed"


def test_requests_under_way_when_it_opened_say_nothing() -> None:
    for outcome in (OK, FAILED):
        after = observe(opened(), [outcome] * 5, NOW + SECOND)
        assert (after.breaker, after.allowed, after.wait_until) == ("open", 1, NOW + BREAKER_OPEN)


def test_a_probe_that_fails_opens_it_again() -> None:
    later = NOW + BREAKER_OPEN
    after = observe(opened(), [FAILED], later)
    assert (after.breaker, after.allowed, after.wait_until) == ("open", 1, later + BREAKER_OPEN)


def test_a_probe_that_is_asked_for_patience_opens_it_again_for_that_long_at_least() -> None:
    later = NOW + BREAKER_OPEN
    for seconds, expected in ((1, BREAKER_OPEN), (3_600, timedelta(hours=1))):
        asks = Outcome(Kind.HTTP_STATUS, 5, status=429, retry_after=seconds)
        after = observe(opened(), [asks], later)
        assert (after.breaker, after.allowed, after.wait_until) == ("open", 1, later + expected)


def test_a_probe_that_succeeds_starts_a_ramp_that_ends_closed() -> None:
    health, later, allowed = opened(), NOW + BREAKER_OPEN, []
    while health.breaker != "closed":
        health = observe(health, [OK], later)
        allowed.append(health.allowed)
    assert allowed == [2, 3, 4, 5, 6, 7, 8, 9, None]


def test_a_failure_in_the_ramp_narrows_it() -> None:
    ramp = replace(HEALTHY, breaker="ramp", allowed=8)
    assert observe(ramp, [FAILED], NOW).allowed == 4
    assert observe(ramp, [FAILED] * 9, NOW).allowed == 1


def test_one_in_twenty_over_three_seconds_is_slow() -> None:
    assert not observe(HEALTHY, [OK] * 20 + [SLOW], NOW).slow
    slow = observe(HEALTHY, [OK] * 18 + [SLOW], NOW)
    assert slow.slow
    assert not observe(slow, [OK] * 2, NOW).slow


def test_an_endpoint_stays_slow_while_it_is_not_asked() -> None:
    hanging = Outcome(Kind.TIMEOUT, 15_000)
    assert observe(HEALTHY, [hanging] * 10, NOW).slow


def test_five_days_of_failure_are_the_end() -> None:
    health = observe(HEALTHY, [FAILED], NOW)
    assert observe(health, [FAILED], NOW + FAILING_FOR - SECOND).disable_for is None
    assert observe(health, [FAILED], NOW + FAILING_FOR).disable_for == "failing"


def test_one_success_sets_that_clock_back() -> None:
    health = observe(observe(HEALTHY, [FAILED], NOW), [OK], NOW + SECOND)
    assert (health.first_failure_at, health.last_success_at) == (None, NOW + SECOND)
    later = NOW + FAILING_FOR
    assert observe(health, [FAILED], later).disable_for is None
    assert observe(health, [FAILED], later).first_failure_at == later


def test_gone_is_the_end_at_once() -> None:
    assert observe(HEALTHY, [Outcome(Kind.HTTP_STATUS, 5, status=410)], NOW).disable_for == "gone"


def test_retry_after_lets_the_whole_endpoint_rest() -> None:
    def rest(seconds: float) -> datetime | None:
        return observe(HEALTHY, [Outcome(Kind.HTTP_STATUS, 5, status=429, retry_after=seconds)], NOW).wait_until

    assert rest(30) == NOW + timedelta(seconds=30)
    assert rest(1e9) == NOW + timedelta(seconds=LONGEST_RETRY_AFTER)


def test_what_went_wrong_here_says_nothing_about_the_endpoint() -> None:
    for kind in OURS:
        pause = UNSPENT.get(kind, 0)
        after = observe(HEALTHY, [Outcome(kind, 99_999)] * 20, NOW)
        assert after == replace(HEALTHY, wait_until=NOW + timedelta(seconds=pause) if pause else None)


outcomes = st.sampled_from([OK, SLOW, FAILED, Outcome(Kind.TIMEOUT, 15_000), Outcome(Kind.INTERRUPTED, 1)])
steps = st.lists(st.tuples(st.floats(0, 400), st.lists(outcomes, max_size=12)), max_size=30)


@given(steps)
def test_whatever_comes_the_state_makes_sense(plan: list[tuple[float, list[Outcome]]]) -> None:
    health, now = HEALTHY, NOW
    for seconds, heard in plan:
        now += timedelta(seconds=seconds)
        health = observe(health, heard, now)
        assert (health.allowed is None) == (health.breaker == "closed")
        assert health.allowed is None or 1 <= health.allowed < health.slots
        assert 0 <= health.failures <= health.requests
        assert health.breaker != "open" or (health.allowed == 1 and health.wait_until is not None)
        if heard and heard[-1].ok:
            assert health.first_failure_at is None


@given(steps)
def test_a_receiver_that_comes_back_is_served_in_full_again(plan: list[tuple[float, list[Outcome]]]) -> None:
    health, now = HEALTHY, NOW
    for seconds, heard in plan:
        now += timedelta(seconds=seconds)
        health = observe(health, heard, now)
    now = max(now, health.wait_until or now)
    assert observe(health, [OK] * (health.slots + 1), now).breaker == "closed"


@given(st.lists(st.sampled_from([OK, SLOW, FAILED]), max_size=30), st.integers(0, 20), st.integers(0, 900))
def test_many_at_once_come_to_the_same_as_one_after_another(outcomes: list[Outcome], well: int, later: int) -> None:
    at_once = one_by_one = observe(HEALTHY, [OK, SLOW] * 10, NOW)
    moment = NOW + later * SECOND
    at_once = observe(observe(at_once, [OK] * well, moment), outcomes, moment)
    for outcome in [OK] * well + outcomes:
        one_by_one = observe(one_by_one, [outcome], moment)
    assert at_once == one_by_one
