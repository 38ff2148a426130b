"""One key, one effect: the first outcome is kept and given again."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from app.core.actor import Actor
from app.core.clock import SystemClock
from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.domains.partners.errors import IdempotencyInFlight, IdempotencyKeyReused
from app.domains.partners.idempotency import forget_idempotency_keys, once
from app.domains.partners.tables import IdempotencyKey
from tests.support.factories.partners import make_actor


@dataclass
class Till:
    """Something whose effects can be counted; `gate` holds `perform` back until it is set."""

    database: Database
    rung: int = 0
    gate: asyncio.Event | None = None
    inside: asyncio.Event | None = None

    async def ring(
        self, actor: Actor, key: str | None, payload: dict[str, Any] | None = None, *, operation: str = "ring"
    ) -> int:
        async def perform() -> int:
            if self.inside and self.gate:
                self.inside.set()
                await self.gate.wait()
            self.rung += 1
            return self.rung

        async with self.database.transaction(Wall.app(actor.school_id)) as session:
            return await once(
                session,
                actor,
                operation=operation,
                key=key,
                payload=payload or {"amount": "10"},
                perform=perform,
                encode=lambda number: {"number": number},
                decode=lambda outcome: int(outcome["number"]),
            )


@pytest.fixture
def till(database: Database) -> Till:
    return Till(database)


async def test_a_repeated_request_gets_the_first_outcome(database: Database, till: Till) -> None:
    actor = await make_actor(database)
    assert [await till.ring(actor, "k") for _ in range(3)] == [1, 1, 1]
    assert till.rung == 1


async def test_without_a_key_each_request_counts(database: Database, till: Till) -> None:
    actor = await make_actor(database)
    assert [await till.ring(actor, None) for _ in range(2)] == [1, 2]


async def test_the_order_of_the_fields_does_not_matter(database: Database, till: Till) -> None:
    actor = await make_actor(database)
    await till.ring(actor, "k", {"a": 1, "b": {"c": 2, "d": 3}})
    assert await till.ring(actor, "k", {"b": {"d": 3, "c": 2}, "a": 1}) == 1


async def test_another_payload_under_the_same_key_is_refused(database: Database, till: Till) -> None:
    actor = await make_actor(database)
    await till.ring(actor, "k", {"amount": "10"})
    with pytest.raises(IdempotencyKeyReused):
        await till.ring(actor, "k", {"amount": "11"})
    assert till.rung == 1


async def test_keys_of_partners_operations_and_schools_are_apart(database: Database, till: Till) -> None:
    actor = await make_actor(database)
    colleague = replace(actor, partner_id=(await make_actor(database, partner="Sage")).partner_id)
    outcomes = [await till.ring(actor, "k"), await till.ring(actor, "k", operation="other")]
    outcomes.append(await till.ring(await make_actor(database), "k"))
    assert outcomes == [1, 2, 3]
    assert colleague.partner_id != actor.partner_id


async def test_a_failure_is_not_an_outcome(database: Database, till: Till) -> None:
    actor = await make_actor(database)

    async def fail() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with database.transaction(Wall.app(actor.school_id)) as session:
            await once(
                session, actor, operation="ring", key="k", payload={}, perform=fail, encode=lambda _: {}, decode=len
            )
    assert await till.ring(actor, "k", {"now": "well"}) == 1


async def test_a_second_request_does_not_wait_for_the_first(database: Database) -> None:
    actor = await make_actor(database)
    slow = Till(database, gate=asyncio.Event(), inside=asyncio.Event())
    assert slow.gate and slow.inside
    first = asyncio.create_task(slow.ring(actor, "k"))
    async with asyncio.timeout(10):
        await slow.inside.wait()
    with pytest.raises(IdempotencyInFlight):
        await slow.ring(actor, "k")
    slow.gate.set()
    assert await first == 1
    assert await slow.ring(actor, "k") == 1


async def test_fifty_identical_requests_have_one_effect(database: Database, till: Till) -> None:
    actor = await make_actor(database)
    outcomes = await asyncio.gather(*(till.ring(actor, "k") for _ in range(50)), return_exceptions=True)
    assert till.rung == 1
    assert {type(outcome) for outcome in outcomes} <= {int, IdempotencyInFlight}
    assert {outcome for outcome in outcomes if isinstance(outcome, int)} == {1}


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb"])
async def test_an_unusable_key_is_refused(database: Database, till: Till, key: str) -> None:
    with pytest.raises(InvalidInput):
        await till.ring(await make_actor(database), key)


async def test_old_keys_of_every_school_are_forgotten(fresh_database: Database) -> None:
    till = Till(fresh_database)
    actors = [await make_actor(fresh_database), await make_actor(fresh_database)]
    now = SystemClock().now()
    for actor in actors:
        async with fresh_database.transaction(Wall.app(actor.school_id)) as session:
            old = {"payload_digest": b"", "outcome": {}, "created_at": now - timedelta(days=8), "operation": "ring"}
            session.add_all(
                IdempotencyKey(school_id=actor.school_id, partner_id=actor.partner_id, key=str(number), **old)
                for number in range(3)
            )
        await till.ring(actor, "recent")
    assert await forget_idempotency_keys(fresh_database, now - timedelta(days=7)) == 6
    assert await forget_idempotency_keys(fresh_database, now - timedelta(days=7)) == 0
    assert [await till.ring(actor, "recent") for actor in actors] == [1, 2]
