"""A Valkey of a test's own, which it may empty or kill: the run's is shared."""

import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.embedded.binaries import find_binaries
from app.embedded.child import before_exec, myself

STARTING_SECONDS = 20


@dataclass
class Valkey:
    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def own_valkey() -> Iterator[Valkey]:
    """To be called in the main thread. It is there when this returns."""
    with tempfile.TemporaryDirectory(prefix="skooly-") as folder:
        path = Path(folder) / "valkey.sock"
        command = [str(find_binaries().valkey), "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", folder]
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=before_exec(myself(), signal.SIGKILL),
        )
        try:
            _await(path)
            yield Valkey(f"unix://{path}", process)
        finally:
            process.kill()
            process.wait()


def _await(path: Path) -> None:
    give_up = time.monotonic() + STARTING_SECONDS
    with socket.socket(socket.AF_UNIX) as connection:
        while connection.connect_ex(str(path)):
            assert time.monotonic() < give_up, "Valkey does not answer"
            time.sleep(0.01)
