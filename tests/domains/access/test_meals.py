"""What passages cost: a meal is debited once, and below zero only where it has been eaten already."""

import asyncio
from dataclasses import replace
from datetime import time

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.access.decisions import Reason
from tests.domains.access.conftest import MakeVisit
from tests.domains.access.test_record_passage import balance, passage, record
from tests.support.factories.access import PRICE, make_windows, make_zone
from tests.support.factories.finance import make_top_up
from tests.support.operations import Asker


async def test_a_meal_is_debited_once_however_often_one_passes(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit()
    told = [passage(someone, str(number), granted=True) for number in range(8)]
    results = await asyncio.gather(*(record(asker, actor, each) for each in told))
    assert sum(result["mealDebited"] for result in results) == 1
    assert await balance(database, someone) == 9 * PRICE
    yesterday = passage(someone, "yesterday", occurredAt="2025-01-12T09:00:00+00:00", offline=True, granted=True)
    assert (await record(asker, actor, yesterday))["mealDebited"]
    assert await balance(database, someone) == 8 * PRICE


async def test_a_meal_of_another_zone_at_another_price_is_the_same_meal(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit()
    async with database.transaction(Wall.app(actor.school_id)) as session:
        terrace = await make_zone(session, actor.school_id, price=2 * PRICE)
        await make_windows(session, terrace, time(8), time(12))
    results = await asyncio.gather(
        record(asker, actor, passage(someone, "1", granted=True)),
        record(asker, actor, passage(replace(someone, zone=terrace), "2", granted=True)),
    )
    assert sum(result["mealDebited"] for result in results) == 1


async def test_a_meal_after_midnight_belongs_to_the_day_before(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit()
    async with database.transaction(Wall.app(actor.school_id)) as session:
        night = await make_zone(session, actor.school_id, price=PRICE)
        await make_windows(session, night, time(22), time(2), meal="night")
    for event, moment in (("1", "2025-01-12T23:30:00Z"), ("2", "2025-01-13T01:30:00Z")):
        await record(asker, actor, passage(replace(someone, zone=night), event, occurredAt=moment))
    async with database.raw(Wall.app(actor.school_id)) as connection:
        meals = await connection.fetch("SELECT meal, service_date::text FROM meal")
    assert [tuple(meal) for meal in meals] == [("night", "2025-01-12")]


async def test_a_late_offline_passage_may_overdraw_the_wallet_at_its_time(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit(Reason.INSUFFICIENT_BALANCE)
    told = passage(someone, occurredAt="2025-01-10T09:15:00+00:00", offline=True, granted=True)
    result = await record(asker, actor, told)
    assert (result["decision"], result["mealDebited"], result["overdrawn"]) == ("granted", True, True)
    assert await balance(database, someone) == -PRICE
    async with database.raw(Wall.app(actor.school_id)) as connection:
        row = await connection.fetchrow("SELECT amount, occurred_at::text FROM wallet_entry WHERE kind = 'meal'")
    assert row is not None and tuple(row) == (-PRICE, "2025-01-10 09:15:00+00")


async def test_meals_that_one_wallet_cannot_pay_together_are_not_both_granted(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit(Reason.INSUFFICIENT_BALANCE)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await make_top_up(session, actor, someone.student.matricule, PRICE)
        dinner = await make_zone(session, actor.school_id, price=PRICE)
        await make_windows(session, dinner, time(8), time(12), meal="dinner")
    results = await asyncio.gather(
        record(asker, actor, passage(someone, "1")),
        record(asker, actor, passage(replace(someone, zone=dinner), "2")),
    )
    assert sorted(result["decision"] for result in results) == ["denied", "granted"]
    assert {result["reason"] for result in results} == {None, "INSUFFICIENT_BALANCE"}
    assert await balance(database, someone) == 0


async def test_nobody_pays_for_whoever_found_their_badge(
    database: Database, asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone = await visit(Reason.BADGE_REVOKED)
    async with database.raw(Wall.app(actor.school_id)) as connection:
        await connection.execute("UPDATE badge SET assigned_at = '2025-01-01Z', revoked_at = '2025-01-02Z'")
    result = await record(asker, actor, passage(someone, offline=True, granted=True))
    assert (result["decision"], result["mealDebited"]) == ("granted", False)
    assert await balance(database, someone) == 10 * PRICE
