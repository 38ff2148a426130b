"""A receiver that answers only what is on its disk: `python -m bench.faults.receiver LEDGER [quick]`.

It prints its port. A line of the ledger is `webhook-id subject sha256-of-the-body arrival`, the arrival in seconds
since 1970. What comes while the disk is written to shares the next write. One answer in four takes its time, so that
whoever is killed has requests under way. A quick one waits for neither.
"""

import asyncio
import hashlib
import os
import sys
import time
from pathlib import Path

import orjson
import uvloop

from bench.sink import ANSWER, Sink

SLOW_ONE_IN = 4
SLOW_SECONDS = 0.5


class Ledger:
    def __init__(self, path: Path, *, synced: bool) -> None:
        self._synced = synced
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._waiting: list[tuple[str, asyncio.Transport]] = []
        self._some = asyncio.Event()
        self._answered = 0

    def add(self, line: str, transport: asyncio.Transport) -> None:
        """The transport is answered once the line is on the disk."""
        self._waiting.append((line, transport))
        self._some.set()

    async def keep(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            batch, self._waiting = self._waiting, []
            await asyncio.to_thread(self._write, "".join(line for line, _ in batch).encode())
            for _, transport in batch:
                self._answer(transport)

    def _answer(self, transport: asyncio.Transport) -> None:
        self._answered += 1
        if self._synced and self._answered % SLOW_ONE_IN == 0:
            asyncio.get_running_loop().call_later(SLOW_SECONDS, _write, transport)
        else:
            _write(transport)

    def _write(self, lines: bytes) -> None:
        os.write(self._descriptor, lines)
        if self._synced:
            os.fsync(self._descriptor)


def _write(transport: asyncio.Transport) -> None:
    """Whoever asked may have been killed meanwhile."""
    if not transport.is_closing():
        transport.write(ANSWER)


class Receiver(Sink):
    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def take(self, transport: asyncio.Transport, head: bytes, body: bytes) -> None:
        at = time.time()
        webhook_id = head.partition(b"\r\nwebhook-id:")[2].split(b"\r\n", 1)[0].strip().decode()
        subject = orjson.loads(body)["subject"]
        self._ledger.add(f"{webhook_id} {subject} {hashlib.sha256(body).hexdigest()} {at:.6f}\n", transport)


async def main(path: Path, *, synced: bool) -> None:
    ledger = Ledger(path, synced=synced)
    server = await asyncio.get_running_loop().create_server(lambda: Receiver(ledger), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ledger.keep()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), synced="quick" not in sys.argv[2:]))
