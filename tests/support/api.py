"""`skooly serve` as processes of its own, several behind one address: what a balancer shows its clients."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from app.settings import Settings
from tests.support.platform import CHECKOUT, clean_environment


class Fleet:
    """The listening socket is the balancer: whichever process accepts first has the client."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._environment = {**clean_environment(), **settings.as_environment()}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._started = 0
        address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url, self.sockets = f"http://{address}", f"ws://{address}/graphql"

    def start(self) -> None:
        """One process more; it accepts clients as soon as it can."""
        self._started += 1
        descriptor = self._listener.fileno()
        with (self._folder / f"api-{self._started}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "app.cli", "serve", "--fd", str(descriptor)],
                    cwd=CHECKOUT,
                    env=self._environment,
                    pass_fds=[descriptor],
                    stdout=log,
                    stderr=log,
                )
            )

    def stop_oldest(self) -> int:
        """As a deployment does: told to stop, and waited for. Its exit status."""
        process = self._processes.pop(0)
        process.send_signal(signal.SIGTERM)
        return process.wait(30)

    def count(self, words: str) -> int:
        """How many of them have logged it."""
        return sum(words in log.read_text() for log in self._folder.glob("api-*.log"))

    def close(self) -> None:
        for process in self._processes:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        self._listener.close()
