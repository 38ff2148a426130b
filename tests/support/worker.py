"""`skooly worker` as a process of its own, to be killed, stopped and told to leave."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.cli.data_directory import DataDirectory
from tests.support.factories.webhooks import VAULT_KEY
from tests.support.platform import CHECKOUT, clean_environment

WEBHOOKS = {
    "SKOOLY_OUTBOUND_DEVELOPMENT": "true",
    "SKOOLY_SECRET_KEYS": json.dumps({"1": b64encode(VAULT_KEY).decode()}),
}


class Worker:
    """Its log lines go to `log`; `environment` is added to what it needs."""

    def __init__(self, log: Path, database_url: str, redis_url: str, **environment: str) -> None:
        self._log = log
        settings = DataDirectory(log.parent).settings(database_url, redis_url)
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "worker"],
                cwd=CHECKOUT,
                env={**clean_environment(), **settings.as_environment(), **WEBHOOKS, **environment},
                stdout=output,
                stderr=output,
            )

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]

    def said(self, words: str) -> bool:
        return self.count(words) > 0

    def count(self, words: str) -> int:
        return sum(words in str(line["event"]) for line in self.lines())

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """With kill -9, stopped or not."""
        self.process.kill()
        self.process.wait()


Start = Callable[..., Worker]


@contextmanager
def workers(folder: Path, database_url: str, redis_url: str) -> Iterator[Start]:
    """What it yields starts one worker after another; none of them is left behind."""
    with ExitStack() as stack:

        def start(**environment: str) -> Worker:
            number = len(list(folder.glob("worker-*.log")))
            worker = Worker(folder / f"worker-{number}.log", database_url, redis_url, **environment)
            stack.callback(worker.kill)
            return worker

        yield start
