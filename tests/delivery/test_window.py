"""However requests come, hang and end, no more are under way than there are places."""

from dataclasses import replace
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.delivery.options import Options
from app.delivery.window import Window
from app.domains.webhooks.claiming import Claimed
from tests.delivery.test_sending import TARGET, claimed

OPTIONS = Options(places=8, slow_places=4, most=20, school_places=6, retry_places=5, claim_at_most=8)


class Requests(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.window = Window(OPTIONS, lambda: self.now)
        self.under_way: list[Claimed] = []

    @rule(retries=st.integers(0, 8), slow=st.integers(0, 4), school=st.integers(0, 3))
    def claim(self, retries: int, slow: int, school: int) -> None:
        """As many as the room lets in."""
        room = self.window.room()
        target = replace(TARGET, school_id=UUID(int=school))
        retries = min(retries, room.retries, room.places)
        taken = [claimed(target=target, number=2) for _ in range(retries)]
        taken += [claimed(target=target) for _ in range(room.places - retries)]
        taken += [claimed(target=target, slow=True) for _ in range(min(slow, room.slow))]
        for each in taken[: room.schools.get(target.school_id, room.school)]:
            self.window.enter(each)
            self.under_way.append(each)

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.0]))
    def hang(self, seconds: float) -> None:
        self.now += seconds

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        if self.under_way:
            ended = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
            self.window.leave(ended)

    @invariant()
    def bounded(self) -> None:
        assert len(self.window) == len(self.under_way) <= OPTIONS.most
        room = self.window.room()
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
