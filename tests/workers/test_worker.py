"""The worker as a process: it works at its start, leaves at a signal, and outlives Valkey."""

import os
import resource
import signal
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.descriptors import MOST
from app.embedded import Embedded
from tests.support.descriptors import limited_to
from tests.support.processes import until
from tests.support.worker import Worker


@pytest.fixture
def worker(tmp_path: Path, fresh_database_url: str, redis_url: str) -> Iterator[Worker]:
    with limited_to(1024):  # as a shell would start it
        worker = Worker(tmp_path / "worker.log", fresh_database_url, redis_url)
    yield worker
    worker.process.kill()
    worker.process.wait()


async def test_it_keeps_partitions_ahead_and_leaves_at_a_signal(worker: Worker) -> None:
    await until(lambda: worker.said("← cron:keep_partitions_ahead"))
    soft, hard = resource.prlimit(worker.process.pid, resource.RLIMIT_NOFILE)
    assert soft == min(hard, MOST), "each request is a socket"
    worker.process.send_signal(signal.SIGTERM)
    await until(lambda: worker.ended, seconds=5)
    assert worker.process.returncode == 0


async def test_it_stays_when_valkey_is_gone_and_takes_its_jobs_up_again(
    tmp_path: Path, fresh_database_url: str
) -> None:
    """Webhooks do not wait for Valkey, so the process must not end with it."""
    with Embedded(tmp_path / "valkey", durable=False) as embedded:
        worker = Worker(tmp_path / "worker.log", fresh_database_url, embedded.redis_url())
        try:
            await until(lambda: worker.said("← cron:keep_partitions_ahead"))
            os.kill(embedded.processes["Valkey"], signal.SIGKILL)
            await until(lambda: worker.said("valkey_unreachable"))
            assert not worker.ended
            before = worker.count("Starting worker")
            assert embedded.revive() == ["Valkey"]
            await until(lambda: worker.count("Starting worker") > before)
            worker.signal(signal.SIGTERM)
            await until(lambda: worker.ended)
            assert worker.process.returncode == 0
        finally:
            worker.kill()


async def test_it_starts_and_leaves_without_valkey(tmp_path: Path, fresh_database_url: str) -> None:
    worker = Worker(tmp_path / "worker.log", fresh_database_url, "redis://127.0.0.1:1/0")
    try:
        await until(lambda: worker.said("valkey_unreachable"))
        worker.signal(signal.SIGTERM)
        await until(lambda: worker.ended)
        assert worker.process.returncode == 0
    finally:
        worker.kill()


async def test_it_serves_its_metrics_where_it_is_told_to(
    tmp_path: Path, fresh_database_url: str, redis_url: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    worker = Worker(tmp_path / "worker.log", fresh_database_url, redis_url, SKOOLY_WORKER_METRICS=f"127.0.0.1:{port}")
    try:
        await until(lambda: worker.said("Starting worker"))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            assert "skooly_webhook_due 0.0" in answer.read().decode()
    finally:
        worker.kill()
