"""Ending tasks that run in the background."""

import asyncio
from collections.abc import Iterable
from typing import Any

ASKED_AGAIN_SECONDS = 0.2


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels them and returns once each has ended, whatever it ended with.

    Who goes on is cancelled again: before Python 3.12 `asyncio.wait_for`, through which redis-py sends, keeps a
    cancellation to itself when what it waited for was ready at the same time, and its task would go on for ever.
    """
    going = set(tasks)
    while going:
        for task in going:
            task.cancel()
        ended, going = await asyncio.wait(going, timeout=ASKED_AGAIN_SECONDS)
        for task in ended:
            if not task.cancelled():
                task.exception()  # or it would be told of as never looked at
