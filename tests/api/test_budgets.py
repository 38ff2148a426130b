"""Budgets: decided at once, shared in blocks through Valkey, and counted alone while it is away."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from app.api.budgets import DEVICE_FACTOR, Budgets, ValkeyLeases
from app.api.budgets.limiter import BLOCKS
from app.api.cost import MAX_COST
from app.api.errors import RateLimited
from app.core.actor import Actor
from app.core.scopes import Scope
from app.settings import Settings
from tests.api.support import actor
from tests.support.clock import FixedClock

LIMIT = 6_000
BLOCK = LIMIT // BLOCKS


@pytest.fixture
async def valkey(redis_url: str) -> AsyncIterator[Redis]:
    redis = Redis.from_url(redis_url)
    yield redis
    await redis.aclose()


@pytest.fixture
async def nowhere() -> AsyncIterator[Redis]:
    redis = Redis.from_url("redis://127.0.0.1:1/0")
    yield redis
    await redis.aclose()


def partner(*scopes: str) -> Actor:
    """A key that no other test spends."""
    return replace(actor(*(scopes or (Scope.STUDENTS_READ,))), key_id=uuid.uuid4().hex[:12])


def make_budgets(redis: Redis, clock: FixedClock) -> Budgets:
    return Budgets(ValkeyLeases(redis), clock, limit=LIMIT)


def spends(budgets: Budgets, key: Actor, points: int) -> bool:
    try:
        budgets.spend(key, points)
    except RateLimited:
        return False
    return True


async def spend_all(budgets: Budgets, key: Actor, points: int) -> int:
    """Spends until it is refused, with every lease answered in between; how much it was."""
    spent = 0
    while spends(budgets, key, points):
        spent += points
        await budgets.settled()
    return spent


async def test_a_key_spends_its_budget_and_not_a_point_more(valkey: Redis, clock: FixedClock) -> None:
    budgets, key = make_budgets(valkey, clock), partner()
    assert await spend_all(budgets, key, 7) == LIMIT // 7 * 7
    assert budgets.of(key).remaining == LIMIT % 7
    with pytest.raises(RateLimited) as refusal:
        budgets.spend(key, 7)
    assert refusal.value.facts["seconds"] == budgets.of(key).seconds
    assert spends(budgets, key, LIMIT % 7)
    assert budgets.of(key).remaining == 0


async def test_the_budget_is_whole_again_when_it_says_so(valkey: Redis, clock: FixedClock) -> None:
    budgets, key = make_budgets(valkey, clock), partner()
    await spend_all(budgets, key, 100)
    told = budgets.of(key)
    clock.set(told.reset_at - timedelta(milliseconds=1))
    assert not spends(budgets, key, 1)
    clock.set(told.reset_at)
    assert budgets.of(key).remaining == LIMIT
    assert budgets.of(key).seconds == 60
    assert await spend_all(budgets, key, 100) == LIMIT


async def test_the_dearest_operation_passes_beside_another_one(valkey: Redis, clock: FixedClock) -> None:
    """Before the first lease has been answered."""
    budgets, key = make_budgets(valkey, clock), partner()
    assert spends(budgets, key, 1)
    assert spends(budgets, key, MAX_COST)
    await budgets.settled()
    assert budgets.of(key).remaining == LIMIT - 1 - MAX_COST


async def test_who_is_too_fast_for_the_first_lease_is_told_to_come_back_at_once(
    valkey: Redis, clock: FixedClock
) -> None:
    budgets, key = make_budgets(valkey, clock), partner()
    with pytest.raises(RateLimited) as refusal:
        for _ in range(LIMIT):
            budgets.spend(key, 1)
    assert refusal.value.facts["seconds"] == 1
    await budgets.settled()
    assert spends(budgets, key, 1)


async def test_a_request_asks_valkey_a_few_times_a_minute_at_most(valkey: Redis, clock: FixedClock) -> None:
    asked = []

    class Noting(ValkeyLeases):
        async def lease(self, key_id: str, window: int, asked_for: int, limit: int) -> tuple[int, int]:
            asked.append(asked_for)
            return await super().lease(key_id, window, asked_for, limit)

    budgets, key = Budgets(Noting(valkey), clock, limit=LIMIT), partner()
    assert await spend_all(budgets, key, 1) == LIMIT
    assert len(asked) <= 2 * BLOCKS


MOVES = st.lists(st.tuples(st.integers(0, 1), st.integers(1, MAX_COST + 1), st.booleans()), min_size=1, max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(moves=MOVES)
async def test_two_processes_share_a_budget(
    valkey: Redis, clock: FixedClock, moves: list[tuple[int, int, bool]]
) -> None:
    """Whoever spends when, and whether or not leases are answered meanwhile: never more than the budget and what each
    had on credit; and nobody is refused what both together still have."""
    processes, key = [make_budgets(valkey, clock) for _ in range(2)], partner()
    spent, dearest = 0, 0
    for place, points, answered in moves:
        dearest = max(dearest, points)
        allowed = spends(processes[place], key, points)
        spent += points if allowed else 0
        assert spent <= LIMIT + 2 * (BLOCK + dearest)
        if answered:
            for budgets in processes:
                await budgets.settled()
            if not allowed and not spends(processes[place], key, points):
                assert spent + points > LIMIT - 2 * BLOCK - dearest
                continue
            spent += 0 if allowed else points
    for budgets in processes:
        await budgets.settled()


async def test_processes_that_are_killed_again_and_again_take_little_of_a_large_budget_with_them(
    valkey: Redis, clock: FixedClock
) -> None:
    """Each of them has leased a block and is gone: twenty starts in a minute leave nearly all of it."""
    key = partner()
    for _ in range(20):
        budgets = Budgets(ValkeyLeases(valkey), clock, limit=10**9)
        assert spends(budgets, key, 11)
        await budgets.settled()
    assert budgets.of(key).remaining > 900_000_000


async def test_without_valkey_a_process_counts_alone(nowhere: Redis, clock: FixedClock) -> None:
    budgets, key = make_budgets(nowhere, clock), partner()
    assert await spend_all(budgets, key, 11) == LIMIT // 11 * 11
    clock.advance(timedelta(minutes=1))
    assert await spend_all(budgets, key, 11) == LIMIT // 11 * 11


async def test_an_emptied_valkey_gives_a_process_nothing_twice(valkey: Redis, clock: FixedClock) -> None:
    budgets, key, spent = make_budgets(valkey, clock), partner(), 0
    while spends(budgets, key, 100):
        spent += 100
        await budgets.settled()
        await valkey.delete(*[each async for each in valkey.scan_iter(f"skooly:budget:{key.key_id}:*")] or ["nothing"])
    assert spent == LIMIT


async def test_a_turnstile_has_a_budget_that_no_gate_reaches(valkey: Redis, clock: FixedClock) -> None:
    """Ten gates of one key, each passed by somebody every second: a check (2 points) and a passage (11) each."""
    budgets, key = make_budgets(valkey, clock), partner(Scope.ACCESS_CHECK, Scope.ACCESS_RECORD)
    assert budgets.of(key).limit == LIMIT * DEVICE_FACTOR
    for _ in range(10 * 60):
        budgets.spend(key, 2)
        budgets.spend(key, 11)
        await budgets.settled()
    assert budgets.of(key).remaining > LIMIT * DEVICE_FACTOR // 2


async def test_minutes_of_keys_begin_at_different_seconds(valkey: Redis, clock: FixedClock) -> None:
    budgets = make_budgets(valkey, clock)
    assert len({budgets.of(partner()).reset_at for _ in range(100)}) > 20


def test_the_smallest_budget_pays_the_dearest_request() -> None:
    [bound] = [each.gt for each in Settings.model_fields["budget_points"].metadata if hasattr(each, "gt")]
    assert bound >= MAX_COST
