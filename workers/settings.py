"""Which jobs ARQ runs, and how."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from arq import cron
from arq.cron import CronJob

from workers.audit import seal_settled_audit, seal_stray_audit
from workers.books import post_meals, post_waiting_facts
from workers.idempotency import forget_old_idempotency_keys
from workers.partitions import keep_partitions_ahead
from workers.serializer import deserialize, serialize
from workers.webhooks import drop_old_deliveries, forget_old_responses, reseal_webhook_secrets


class WorkerSettings:
    """For `arq`; the connection comes from `workers.jobs`."""

    functions: ClassVar[Sequence[Callable[..., Any]]] = ()
    cron_jobs: ClassVar[Sequence[CronJob]] = (
        cron(keep_partitions_ahead, hour={3}, minute={17}, run_at_startup=True),  # type: ignore[arg-type]
        cron(forget_old_idempotency_keys, hour={3}, minute={41}),  # type: ignore[arg-type]
        cron(post_waiting_facts, minute=set(range(4, 60, 5))),  # type: ignore[arg-type]
        cron(post_meals, minute={6, 21, 36, 51}),  # type: ignore[arg-type]
        cron(seal_settled_audit, second={7}),  # type: ignore[arg-type]
        cron(seal_stray_audit, hour={3}, minute={53}),  # type: ignore[arg-type]
        cron(forget_old_responses, hour={4}, minute={7}),  # type: ignore[arg-type]
        cron(drop_old_deliveries, hour={4}, minute={23}),  # type: ignore[arg-type]
        cron(reseal_webhook_secrets, hour={4}, minute={37}),  # type: ignore[arg-type]
    )
    job_serializer = staticmethod(serialize)
    job_deserializer = staticmethod(deserialize)
    keep_result = 0
    max_jobs = 20
    job_timeout = 300
    health_check_interval = 30
    retry_jobs = True
