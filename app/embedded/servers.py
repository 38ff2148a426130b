"""Starts, watches and stops the two servers of one data directory."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from app.embedded.addresses import SUPERUSER, Addresses
from app.embedded.binaries import Binaries, find_binaries
from app.embedded.child import Isolation, before_exec, choose_identity
from app.embedded.errors import ServerFailed
from app.embedded.places import Lock, give, make_data_directory, make_socket_directory, socket_directory

STARTING_SECONDS = 120.0
STOPPING_SECONDS = 15.0
REVIVING_SECONDS = 20.0
LOG_BYTES = 10_000_000
LOG_TAIL_LINES = 8


@dataclass
class Server:
    """One running server, and how it is started again."""

    name: str
    command: list[str]
    log: Path
    death_signal: signal.Signals
    ready: Callable[[int], bool]
    process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])


class Embedded:
    """PostgreSQL and Valkey in `root`, reached through sockets that only this user can open.

    As a context manager, from the main thread. `durable=False` gives up fsync and is for tests. `isolation`
    forces one way out of root. Raises EmbeddedError.
    """

    def __init__(self, root: Path, *, durable: bool = True, isolation: Isolation | None = None) -> None:
        self.root = root.absolute()
        self.durable = durable
        self._wanted = isolation
        self.addresses = Addresses(socket_directory(self.root))
        self._servers: list[Server] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def superuser_dsn(self, database: str = "postgres") -> str:
        return self.addresses.superuser_dsn(database)

    def database_url(self, database: str) -> str:
        return self.addresses.database_url(database)

    def redis_url(self, database: int = 0) -> str:
        return self.addresses.redis_url(database)

    @property
    def processes(self) -> dict[str, int]:
        """The process id of each running server, by name."""
        return {server.name: server.process.pid for server in self._servers if server.process and server.alive}

    def start(self) -> None:
        """Returns when both servers answer."""
        make_data_directory(self.root)
        self._lock = Lock(self.root)
        self._lock.acquire()
        try:
            self._prepare()
            started = [(server, self._spawn(server)) for server in self._servers]
            for server, process in started:
                self._await(server, process)
        except BaseException:
            self.stop()
            raise

    def revive(self) -> list[str]:
        """Starts servers that have ended and returns their names. Raises ServerFailed when one keeps ending."""
        dead = [server for server in self._servers if not server.alive]
        for server in dead:
            self._start_again(server)
        return [server.name for server in dead]

    def _start_again(self, server: Server) -> None:
        """Insists for a while: a PostgreSQL that was killed refuses until its last backend has noticed."""
        give_up = time.monotonic() + REVIVING_SECONDS
        while True:
            process = self._spawn(server)
            try:
                return self._await(server, process)
            except ServerFailed:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.1)

    def stop(self) -> None:
        """Stops both and waits for them; committed rows stay. A server that hangs is killed."""
        for server in self._servers:
            if server.process and server.alive:
                server.process.send_signal(server.death_signal)
        for server in self._servers:
            if server.process:
                _wait_or_kill(server.process)
        if self._servers:
            shutil.rmtree(self.addresses.sockets, ignore_errors=True)
        self._servers.clear()
        self._lock.close()

    def _prepare(self) -> None:
        binaries = find_binaries()
        self._identity = choose_identity(binaries.postgres, self._wanted)
        make_socket_directory(self.addresses.sockets, self._identity.uid)
        self._remove_leftovers()
        self._servers = [self._postgres(binaries), self._valkey(binaries)]

    def _remove_leftovers(self) -> None:
        """With the lock held no server of ours is alive, so what says otherwise is what a crash left.

        A stale postmaster.pid matters: in a container its number soon belongs to another process, and
        PostgreSQL refuses.
        """
        (self.root / "postgres" / "postmaster.pid").unlink(missing_ok=True)
        for leftover in self.addresses.sockets.iterdir():
            leftover.unlink()

    def _postgres(self, binaries: Binaries) -> Server:
        data = self.root / "postgres"
        log = self._log("postgres")
        if not data.exists():
            self._make_cluster(binaries.initdb, data, log)
        give(data, self._identity.uid)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.addresses.sockets),
            "unix_socket_permissions": "0700",
        }
        options |= {"max_connections": "200", **(DURABLE if self.durable else VOLATILE)}
        command = [str(binaries.postgres), "-D", str(data)]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return Server("PostgreSQL", command, log, signal.SIGINT, lambda process: _postmaster_is_ready(data, process))

    def _make_cluster(self, initdb: Path, data: Path, log: Path) -> None:
        """Made beside its place, renamed at the end: an interrupted start leaves no half cluster."""
        draft = data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        give(draft, self._identity.uid)
        command = [str(initdb), "-D", str(draft), "-U", SUPERUSER, *INITDB]
        command += ["--no-sync"] if not self.durable else []
        server = Server("initdb", command, log, signal.SIGKILL, lambda _: True)
        process = self._spawn(server)
        if process.wait() != 0:
            raise ServerFailed("initdb", f"ended with status {process.returncode}", log, server.tail())
        draft.rename(data)

    def _valkey(self, binaries: Binaries) -> Server:
        data = self.root / "valkey"
        data.mkdir(mode=0o700, exist_ok=True)
        give(data, self._identity.uid)
        options = {
            "port": "0",
            "unixsocket": str(self.addresses.valkey_socket),
            "unixsocketperm": "700",
            "dir": str(data),
        }
        options |= {
            "appendonly": "yes" if self.durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        command = [str(binaries.valkey)]
        command += [part for name, value in options.items() for part in (f"--{name}", value)]
        return Server(
            "Valkey",
            command,
            self._log("valkey"),
            signal.SIGTERM,
            lambda _: _valkey_answers(self.addresses.valkey_socket),
        )

    def _log(self, name: str) -> Path:
        log = self.root / f"{name}.log"
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        return log

    def _spawn(self, server: Server) -> subprocess.Popen[bytes]:
        with server.log.open("ab") as log:
            server.process = subprocess.Popen(
                server.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_clean_environment(os.environ),
                cwd=self.root,
                process_group=0,
                pass_fds=(self._lock.descriptor,),
                preexec_fn=before_exec(self._identity, server.death_signal),
            )
        return server.process

    def _await(self, server: Server, process: subprocess.Popen[bytes]) -> None:
        give_up = time.monotonic() + STARTING_SECONDS
        while not server.ready(process.pid):
            if process.poll() is not None:
                raise ServerFailed(server.name, f"ended with status {process.returncode}", server.log, server.tail())
            if time.monotonic() > give_up:
                what = f"did not answer within {STARTING_SECONDS:.0f} s"
                raise ServerFailed(server.name, what, server.log, server.tail())
            time.sleep(0.01)


INITDB = ["-A", "trust", "-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"]
INITDB += ["--sync-method=syncfs"] if sys.platform == "linux" else []
# An error's DETAIL and the statement beside it quote rows, that is, pupils: they stay out of the log.
DURABLE = {"log_error_verbosity": "terse", "log_min_error_statement": "panic"}
VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def _clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Without PG… variables, which would redirect the server, and without our secrets, which it does not
    need.
    """
    kept = {name: value for name, value in environment.items() if not name.startswith(("PG", "SKOOLY_"))}
    return kept | {"LC_ALL": "C"}


def _postmaster_is_ready(data: Path, process: int) -> bool:
    """Its pid file says whose it is, on the first line, and on the eighth whether recovery is over."""
    with contextlib.suppress(OSError):
        lines = (data / "postmaster.pid").read_text().splitlines()
        return len(lines) >= 8 and lines[0] == str(process) and lines[7].strip() == "ready"
    return False


def _valkey_answers(path: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        connection.connect(str(path))
        connection.sendall(b"PING\r\n")
        return connection.recv(5) == b"+PONG"
    return False


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOPPING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
