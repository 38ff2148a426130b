"""The embedded servers: start, stop, refuse a second start, survive the death of whoever started them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis.asyncio

from app.embedded import DataDirectoryInUse, DataDirectoryUnusable, Embedded, ServerFailed
from app.embedded.child import Isolation
from tests.support.processes import is_alive, until

CHECKOUT = Path(__file__).parents[2]
NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to leave root")


class Holder:
    """A subprocess that holds the servers of `root`."""

    def __init__(self, root: Path, *arguments: str, **options: Any) -> None:
        command = [
            options.pop("python", sys.executable),
            "-m",
            "tests.embedded.holder",
            str(root),
            *arguments,
        ]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self.process = subprocess.Popen(command, cwd=CHECKOUT, text=True, **pipes, **options)
        self.line = self.process.stdout.readline()
        assert self.line, self.process.communicate()[1]
        self.answer = json.loads(self.line)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.communicate()
        shutil.rmtree(self.answer["sockets"], ignore_errors=True)  # what a killed parent cannot remove

    def servers_alive(self) -> bool:
        return any(is_alive(process) for process in self.answer["processes"].values())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def holder(root: Path) -> Iterator[Holder]:
    holder = Holder(root)
    yield holder
    holder.stop()


async def _count_notes(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval("SELECT count(*) FROM note")
    finally:
        await connection.close()


async def test_both_answer_and_stop_leaves_nothing(root: Path) -> None:
    with Embedded(root) as embedded:
        connection = await asyncpg.connect(embedded.superuser_dsn())
        assert await connection.fetchval("SHOW fsync") == "on"
        assert (await connection.fetchval("SHOW server_version")).startswith("18")
        assert await connection.fetchval("SELECT datlocale FROM pg_database LIMIT 1") == "C.UTF-8"
        await connection.close()
        client = redis.asyncio.from_url(embedded.redis_url())
        assert await client.ping()
        await client.aclose()
        sockets, processes = embedded.addresses.sockets, embedded.processes.values()
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert not sockets.exists()
    assert not any(is_alive(process) for process in processes)


def test_a_second_start_in_this_process_is_refused(root: Path) -> None:
    with Embedded(root, durable=False), pytest.raises(DataDirectoryInUse, match=str(os.getpid())):
        Embedded(root).start()


def test_a_second_start_elsewhere_is_refused_and_harms_nothing(root: Path, holder: Holder) -> None:
    with pytest.raises(DataDirectoryInUse, match=f"process {holder.process.pid}.*--data"):
        Embedded(root).start()
    assert holder.servers_alive()


async def test_killing_the_parent_leaves_no_server_and_loses_no_row(root: Path, holder: Holder) -> None:
    connection = await asyncpg.connect(holder.answer["dsn"])
    await connection.execute("CREATE TABLE note (id int)")
    for number in range(20):
        await connection.execute("INSERT INTO note VALUES ($1)", number)
    holder.kill()
    with Embedded(root) as embedded:  # waits by itself for the servers that are still stopping
        assert not holder.servers_alive()
        assert await _count_notes(embedded.superuser_dsn()) == 20


async def test_killing_everything_at_once_loses_no_row(root: Path, holder: Holder) -> None:
    connection = await asyncpg.connect(holder.answer["dsn"])
    await connection.execute("CREATE TABLE note (id int)")
    await connection.execute("INSERT INTO note SELECT generate_series(1, 100)")
    for process in holder.answer["processes"].values():
        os.kill(process, signal.SIGKILL)
    holder.kill()
    with Embedded(root) as embedded:
        assert await _count_notes(embedded.superuser_dsn()) == 100


def test_leftovers_of_a_crash_do_not_stop_a_start(root: Path) -> None:
    """As in a container that was killed: the pid in postmaster.pid now belongs to someone else."""
    with Embedded(root, durable=False) as embedded:
        sockets = embedded.addresses.sockets
    (root / "postgres" / "postmaster.pid").write_text(f"{os.getppid()}\n{root / 'postgres'}\n")
    (root / "postgres.new").mkdir()
    sockets.mkdir(mode=0o700)
    (sockets / "valkey.sock").touch()
    (sockets / ".s.PGSQL.5432.lock").write_text(f"{os.getppid()}\n")
    with Embedded(root, durable=False) as embedded:
        assert len(embedded.processes) == 2


async def test_servers_that_end_are_revived_with_their_rows(root: Path) -> None:
    with Embedded(root) as embedded:
        assert embedded.revive() == []
        connection = await asyncpg.connect(embedded.superuser_dsn())
        await connection.execute("CREATE TABLE note (id int)")
        await connection.execute("INSERT INTO note VALUES (1)")
        for process in embedded.processes.values():
            os.kill(process, signal.SIGKILL)
        await until(lambda: not embedded.processes)
        assert embedded.revive() == ["PostgreSQL", "Valkey"]
        assert await _count_notes(embedded.superuser_dsn()) == 1


def test_a_server_that_cannot_start_shows_its_log(root: Path) -> None:
    with Embedded(root, durable=False):
        pass
    (root / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(ServerFailed, match=r"postgres\.log(.|\n)*no_such_setting"):
        Embedded(root, durable=False).start()
    (root / "postgres" / "postgresql.conf").write_text("")
    with Embedded(root, durable=False):  # the failed start released the lock
        pass


def test_a_file_in_place_of_the_data_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataDirectoryUnusable, match="file cannot be used"):
        Embedded(tmp_path / "file").start()


def test_a_start_outside_the_main_thread_is_refused(root: Path) -> None:
    errors: list[BaseException] = []

    def start() -> None:
        try:
            Embedded(root, durable=False).start()
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(errors[0])


@needs_root
@pytest.mark.parametrize("isolation", [Isolation.NAMESPACE, Isolation.ACCOUNT])
async def test_root_leaves_root_either_way(root: Path, isolation: Isolation) -> None:
    with Embedded(root, durable=False, isolation=isolation) as embedded:
        owner = Path(f"/proc/{embedded.processes['PostgreSQL']}").stat().st_uid
        assert owner == (NOBODY if isolation is Isolation.ACCOUNT else 0)
        assert (root / "postgres").stat().st_uid == owner
        connection = await asyncpg.connect(embedded.superuser_dsn())
        await connection.close()


@needs_root
def test_the_way_out_of_root_may_change_between_starts(root: Path) -> None:
    for isolation in (Isolation.ACCOUNT, Isolation.NAMESPACE, Isolation.ACCOUNT):
        with Embedded(root, durable=False, isolation=isolation) as embedded:
            assert len(embedded.processes) == 2


@needs_root
async def test_killing_the_parent_leaves_no_server_of_another_account(root: Path) -> None:
    holder = Holder(root, Isolation.ACCOUNT)
    holder.kill()
    await until(lambda: not holder.servers_alive())
    holder.stop()


@needs_root
def test_an_ordinary_user_starts_and_stops_both(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = _home_of_nobody()
    try:
        python = _python_for(NOBODY)
        paths = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": paths, "TMPDIR": str(home)}
        holder = Holder(home / "data", python=python, user=NOBODY, group=NOBODY, extra_groups=[], env=environment)
        assert (home / "data" / "postgres").stat().st_uid == NOBODY
        holder.stop()
        assert holder.process.returncode == 0
        assert not holder.servers_alive()
    finally:
        subprocess.run(["rm", "-rf", str(home)], check=True)


def _home_of_nobody() -> Path:
    """pytest's own directories can be entered by root alone."""
    home = Path(tempfile.mkdtemp(prefix="skooly-nobody-", dir="/tmp"))
    os.chown(home, NOBODY, NOBODY)
    return home


def _python_for(user: int) -> str:
    """An interpreter of this version that `user` can reach; root's own may be under /root."""
    version = f"python3.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            if subprocess.run([python, "-c", "import ssl"], user=user, group=user, cwd="/").returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip(f"no {version} that uid {user} can reach")
