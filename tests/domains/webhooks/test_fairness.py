"""Shares never exceed any limit, and nobody is left out while there is room."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.core.database import Database
from app.domains.webhooks.fairness import Room

SCHOOLS = [uuid4() for _ in range(3)]


@dataclass(frozen=True)
class Turn:
    """An endpoint with something due. `free` is what its own limits leave."""

    school_id: UUID
    endpoint_id: UUID
    free: int
    slow: bool


@dataclass(frozen=True)
class Share:
    turn: Turn
    places: int
    retries: int


async def share(database: Database, turns: Sequence[Turn], room: Room) -> list[Share]:
    """As a claim shares; endpoints that get nothing are left out."""
    [row] = await database.fetch(
        "SELECT * FROM share_places($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [turn.school_id for turn in turns],
        [turn.free for turn in turns],
        [turn.slow for turn in turns],
        room.places,
        room.retries,
        room.slow,
        room.school,
        list(room.schools),
        list(room.schools.values()),
    )
    given = zip(turns, row["given"], row["given_retries"], strict=True)
    return [Share(turn, places, retries) for turn, places, retries in given if places]


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
async def test_no_limit_is_ever_exceeded(database: Database, given_turns: list[Turn], room: Room) -> None:
    shares = await share(database, given_turns, room)
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
async def test_no_place_stays_free_while_somebody_could_use_it(
    database: Database, given_turns: list[Turn], room: Room
) -> None:
    shares = await share(database, given_turns, room)
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


async def test_the_first_in_the_queue_does_not_take_all(database: Database) -> None:
    greedy = [turn(free=500) for _ in range(4)]
    shares = await share(database, greedy, Room(places=100, retries=100, slow=0, school=100))
    assert [each.places for each in shares] == [25, 25, 25, 25]


async def test_a_noisy_school_leaves_room_for_the_quiet_one(database: Database) -> None:
    noisy = [turn(SCHOOLS[0], 50) for _ in range(20)]
    quiet = turn(SCHOOLS[1], 3)
    got = places(await share(database, [*noisy, quiet], Room(places=512, retries=384, slow=0, school=256)))
    assert got[quiet.endpoint_id] == 3
    assert sum(got.values()) == 256 + 3


async def test_a_full_school_gets_nothing(database: Database) -> None:
    room = Room(places=10, retries=10, slow=0, school=5, schools={SCHOOLS[0]: 0, SCHOOLS[1]: 2})
    assert await share(database, [turn(SCHOOLS[0])], room) == []
    [only] = await share(database, [turn(SCHOOLS[0]), turn(SCHOOLS[1])], room)
    assert (only.turn.school_id, only.places) == (SCHOOLS[1], 2)


async def test_slow_endpoints_use_their_own_lane_only(database: Database) -> None:
    slow, quick = turn(free=50, slow=True), turn(free=50)
    got = places(await share(database, [slow, quick], Room(places=20, retries=20, slow=4, school=100)))
    assert got == {slow.endpoint_id: 4, quick.endpoint_id: 20}


async def test_retries_leave_places_to_first_attempts(database: Database) -> None:
    [only] = await share(database, [turn(free=40)], Room(places=40, retries=30, slow=0, school=100))
    assert (only.places, only.retries) == (40, 30)
