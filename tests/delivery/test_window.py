"""However requests come, hang and end, no more are under way than there are places."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.delivery.options import Options
from app.delivery.window import Window
from app.domains.webhooks.claiming import Claimed
from app.domains.webhooks.fairness import Room
from tests.delivery.test_sending import TARGET, claimed

OPTIONS = Options(places=8, slow_places=4, most=20, school_places=6, retry_places=5, claim_at_most=8)


class Requests(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.window = Window(OPTIONS, lambda: self.now)
        self.under_way: dict[Claimed, float] = {}
        self.offer = ExitStack()
        self.offered: Room | None = None

    def enter(self, taken: list[Claimed], places: int) -> None:
        for each in taken[:places]:
            self.window.enter(each)
            self.under_way[each] = self.now

    @rule(retries=st.integers(0, 8), slow=st.integers(0, 4), school=st.integers(0, 3))
    def claim(self, retries: int, slow: int, school: int) -> None:
        """As many as the room lets in."""
        room = self.window.room()
        target = replace(TARGET, school_id=UUID(int=school))
        retries = min(retries, room.retries, room.places)
        taken = [claimed(target=target, number=2) for _ in range(retries)]
        taken += [claimed(target=target) for _ in range(room.places - retries)]
        taken += [claimed(target=target, slow=True) for _ in range(min(slow, room.slow))]
        self.enter(taken, room.schools.get(target.school_id, room.school))

    @precondition(lambda self: self.offered is None)
    @rule(at_most=st.integers(0, 8))
    def offer_places(self, at_most: int) -> None:
        """To what has just happened; claims come meanwhile."""
        self.offered = self.offer.enter_context(self.window.offering(at_most))

    @precondition(lambda self: self.offered is not None)
    @rule(school=st.integers(0, 3))
    def take_what_was_offered(self, school: int) -> None:
        assert self.offered is not None
        target = replace(TARGET, school_id=UUID(int=school))
        taken = [claimed(target=target) for _ in range(self.offered.places)]
        self.enter(taken, self.offered.schools.get(target.school_id, self.offered.school))
        self.offer.close()
        self.offered = None

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.0]))
    def hang(self, seconds: float) -> None:
        self.now += seconds

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        if self.under_way:
            ended = list(self.under_way)[data.draw(st.integers(0, len(self.under_way) - 1))]
            del self.under_way[ended]
            self.window.leave(ended)

    @invariant()
    def bounded(self) -> None:
        assert len(self.window) == len(self.under_way) <= OPTIONS.most
        room = self.window.room()
        begun = [each for each, since in self.under_way.items() if since > self.now - OPTIONS.suspect_after]
        assert sum(not each.slow for each in begun) <= OPTIONS.places
        assert max(Counter(each.school_id for each in self.under_way).values(), default=0) <= OPTIONS.school_places
        assert min(room.places, room.retries, room.slow, *room.schools.values(), self.window.free) >= 0


Requests.TestCase.settings = settings(max_examples=50, stateful_step_count=30)
TestRequests = Requests.TestCase


def test_places_are_free_again_when_what_hung_has_ended() -> None:
    moments = iter(range(0, 10_000, 10))
    window = Window(OPTIONS, lambda: float(next(moments)))
    waiting: list[Claimed] = []
    for _ in range(3):
        waiting += (begun := [claimed() for _ in range(window.room().places)])
        for each in begun:
            window.enter(each)
    assert (len(waiting), window.room().places, window.room().slow) == (20, 0, 0)
    for each in waiting:
        window.leave(each)
    assert (len(window), window.room().places, window.room().slow) == (0, 8, 4)


def test_what_does_not_come_back_in_its_time_is_overdue() -> None:
    now = 0.0
    window = Window(OPTIONS, lambda: now)
    short, long, gone = claimed(), claimed(target=replace(TARGET, timeout_seconds=9)), claimed()
    window.enter(short, long, gone)
    window.leave(gone)
    now = 1.2
    assert window.overdue(0.3) == []
    now = 1.4
    assert window.room().places  # moved to the slow lane meanwhile
    assert (window.overdue(0.3), window.seconds_of(short)) == ([short], 1.4)


def test_what_has_just_happened_gets_no_place_of_a_school_where_something_was_passed_over() -> None:
    """Until a claim has looked again: the place that has come free meanwhile is for what waits."""
    window = Window(OPTIONS, lambda: 0.0)
    school = UUID(int=1)
    requests = [claimed(target=replace(TARGET, school_id=school)) for _ in range(OPTIONS.school_places)]
    window.enter(*requests)
    window.room()
    window.leave(requests[0])
    with window.offering(4) as room:
        assert (room.places, room.schools[school]) == (3, 0)
    window.room()
    with window.offering(4) as room:
        assert (room.places, room.schools[school]) == (3, 1)


def test_what_is_offered_is_kept_from_claims_until_the_end() -> None:
    window = Window(OPTIONS, lambda: 0.0)
    with window.offering(3) as offered:
        assert (offered.places, window.room().places, window.free, window.room().school) == (3, 5, 5, 3)
    assert (window.room().places, window.room().school) == (8, 6)
