"""Connections that are kept: the one used last first, no more than are worth it, none to where a name led before."""

import asyncio
from ipaddress import ip_address

import pytest

from app.core.outbound.connection import Connection
from app.core.outbound.pool import Pool

HERE, ELSEWHERE = ip_address("192.0.2.1"), ip_address("192.0.2.2")
PLACE, OTHER = ("https", "a.example", 443), ("https", "b.example", 443)


class Quiet(asyncio.Transport):
    def abort(self) -> None:
        """As a socket that is closed at once."""


@pytest.fixture
async def pool() -> Pool:
    """Within a loop: idle connections are closed by its clock."""
    return Pool(most=3, most_of_one=2, idle_seconds=60)


def kept() -> Connection:
    connection = Connection(HERE)
    connection.connection_made(Quiet())
    return connection


async def test_the_one_used_last_is_used_first(pool: Pool) -> None:
    first, last = kept(), kept()
    for each in (first, last):
        pool.give(PLACE, each)
    assert [pool.take(PLACE, [HERE]) for _ in range(3)] == [last, first, None]
    assert pool.take(OTHER, [HERE]) is None


async def test_a_place_keeps_so_many_and_all_together_so_many(pool: Pool) -> None:
    mine, too_many, others = [kept(), kept()], kept(), [kept(), kept()]
    for each in (*mine, too_many):
        pool.give(PLACE, each)
    assert (len(pool), too_many.open) == (2, False)
    for each in others:
        pool.give(OTHER, each)
    assert (len(pool), [each.open for each in mine]) == (3, [False, True]), "the longest idle one made room"


async def test_what_leads_to_an_address_that_is_no_longer_vetted_is_ended(pool: Pool) -> None:
    connection = kept()
    pool.give(PLACE, connection)
    assert pool.take(PLACE, [ELSEWHERE]) is None
    assert (connection.open, len(pool)) == (False, 0)


async def test_what_was_closed_meanwhile_is_not_given_out(pool: Pool) -> None:
    closed, lost = kept(), kept()
    pool.give(PLACE, closed)
    closed.open = False
    pool.give(PLACE, lost)
    lost.connection_lost(None)
    assert (pool.take(PLACE, [HERE]), len(pool)) == (None, 0)


async def test_what_nobody_uses_is_closed() -> None:
    pool, connection = Pool(idle_seconds=0.01), kept()
    pool.give(PLACE, connection)
    async with asyncio.timeout(5):
        while connection.open:
            await asyncio.sleep(0.005)
    assert len(pool) == 0
