"""New connections are begun a few in each turn of the loop, in the order they came."""

import asyncio

from app.web.newcomers import Newcomers


async def test_a_few_in_each_turn_in_the_order_they_came() -> None:
    newcomers = Newcomers(at_once=2)
    begun: list[int] = []
    for number in range(7):
        if newcomers.enter():
            begun.append(number)
        else:
            newcomers.wait(lambda number=number: begun.append(number))  # type: ignore[misc]
    seen = [list(begun)]
    while len(begun) < 7:
        await asyncio.sleep(0)
        seen.append(list(begun))
    assert seen == [[0, 1], [0, 1, 2, 3], [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5, 6]]


async def test_who_comes_later_comes_after_those_who_wait() -> None:
    newcomers = Newcomers(at_once=1)
    begun: list[int] = []
    assert newcomers.enter()
    newcomers.wait(lambda: begun.append(1))
    await asyncio.sleep(0)
    assert begun == [1]
    assert not newcomers.enter(), "this turn is taken"


async def test_a_turn_in_which_nobody_came_is_not_kept_for_later() -> None:
    newcomers = Newcomers(at_once=2)
    for _ in range(2):
        assert [newcomers.enter() for _ in range(3)] == [True, True, False]
        for _ in range(5):
            await asyncio.sleep(0)


async def test_one_that_fails_does_not_keep_the_others_waiting() -> None:
    failed: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: failed.append(str(told["exception"])))
    newcomers = Newcomers(at_once=1)
    begun: list[int] = []

    def fail() -> None:
        raise LookupError("of this one alone")

    assert newcomers.enter()
    newcomers.wait(fail)
    newcomers.wait(lambda: begun.append(1))
    for _ in range(3):
        await asyncio.sleep(0)
    assert (failed, begun) == (["of this one alone"], [1])
    await asyncio.sleep(0)
    assert newcomers.enter()
