"""The worker as a process: it works at its start, leaves at a signal, and ends when Valkey is gone."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.data_directory import DataDirectory
from app.embedded import Embedded
from tests.support.platform import CHECKOUT, clean_environment
from tests.support.processes import until


class Worker:
    def __init__(self, log: Path, database_url: str, redis_url: str) -> None:
        self._log = log
        settings = DataDirectory(log.parent).settings(database_url, redis_url)
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "worker"],
                cwd=CHECKOUT,
                env={**clean_environment(), **settings.as_environment()},
                stdout=output,
                stderr=output,
            )

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]

    def said(self, words: str) -> bool:
        return any(words in str(line["event"]) for line in self.lines())

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None


@pytest.fixture
def worker(tmp_path: Path, fresh_database_url: str, redis_url: str) -> Iterator[Worker]:
    worker = Worker(tmp_path / "worker.log", fresh_database_url, redis_url)
    yield worker
    worker.process.kill()
    worker.process.wait()


async def test_it_keeps_partitions_ahead_and_leaves_at_a_signal(worker: Worker) -> None:
    await until(lambda: worker.said("← cron:keep_partitions_ahead"))
    worker.process.send_signal(signal.SIGTERM)
    await until(lambda: worker.ended, seconds=5)
    assert worker.process.returncode == 0


async def test_it_ends_with_an_error_when_valkey_is_gone(tmp_path: Path, fresh_database_url: str) -> None:
    """The supervisor starts it again; a worker that hangs on a dead connection would look healthy."""
    with Embedded(tmp_path / "valkey", durable=False) as embedded:
        worker = Worker(tmp_path / "worker.log", fresh_database_url, embedded.redis_url())
        await until(lambda: worker.said("Starting worker"))
        os.kill(embedded.processes["Valkey"], signal.SIGKILL)
        await until(lambda: worker.ended)
    assert worker.process.returncode == os.EX_UNAVAILABLE
    assert worker.said("valkey_unreachable")
