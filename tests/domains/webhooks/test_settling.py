"""The schedule is the contract, and only what the receiver did spends it."""

from hypothesis import given
from hypothesis import strategies as st

from app.domains.webhooks.outcomes import Kind, Outcome
from app.domains.webhooks.settling import (
    FINAL,
    JITTER,
    LONG_TAIL,
    LONGEST_RETRY_AFTER,
    LOST_FREE,
    SCHEDULE,
    UNSPENT,
    Progress,
    Settlement,
    State,
    schedule_of,
    settle,
)

FAILED = Outcome(Kind.HTTP_STATUS, 5, status=500)
OK = Outcome(Kind.OK, 5, status=200)
LOST = Outcome(Kind.LOST, 0)
INTERRUPTED = Outcome(Kind.INTERRUPTED, 5)

failures = st.one_of(
    st.sampled_from([kind for kind in Kind if kind not in (Kind.OK, Kind.LOST, *UNSPENT)]).map(
        lambda kind: Outcome(kind, 5)
    ),
    st.builds(
        lambda status, after: Outcome(Kind.HTTP_STATUS, 5, status=status, retry_after=after),
        st.integers(100, 599).filter(lambda status: not 200 <= status < 300 and status != 410),
        st.one_of(st.none(), st.floats(-10, 1e9)),
    ),
)
free = [Outcome(kind, 5) for kind in UNSPENT]
ours = st.sampled_from([LOST, *free])
chances = st.floats(0, 1, exclude_max=True)


def run(outcomes: list[Outcome], schedule: tuple[int, ...] = SCHEDULE, chance: float = 0.0) -> list[Settlement]:
    progress, settled = Progress(), []
    for outcome in outcomes:
        settled.append(settle(outcome, progress, schedule, chance))
        progress = settled[-1].progress
    return settled


def test_a_minute_five_minutes_an_hour_and_no_more() -> None:
    settled = run([FAILED] * 4)
    assert [each.wait for each in settled[:3]] == [60, 300, 3600]
    assert [each.state for each in settled] == [State.RETRY_WAIT] * 3 + [State.EXHAUSTED]


def test_the_long_tail_goes_on_for_three_days() -> None:
    schedule = schedule_of(SCHEDULE, long_tail=True)
    settled = run([FAILED] * 8, schedule)
    assert [each.wait for each in settled[:7]] == [60, 300, 3600, 18_000, 36_000, 86_400, 86_400]
    assert settled[7].state is State.EXHAUSTED
    assert schedule_of(SCHEDULE, long_tail=False) == SCHEDULE
    assert schedule[3:] == LONG_TAIL


@given(chances)
def test_jitter_only_adds_and_at_most_a_tenth(chance: float) -> None:
    for settled, interval in zip(run([FAILED] * 3, chance=chance), SCHEDULE, strict=True):
        assert interval <= settled.wait <= interval * (1 + JITTER)


def test_success_is_success_on_any_attempt() -> None:
    for before in range(4):
        assert settle(OK, Progress(before), SCHEDULE, 0).state is State.SUCCEEDED


def test_a_redirect_is_a_failure() -> None:
    for status in (301, 302, 303, 307, 308):
        assert settle(Outcome(Kind.HTTP_STATUS, 5, status=status), Progress(), SCHEDULE, 0).wait == 60


def test_gone_holds_the_delivery_and_spends_nothing() -> None:
    settled = settle(Outcome(Kind.HTTP_STATUS, 5, status=410), Progress(2), SCHEDULE, 0)
    assert settled == Settlement(State.HELD, Progress(2))


def test_retry_after_is_honoured_on_429_and_503_and_clamped() -> None:
    def wait(status: int, seconds: float | None) -> float:
        outcome = Outcome(Kind.HTTP_STATUS, 5, status=status, retry_after=seconds)
        return settle(outcome, Progress(), SCHEDULE, 0).wait

    assert [wait(status, 600) for status in (429, 503, 500)] == [600, 600, 60]
    assert wait(429, 5) == 60, "never sooner than the schedule"
    assert wait(503, 1e9) == LONGEST_RETRY_AFTER == 36_000
    assert wait(503, None) == wait(503, -1) == 60


def test_a_lost_attempt_is_free_three_times_in_a_row_and_an_interrupted_one_always() -> None:
    settled = run([LOST] * (LOST_FREE + 1))
    assert [(each.wait, each.progress.failures) for each in settled] == [(0, 0)] * LOST_FREE + [(60, 1)]
    assert [each.progress for each in run([INTERRUPTED] * 20)] == [Progress()] * 20
    assert {each.wait for each in run([Outcome(Kind.OVERLOADED, 5)] * 20)} == {5}, "a socket may be free by then"
    assert run([LOST, LOST, FAILED, LOST])[-1].progress == Progress(failures=1, lost=1)


@given(st.lists(st.one_of(failures, ours), max_size=60), st.booleans(), chances)
def test_whatever_happens_it_comes_to_an_end_by_the_schedule(
    outcomes: list[Outcome], long_tail: bool, chance: float
) -> None:
    """Each failure takes exactly one step, waits at least that step, and the last step is final; ours are free."""
    schedule = schedule_of(SCHEDULE, long_tail=long_tail)
    progress, lost_in_a_row = Progress(), 0
    for outcome in outcomes:
        settled = settle(outcome, progress, schedule, chance)
        lost_in_a_row = lost_in_a_row + 1 if outcome is LOST else 0 if outcome not in free else lost_in_a_row
        if outcome in free or (outcome is LOST and lost_in_a_row <= LOST_FREE):
            pause = UNSPENT.get(outcome.kind, 0)
            assert settled.state is State.RETRY_WAIT
            assert pause <= settled.wait <= pause * (1 + JITTER)
            assert settled.progress.failures == progress.failures
        elif progress.failures == len(schedule):
            assert settled.state is State.EXHAUSTED
        else:
            assert settled.progress.failures == progress.failures + 1
            step = schedule[progress.failures]
            assert step <= settled.wait <= max(step, LONGEST_RETRY_AFTER) * (1 + JITTER)
        if settled.state in FINAL:
            break
        progress = settled.progress
