"""Shares never exceed any limit, and nobody is left out while there is room."""

from collections import Counter
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.domains.webhooks.fairness import Room, Share, Turn, share

SCHOOLS = [uuid4() for _ in range(3)]


def turn(school: UUID = SCHOOLS[0], free: int = 10, slow: bool = False) -> Turn:
    return Turn(school, uuid4(), free, slow)


def places(shares: list[Share]) -> dict[UUID, int]:
    return {each.turn.endpoint_id: each.places for each in shares}


turns = st.lists(st.builds(turn, st.sampled_from(SCHOOLS), st.integers(-2, 60), st.booleans()), max_size=40)
rooms = st.builds(
    Room,
    places=st.integers(0, 200),
    retries=st.integers(0, 200),
    slow=st.integers(0, 50),
    school=st.integers(0, 100),
    schools=st.dictionaries(st.sampled_from(SCHOOLS), st.integers(-5, 100)),
)


@given(turns, rooms)
def test_no_limit_is_ever_exceeded(given_turns: list[Turn], room: Room) -> None:
    shares = share(given_turns, room)
    schools: Counter[UUID] = Counter()
    for each in shares:
        assert 0 < each.places <= each.turn.free
        assert 0 <= each.retries <= each.places
        schools[each.turn.school_id] += each.places
    quick = [each for each in shares if not each.turn.slow]
    assert sum(each.places for each in quick) <= room.places
    assert sum(each.retries for each in quick) <= room.retries
    assert sum(each.places for each in shares if each.turn.slow) <= room.slow
    for school, count in schools.items():
        assert count <= room.schools.get(school, room.school)


@given(turns, rooms)
def test_no_place_stays_free_while_somebody_could_use_it(given_turns: list[Turn], room: Room) -> None:
    shares = share(given_turns, room)
    got = places(shares)
    schools: Counter[UUID] = Counter()
    for each in shares:
        schools[each.turn.school_id] += each.places
    left = {False: room.places, True: room.slow}
    for each in shares:
        left[each.turn.slow] -= each.places
    for each in given_turns:
        full = got.get(each.endpoint_id, 0) >= each.free
        school_full = schools[each.school_id] >= room.schools.get(each.school_id, room.school)
        assert full or school_full or left[each.slow] <= 0


def test_the_first_in_the_queue_does_not_take_all() -> None:
    greedy = [turn(free=500) for _ in range(4)]
    shares = share(greedy, Room(places=100, retries=100, slow=0, school=100))
    assert [each.places for each in shares] == [25, 25, 25, 25]


def test_a_noisy_school_leaves_room_for_the_quiet_one() -> None:
    noisy = [turn(SCHOOLS[0], 50) for _ in range(20)]
    quiet = turn(SCHOOLS[1], 3)
    got = places(share([*noisy, quiet], Room(places=512, retries=384, slow=0, school=256)))
    assert got[quiet.endpoint_id] == 3
    assert sum(got.values()) == 256 + 3


def test_a_full_school_gets_nothing_and_is_named() -> None:
    room = Room(places=10, retries=10, slow=0, school=5, schools={SCHOOLS[0]: 0, SCHOOLS[1]: 2})
    assert room.full_schools() == [SCHOOLS[0]]
    assert share([turn(SCHOOLS[0])], room) == []


def test_slow_endpoints_use_their_own_lane_only() -> None:
    slow, quick = turn(free=50, slow=True), turn(free=50)
    got = places(share([slow, quick], Room(places=20, retries=20, slow=4, school=100)))
    assert got == {slow.endpoint_id: 4, quick.endpoint_id: 20}


def test_retries_leave_places_to_first_attempts() -> None:
    [only] = share([turn(free=40)], Room(places=40, retries=30, slow=0, school=100))
    assert (only.places, only.retries) == (40, 30)
