"""Every event reaches every endpoint that wants it exactly once, wherever the work was cut off."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.database import Database, Wall
from app.core.ids import new_id
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from app.domains.webhooks import fanning
from app.domains.webhooks.fanning import Expanded, backfill, expand, expand_little
from tests.domains.webhooks.conftest import NO_ROOM
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import Deliveries, change_endpoint, happen, make_endpoint

URL = "https://example.org/hook"


async def expand_all(database: Database, school: School) -> int:
    made = 0
    while True:
        expanded = await expand(database, [school.id])
        made += expanded.deliveries
        if not expanded.more:
            return made


async def positions(database: Database, school: School, endpoint: UUID) -> list[int]:
    rows = await Deliveries(database, school).rows(
        "SELECT e.position FROM delivery d JOIN event e ON e.school_id = d.school_id AND e.id = d.event_id "
        "WHERE d.school_id = $1 AND d.endpoint_id = $2 ORDER BY 1",
        school.id,
        endpoint,
    )
    return [row["position"] for row in rows]


async def test_an_endpoint_gets_what_happens_after_it_was_made(database: Database) -> None:
    school = await make_school(database)
    await happen(database, school, 2)
    endpoint = await make_endpoint(database, school, URL)
    await happen(database, school, 3)
    assert await expand_all(database, school) == 3
    assert await positions(database, school, endpoint) == [3, 4, 5]
    assert await expand_all(database, school) == 0


async def test_or_from_an_earlier_position_that_it_asks_for(database: Database) -> None:
    school = await make_school(database)
    other = await make_endpoint(database, school, URL)
    await happen(database, school, 5)
    await expand_all(database, school)
    endpoint = await make_endpoint(database, school, URL, start_position=2)
    await happen(database, school, 1)
    await expand_all(database, school)
    while (await backfill(database)).more:
        pass
    assert await positions(database, school, endpoint) == [3, 4, 5, 6]
    assert await positions(database, school, other) == [1, 2, 3, 4, 5, 6]
    state = await Deliveries(database, school).state_of(endpoint)
    assert (state["backfilled_to"], state["backfill_until"]) == (None, None)


async def test_catching_up_goes_in_chunks(database: Database) -> None:
    school = await make_school(database)
    await make_endpoint(database, school, URL)
    await happen(database, school, 2_500)
    await expand_all(database, school)
    endpoint = await make_endpoint(database, school, URL, start_position=0)
    turns = 0
    while (await Deliveries(database, school).state_of(endpoint))["backfilled_to"] is not None:
        await backfill(database)
        turns += 1
    assert turns >= 3
    assert await positions(database, school, endpoint) == list(range(1, 2_501))


async def test_topics_and_filter_choose(database: Database) -> None:
    school = await make_school(database)
    paid = await make_endpoint(database, school, URL, topics=["invoice.paid"])
    fees = await make_endpoint(database, school, URL, filter={"kind": "tuition", "total": 300})
    await happen(database, school, topic=Topic.INVOICE_PAID, kind="tuition", total=300)
    await happen(database, school, topic=Topic.INVOICE_PAID, kind="tuition", total=301)
    await happen(database, school, topic=Topic.INVOICE_ISSUED, kind="tuition", total=300, label="Frais")
    await happen(database, school, topic=Topic.INVOICE_ISSUED, total=300)
    await expand_all(database, school)
    assert await positions(database, school, paid) == [1, 2]
    assert await positions(database, school, fees) == [1, 3]


async def test_what_happens_while_it_is_paused_is_held_and_while_disabled_is_caught_up(database: Database) -> None:
    school = await make_school(database)
    endpoint = await make_endpoint(database, school, URL)
    await change_endpoint(database, school, endpoint, status="paused")
    await happen(database, school, 2)
    await expand_all(database, school)
    assert await Deliveries(database, school).states(endpoint) == {"held": 2}
    await change_endpoint(database, school, endpoint, status="disabled", disabled_reason="by_hand")
    await happen(database, school, 3)
    await expand_all(database, school)
    assert await positions(database, school, endpoint) == [1, 2]
    await change_endpoint(database, school, endpoint, status="active")
    await happen(database, school, 1)
    await expand_all(database, school)
    while (await backfill(database)).more:
        pass
    assert await positions(database, school, endpoint) == [1, 2, 3, 4, 5, 6]


async def test_a_deleted_endpoint_gets_nothing(database: Database) -> None:
    school = await make_school(database)
    endpoint = await make_endpoint(database, school, URL)
    await change_endpoint(database, school, endpoint, status="deleted")
    await happen(database, school)
    assert await expand_all(database, school) == 0
    assert await positions(database, school, endpoint) == []


async def test_only_the_own_school_hears(database: Database) -> None:
    here, there = await make_school(database), await make_school(database)
    mine, theirs = await make_endpoint(database, here, URL), await make_endpoint(database, there, URL)
    await happen(database, here)
    await expand_all(database, here)
    await expand_all(database, there)
    assert await positions(database, here, mine) == [1]
    assert await positions(database, there, theirs) == []


async def test_a_start_past_the_end_of_the_log_is_refused(database: Database) -> None:
    school = await make_school(database)
    with pytest.raises(asyncpg.CheckViolationError, match="position of its log"):
        await make_endpoint(database, school, URL, start_position=1)


async def test_endpoints_made_while_the_log_grows_miss_nothing_and_get_nothing_twice(database: Database) -> None:
    """Writers, expanders and new endpoints race; each endpoint ends with all that came after its start."""
    school = await make_school(database)
    endpoints = [await make_endpoint(database, school, URL)]
    done = asyncio.Event()

    async def write() -> None:
        for _ in range(15):
            await happen(database, school, 2)

    async def keep_expanding() -> None:
        while not done.is_set():
            await expand(database, [school.id])

    async def make_more() -> None:
        endpoints.extend([await make_endpoint(database, school, URL) for _ in range(10)])

    expanders = [asyncio.create_task(keep_expanding()) for _ in range(3)]
    await asyncio.gather(write(), make_more())
    done.set()
    await asyncio.gather(*expanders)
    await expand_all(database, school)
    for endpoint in endpoints:
        [row] = await Deliveries(database, school).rows(
            "SELECT start_position FROM endpoint WHERE school_id = $1 AND id = $2", school.id, endpoint
        )
        assert await positions(database, school, endpoint) == list(range(row["start_position"] + 1, 31))


WISHES = st.lists(
    st.fixed_dictionaries(
        {"topics": st.sampled_from([[], ["invoice.paid"], ["invoice.paid", "invoice.issued"], ["badge.revoked"]])},
        optional={"filter": st.sampled_from([{"kind": "tuition"}, {"kind": "meals"}])},
    ),
    max_size=4,
)
HAPPENINGS = st.lists(
    st.tuples(st.sampled_from([Topic.INVOICE_PAID, Topic.INVOICE_ISSUED]), st.sampled_from(["tuition", "meals"])),
    max_size=12,
)


@settings(max_examples=25)
@given(WISHES, HAPPENINGS, st.integers(1, 6), st.integers(1, 6), st.integers(1, 12))
async def test_whatever_ends_a_chunk_each_gets_what_it_wants(
    database: Database,
    wishes: list[dict[str, Any]],
    happened: list[tuple[Topic, str]],
    deliveries: int,
    events: int,
    compared: int,
) -> None:
    """Chunks end after some deliveries, events or comparisons, and never within an event."""
    school = await make_school(database)
    endpoints = [await make_endpoint(database, school, URL, **wish) for wish in wishes]
    for topic, kind in happened:
        await happen(database, school, topic=topic, kind=kind)
    more = True
    while more:
        [row] = await database.fetch(fanning.EXPAND, [school.id], 16, deliveries, events, compared)
        assert row["deliveries"] <= deliveries + len(endpoints)
        more = row["more"]
    await each_has_what_it_wants(database, school, dict(zip(endpoints, wishes, strict=True)), happened)


async def each_has_what_it_wants(
    database: Database,
    school: School,
    wishes: dict[UUID, dict[str, Any]],
    happened: list[tuple[Topic, str]],
) -> None:
    for endpoint, wish in wishes.items():
        assert await positions(database, school, endpoint) == [
            position
            for position, (topic, kind) in enumerate(happened, start=1)
            if (not wish["topics"] or topic in wish["topics"]) and wish.get("filter", {"kind": kind}) == {"kind": kind}
        ]


@settings(max_examples=25)
@given(st.lists(st.tuples(WISHES, HAPPENINGS), min_size=2, max_size=4), st.integers(1, 40), st.integers(1, 6))
async def test_schools_that_are_little_behind_and_others_each_get_what_is_theirs(
    database: Database, schools: list[tuple[list[dict[str, Any]], list[tuple[Topic, str]]]], deliveries: int, most: int
) -> None:
    """Some in one go, some in chunks, as many at once as there may be, some of it leased as it is made."""
    made = []
    for wishes, happened in schools:
        school = await make_school(database)
        endpoints = {await make_endpoint(database, school, URL, **wish): wish for wish in wishes}
        for topic, kind in happened:
            await happen(database, school, topic=topic, kind=kind)
        made.append((school, endpoints, happened))
    ids, room = [school.id for school, _, _ in made], deliveries
    more = True
    while more:
        little = ids, most, deliveries // most, room, room, [], [], [], 30, new_id()
        [row, *_] = await database.fetch(fanning.EXPAND_LITTLE, *little)
        more = row["more"]
        if row["far"]:
            asked = ids, most, deliveries, fanning.MOST_EVENTS, fanning.MOST_COMPARED
            [row] = await database.fetch(fanning.EXPAND, *asked)
            more |= row["more"]
    for each in made:
        await each_has_what_it_wants(database, *each)


async def test_a_school_that_is_far_behind_does_not_keep_the_others_waiting_nor_they_it(database: Database) -> None:
    """Each turn is one for both kinds."""
    far, little = await make_school(database), await make_school(database)
    for school in (far, little):
        await make_endpoint(database, school, URL)
    await happen(database, far, 1_000)
    await happen(database, little, 1)
    schools = [far.id, little.id]
    first = await expand_little(database, schools, NO_ROOM)
    assert (first.deliveries, first.waiting, first.far, first.more) == (1, 1, True, False)
    assert await expand(database, schools) == Expanded(1_000, more=False)
    assert not (await expand_little(database, schools, NO_ROOM)).far


async def test_a_burst_that_nobody_wants_is_one_chunk(database: Database) -> None:
    """Even where many endpoints listen to something else: what they want next does not wait for hundreds of chunks."""
    school = await make_school(database)
    for _ in range(5):
        endpoint = await make_endpoint(database, school, URL, topics=["invoice.paid"])
    await happen(database, school, 5_000)
    await happen(database, school, topic=Topic.INVOICE_PAID)
    assert await expand(database, [school.id]) == Expanded(5, more=False)
    assert await positions(database, school, endpoint) == [5_001]


async def test_a_chunk_that_is_cut_off_leaves_nothing_behind(database: Database) -> None:
    school = await make_school(database)
    endpoint = await make_endpoint(database, school, URL)
    await happen(database, school, 4)
    with pytest.raises(LookupError):
        async with database.raw(Wall.worker()) as connection:
            asked = [school.id], 16, fanning.CHUNK, fanning.MOST_EVENTS, fanning.MOST_COMPARED
            assert await connection.fetchval(fanning.EXPAND, *asked) == 4
            raise LookupError
    assert await positions(database, school, endpoint) == []
    assert await expand_all(database, school) == 4
