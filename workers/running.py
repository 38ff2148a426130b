"""The worker process: the drain of webhooks, and ARQ beside it. Where everything meets."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from app.core.crypto import Vault
from app.core.database import Database
from app.core.descriptors import descriptor_limit
from app.core.doorbell import Doorbell
from app.delivery.dialling import make_sender, most_under_way
from app.delivery.drain import Drain
from app.delivery.metrics import DeliveryMetrics
from app.delivery.options import Options
from app.settings import Settings
from workers.jobs import keep_running_jobs

SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def run_worker(settings: Settings) -> None:
    """Runs until a signal, then gives requests under way their grace. Valkey may come and go meanwhile.

    Raises what the drain or ARQ did not foresee, for the supervisor to start the process again.
    """
    stop = asyncio.Event()
    metrics = DeliveryMetrics()
    with _heeding_signals(stop), _serving(metrics, settings):
        async with (
            Doorbell(settings.redis_url) as doorbell,
            Database(settings.database_url, pool_size=settings.pool_size, announce=doorbell.ring) as database,
        ):
            await _work(settings, database, doorbell, metrics, stop)


async def _work(
    settings: Settings, database: Database, doorbell: Doorbell, metrics: DeliveryMetrics, stop: asyncio.Event
) -> None:
    options = make_options(settings)
    sender = make_sender(settings, options)
    drain = Drain(database, sender, doorbell, Vault(settings.sealing_keys).open, options, metrics)
    context = {"settings": settings, "database": database}
    try:
        await _until_one_ends(
            asyncio.create_task(drain.run(stop)),
            asyncio.create_task(keep_running_jobs(settings.redis_url, context, stop)),
            stop=stop,
        )
    finally:
        sender.close()


async def _until_one_ends(*tasks: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Whichever ends first, told to or not, takes the other along. Raises what went wrong."""
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await asyncio.wait(tasks)
    for task in tasks:
        task.result()


def make_options(settings: Settings) -> Options:
    return Options(
        most=most_under_way(descriptor_limit()), schedule=settings.webhook_schedule, grace=settings.drain_seconds
    )


@contextmanager
def _heeding_signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


@contextmanager
def _serving(metrics: DeliveryMetrics, settings: Settings) -> Iterator[None]:
    """`/metrics` of this worker, on a thread of its own, where an address is configured."""
    if not settings.worker_metrics:
        yield
        return
    host, _, port = settings.worker_metrics.rpartition(":")
    server, thread = start_http_server(int(port), host, metrics.registry)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
