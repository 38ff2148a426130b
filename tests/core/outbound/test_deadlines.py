"""What has not ended in time is told, whatever becomes of the others."""

import asyncio
import time
from dataclasses import dataclass, field

from app.core.outbound.deadlines import Deadlines

TICK = 0.01


@dataclass(eq=False)
class Request:
    until: float
    fails: bool = False
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def late(self) -> None:
        self.told.set()
        if self.fails:
            raise LookupError("of this one alone")


def soon(*, fails: bool = False) -> Request:
    return Request(time.monotonic() + TICK, fails)


async def test_only_what_has_not_ended_is_told() -> None:
    deadlines, late, ended = Deadlines(TICK), soon(), soon()
    deadlines.add(late)
    deadlines.add(ended)
    assert deadlines.remove(ended)
    async with asyncio.timeout(5):
        await late.told.wait()
    assert not ended.told.is_set()
    assert (late in deadlines, deadlines.remove(late)) == (False, False)


async def test_one_that_fails_does_not_keep_the_others() -> None:
    failed: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: failed.append(str(told["exception"])))
    deadlines, all_of_them = Deadlines(TICK), [soon(fails=True), soon(fails=True), soon()]
    for each in all_of_them:
        deadlines.add(each)
    async with asyncio.timeout(5):
        await asyncio.gather(*(each.told.wait() for each in all_of_them))
    assert failed == ["of this one alone"] * 2
