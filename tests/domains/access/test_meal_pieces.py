"""What was eaten is in the books once the day has ended where the school is: one piece for each restaurant and day."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.access.meal_pieces import post_meals, post_meals_everywhere
from app.domains.finance.service import choose_chart, open_fiscal_year
from tests.domains.access.conftest import MakeVisit
from tests.domains.access.test_record_passage import passage, record
from tests.support.clock import FixedClock
from tests.support.factories.access import PRICE, make_zone
from tests.support.operations import Asker

TODAY, TOMORROW = date(2025, 1, 13), date(2025, 1, 14)
LINES = """
SELECT e.piece_ref, e.entry_date::text, l.account, l.aux_account IS NOT NULL, l.debit, l.credit
FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id
WHERE e.source_type = 'meals' AND e.status = 'validated' ORDER BY e.number, l.line_no
"""


async def open_books(database: Database, actor: Actor) -> None:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await choose_chart(session, "syscohada")
        await open_fiscal_year(session, code="2025", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))


async def post(database: Database, actor: Actor, today: date) -> int:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        return await post_meals(session, today)


async def lines(database: Database, actor: Actor) -> list[tuple[Any, ...]]:
    async with database.raw(Wall.app(actor.school_id)) as connection:
        return [tuple(row) for row in await connection.fetch(LINES)]


async def test_a_day_of_a_restaurant_is_one_piece(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    await open_books(database, actor)
    first, second = await visit(), await visit()
    eaters = [first, replace(second, zone=first.zone)]
    for number, eater in enumerate(eaters):
        assert (await record(asker, actor, passage(eater, str(number), granted=True)))["mealDebited"]
    assert await post(database, actor, TODAY) == 0
    assert await post(database, actor, TOMORROW) == 1
    assert await post(database, actor, TOMORROW) == 0
    ref = f"CN-{first.zone.code}-20250113"
    assert await lines(database, actor) == [
        (ref, "2025-01-13", "4191", True, PRICE, 0),
        (ref, "2025-01-13", "4191", True, PRICE, 0),
        (ref, "2025-01-13", "7078", False, 0, 2 * PRICE),
    ]


async def test_restaurants_and_days_are_kept_apart_and_what_is_told_late_comes_after(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    await open_books(database, actor)
    here, there, late = await visit(), await visit(), await visit()
    for number, eater in enumerate((here, there)):
        await record(asker, actor, passage(eater, str(number), granted=True))
    assert await post(database, actor, TOMORROW) == 2
    told = passage(replace(late, zone=here.zone), "late", occurredAt="2025-01-13T08:30:00Z", offline=True, granted=True)
    assert (await record(asker, actor, told))["mealDebited"]
    assert await post(database, actor, TOMORROW) == 1
    refs = {line[0] for line in await lines(database, actor)}
    assert refs == {
        f"CN-{here.zone.code}-20250113",
        f"CN-{there.zone.code}-20250113",
        f"CN-{here.zone.code}-20250113-2",
    }


async def test_what_was_eaten_before_the_school_had_accounts_is_not_posted(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    await record(asker, actor, passage(await visit(), "1", granted=True))
    await open_books(database, actor)
    assert await post(database, actor, TOMORROW) == 0


async def test_a_day_ends_where_the_school_is(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit, clock: FixedClock
) -> None:
    await open_books(database, actor)
    await record(asker, actor, passage(await visit(), "1", granted=True))
    clock.set(datetime(2025, 1, 13, 23, 59, tzinfo=UTC))
    await post_meals_everywhere(database, clock)
    assert await lines(database, actor) == []
    clock.set(datetime(2025, 1, 14, tzinfo=UTC))
    await post_meals_everywhere(database, clock)
    assert len(await lines(database, actor)) == 2


async def test_the_till_of_a_free_zone_posts_nothing(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    await open_books(database, actor)
    someone = await visit()
    async with database.transaction(Wall.app(actor.school_id)) as session:
        library = await make_zone(session, actor.school_id, price=0)
    await record(asker, actor, passage(replace(someone, zone=library), "1", granted=True))
    assert await post(database, actor, TOMORROW) == 0
