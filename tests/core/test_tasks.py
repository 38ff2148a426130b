"""Background tasks end, also those that lose a cancellation on the way or end badly."""

import asyncio
import gc

from app.core.tasks import end


async def _stubborn(cancellations: list[int]) -> None:
    """Keeps all but the last to itself."""
    while cancellations:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancellations.pop()


async def _failing() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        raise LookupError


async def test_whoever_keeps_a_cancellation_is_asked_again() -> None:
    kept = [1, 2, 3]
    task = asyncio.create_task(_stubborn(kept))
    await asyncio.sleep(0)
    await end([task])
    assert task.done() and kept == []


async def test_what_one_ends_with_is_nobodys_concern() -> None:
    told: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context))
    try:
        task = asyncio.create_task(_failing())
        await asyncio.sleep(0)
        await end([task])
        del task
        gc.collect()
    finally:
        loop.set_exception_handler(None)
    assert told == []
