"""What the worker runs, and how."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import structlog
from arq import cron
from arq.connections import RedisSettings
from arq.cron import CronJob
from arq.worker import Worker, create_worker
from redis.exceptions import RedisError

from app.core.database import Database
from app.core.errors import Unavailable
from app.settings import Settings
from workers.audit import seal_settled_audit, seal_stray_audit
from workers.books import post_meals, post_waiting_facts
from workers.idempotency import forget_old_idempotency_keys
from workers.partitions import keep_partitions_ahead
from workers.serializer import deserialize, serialize

log = structlog.get_logger(__name__)


class WorkerSettings:
    """For `arq`; the servers' addresses come from `run_worker`."""

    functions: ClassVar[Sequence[Callable[..., Any]]] = ()
    cron_jobs: ClassVar[Sequence[CronJob]] = (
        cron(keep_partitions_ahead, hour={3}, minute={17}, run_at_startup=True),  # type: ignore[arg-type]
        cron(forget_old_idempotency_keys, hour={3}, minute={41}),  # type: ignore[arg-type]
        cron(post_waiting_facts, minute=set(range(4, 60, 5))),  # type: ignore[arg-type]
        cron(post_meals, minute={6, 21, 36, 51}),  # type: ignore[arg-type]
        cron(seal_settled_audit, second={7}),  # type: ignore[arg-type]
        cron(seal_stray_audit, hour={3}, minute={53}),  # type: ignore[arg-type]
    )
    job_serializer = staticmethod(serialize)
    job_deserializer = staticmethod(deserialize)
    keep_result = 0
    max_jobs = 20
    job_timeout = 300
    health_check_interval = 30
    retry_jobs = True


async def run_worker(settings: Settings) -> None:
    """Runs until a signal. Raises Unavailable when Valkey goes away, for the supervisor to start it again."""
    async with Database(settings.database_url, pool_size=settings.pool_size) as database:
        worker = create_worker(
            WorkerSettings,  # type: ignore[arg-type]
            redis_settings=RedisSettings.from_dsn(settings.redis_url),
            ctx={"settings": settings, "database": database},
        )
        try:
            with contextlib.suppress(asyncio.CancelledError):  # ARQ's answer to SIGTERM
                await worker.async_run()
            await _close(worker)
        except RedisError as error:
            log.error("valkey_unreachable", reason=type(error).__name__)
            raise Unavailable from error


async def _close(worker: Worker) -> None:
    """ARQ's own close would end at the first job that a signal cancelled, with its connections open."""
    await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
    worker.tasks.clear()
    await worker.close()
