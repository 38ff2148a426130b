"""ARQ, kept behind this module: it comes and goes with Valkey, and nothing else in the process does."""

import asyncio
import contextlib
from typing import Any

import structlog
from arq.connections import ArqRedis
from arq.worker import Worker, create_worker
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from app.core.tasks import end
from workers.serializer import deserialize, serialize
from workers.settings import WorkerSettings

log = structlog.get_logger(__name__)

VALKEY_SECONDS = 5.0
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
STEADY_SECONDS = 60.0


async def keep_running_jobs(redis_url: str, context: dict[str, Any], stop: asyncio.Event) -> None:
    """Returns when `stop` is set. Where Valkey is away, says so once for each time it tries to find it again."""
    pause = FIRST_PAUSE
    while not stop.is_set():
        began = asyncio.get_running_loop().time()
        try:
            await _run_jobs(redis_url, context, stop)
        except (RedisError, OSError) as error:
            log.error("valkey_unreachable", reason=type(error).__name__)
            if asyncio.get_running_loop().time() - began > STEADY_SECONDS:
                pause = FIRST_PAUSE
            await _wait(stop, pause)
            pause = min(LONGEST_PAUSE, pause * 2)


async def _run_jobs(redis_url: str, context: dict[str, Any], stop: asyncio.Event) -> None:
    pool = ConnectionPool.from_url(redis_url, socket_timeout=VALKEY_SECONDS, socket_connect_timeout=VALKEY_SECONDS)
    # The jobs of the clock are written by the connection, which would pickle them.
    redis = ArqRedis(pool, job_serializer=serialize, job_deserializer=deserialize)
    worker = create_worker(
        WorkerSettings,  # type: ignore[arg-type]
        redis_pool=redis,
        ctx=context,
        handle_signals=False,  # the process decides when it leaves, and in which order
    )
    running = asyncio.create_task(worker.async_run())
    told = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([running, told], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        told.cancel()
        running.cancel()
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            await asyncio.wait_for(_close(worker, running), VALKEY_SECONDS)


async def _close(worker: Worker, running: asyncio.Task[None]) -> None:
    """ARQ's own close would end at the first job that was cancelled, with its connections open."""
    if worker.main_task is not None:
        worker.main_task.cancel()
    await end([running, *worker.tasks.values()])
    worker.tasks.clear()
    await worker.close()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
