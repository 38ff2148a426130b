"""A whole platform as children of this process: durable servers, the API, two workers; and what is done to them."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from redis import Redis

from app.cli.data_directory import DATABASE, DataDirectory
from app.cli.listening import listen, url_of
from app.cli.readiness import await_ready
from app.cli.supervisor import Child
from app.core.migrate import upgrade
from app.core.roles import bootstrap_roles
from app.embedded import Embedded
from app.settings import Settings
from bench.faults.plan import Fault

COMMAND = (sys.executable, "-m", "app.cli")
WORKERS = 2
OPEN = {"SKOOLY_OUTBOUND_DEVELOPMENT": "true", "SKOOLY_BUDGET_POINTS": "1000000000"}
"""The receiver is on this machine, and the load asks more than a partner may."""
RESTART_SECONDS = 0.3
"""A crashed process comes back after that long."""
CHECKED_SECONDS = 0.1


@dataclass
class Platform:
    """As a context manager, from the main thread."""

    root: Path
    stopped_seconds: float
    """How long SIGSTOP lasts: past any lease."""
    settings: Settings = field(init=False)
    url: str = field(init=False)
    _stack: ExitStack = field(default_factory=ExitStack)
    _stopped: dict[int, float] = field(default_factory=dict)
    """Process → when it is let go on."""

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def _start(self) -> None:
        self._servers = self._stack.enter_context(Embedded(self.root))
        asyncio.run(_migrate(self._servers))
        listener = self._stack.enter_context(listen("127.0.0.1", 0))
        self.url = url_of(listener)
        directory = DataDirectory(self.root)
        self.settings = directory.settings(self._servers.database_url(DATABASE), self._servers.redis_url())
        environment = {**os.environ, **self.settings.as_environment(), **OPEN}
        descriptor = listener.fileno()
        api = [*COMMAND, "serve", "--fd", str(descriptor)]
        self._api = Child("API", api, environment, directory.log("api"), [descriptor])
        self._workers = [
            Child(f"worker {number}", [*COMMAND, "worker"], environment, directory.log(f"worker-{number}"))
            for number in range(1, WORKERS + 1)
        ]
        self._stack.callback(self._end)
        for child in self._children:
            child.start()
        await_ready(listener, self._children)

    @property
    def _children(self) -> list[Child]:
        return [self._api, *self._workers]

    @property
    def dsn(self) -> str:
        """Of the superuser, who sees all schools."""
        return self._servers.superuser_dsn(DATABASE)

    def tend(self) -> None:
        """Starts again what ended, lets go on what was stopped long enough."""
        self._servers.revive()
        now = time.monotonic()
        for process, until in list(self._stopped.items()):
            if now >= until:
                self._let_go(process)
        for child in self._children:
            if child.alive:
                child.due = None
            elif child.due is None:
                child.due = now + RESTART_SECONDS
            elif now >= child.due:
                child.start()

    @property
    def anybody_stopped(self) -> bool:
        return bool(self._stopped)

    def strike(self, fault: Fault) -> bool:
        """False where there is nobody to hit at the moment."""
        return self._blows()[fault]()

    def _blows(self) -> dict[Fault, Callable[[], bool]]:
        return {
            Fault.KILL_WORKER: lambda: self._signal_worker(signal.SIGKILL),
            Fault.STOP_WORKER: self._stop_worker,
            Fault.LEAVE_WORKER: lambda: self._signal_worker(signal.SIGTERM),
            Fault.KILL_API: lambda: _signal(self._api, signal.SIGKILL),
            Fault.LEAVE_API: lambda: _signal(self._api, signal.SIGTERM),
            Fault.KILL_VALKEY: lambda: self._kill_server("Valkey"),
            Fault.FLUSH_VALKEY: self._flush,
            Fault.KILL_POSTGRES: lambda: self._kill_server("PostgreSQL"),
        }

    def _signal_worker(self, number: signal.Signals) -> bool:
        """Whichever has run for longest, of those that are not stopped."""
        up = [child for child in self._workers if child.alive and _pid(child) not in self._stopped]
        return bool(up) and _signal(min(up, key=lambda child: child.started), number)

    def _stop_worker(self) -> bool:
        if self._stopped:
            return False
        up = [child for child in self._workers if child.alive]
        if not up or not _signal(up[0], signal.SIGSTOP):
            return False
        self._stopped[_pid(up[0])] = time.monotonic() + self.stopped_seconds
        return True

    def _let_go(self, process: int) -> None:
        del self._stopped[process]
        if process in map(_pid, self._workers):
            os.kill(process, signal.SIGCONT)

    def _kill_server(self, name: str) -> bool:
        process = self._servers.processes.get(name)
        if process is None:
            return False
        os.kill(process, signal.SIGKILL)
        return True

    def _flush(self) -> bool:
        with Redis.from_url(self.settings.redis_url, socket_timeout=5) as redis:
            redis.flushall()
        return True

    def _end(self) -> None:
        for process in list(self._stopped):
            self._let_go(process)
        for child in self._children:
            if child.process and child.alive:
                child.process.terminate()
        for child in self._children:
            if child.process:
                _wait_or_kill(child.process)


async def _migrate(servers: Embedded) -> None:
    await bootstrap_roles(servers.superuser_dsn(), DATABASE)
    await upgrade(servers.database_url(DATABASE))


def _pid(child: Child) -> int:
    return child.process.pid if child.process else 0


def _signal(child: Child, number: signal.Signals) -> bool:
    if child.process is None or not child.alive:
        return False
    child.process.send_signal(number)
    return True


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
