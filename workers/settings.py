"""What the worker runs, and how."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from arq import cron
from arq.connections import RedisSettings
from arq.cron import CronJob
from arq.worker import create_worker

from app.core.database import Database
from app.settings import Settings
from workers.partitions import keep_partitions_ahead
from workers.serializer import deserialize, serialize


class WorkerSettings:
    """For `arq`; the servers' addresses come from `run_worker`."""

    functions: ClassVar[Sequence[Callable[..., Any]]] = ()
    cron_jobs: ClassVar[Sequence[CronJob]] = (
        cron(keep_partitions_ahead, hour={3}, minute={17}, run_at_startup=True),  # type: ignore[arg-type]
    )
    job_serializer = staticmethod(serialize)
    job_deserializer = staticmethod(deserialize)
    keep_result = 0
    max_jobs = 20
    job_timeout = 300
    health_check_interval = 30
    retry_jobs = True


async def run_worker(settings: Settings) -> None:
    """Runs until a signal; ends with an error when Valkey goes away, for the supervisor to start it again."""
    async with Database(settings.database_url, pool_size=settings.pool_size) as database:
        worker = create_worker(
            WorkerSettings,  # type: ignore[arg-type]
            redis_settings=RedisSettings.from_dsn(settings.redis_url),
            ctx={"settings": settings, "database": database},
        )
        try:
            with contextlib.suppress(asyncio.CancelledError):  # ARQ's answer to SIGTERM
                await worker.async_run()
        finally:
            await worker.close()
