"""`skooly up` as its users run it: a process of its own, told apart by its data directory."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.processes import descendants, is_alive

CHECKOUT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "app.cli", "up", "--json", "--port"]


def clean_environment() -> dict[str, str]:
    """Tests ask more in a minute than partners do."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SKOOLY_")}
    return {**kept, "SKOOLY_BUDGET_POINTS": "1000000"}


class RunningPlatform:
    """Ready once made; `answer` is the JSON object that `up --json` printed."""

    def __init__(self, data: Path, *arguments: str, port: int = 0) -> None:
        command = [*COMMAND, str(port), "--data", str(data), *arguments]
        self._errors = (data.parent / f"{data.name}.stderr").open("w+")
        self.process = subprocess.Popen(
            command, cwd=CHECKOUT, env=clean_environment(), stdout=subprocess.PIPE, stderr=self._errors, text=True
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.said()
        self.answer: dict[str, Any] = json.loads(line)
        self.processes = descendants(self.process.pid)

    @property
    def url(self) -> str:
        return str(self.answer["url"])

    def said(self) -> str:
        """Its standard error so far."""
        return Path(self._errors.name).read_text()

    def status(self, path: str) -> int:
        """The HTTP status of a GET; 0 while nothing answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def children(self, *words: str) -> list[int]:
        """The processes below it whose command line holds one of `words`."""
        return [
            process for process in descendants(self.process.pid) if any(word in _command(process) for word in words)
        ]

    def leftovers(self) -> list[int]:
        return [process for process in self.processes if is_alive(process)]

    def signal(self, number: int) -> int:
        """Sends it to the parent alone and returns the parent's exit status."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        self.process.stdout.close()
        self._errors.close()


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
