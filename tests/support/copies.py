"""Copies of the run's PostgreSQL, made as operators make them: a dump that is restored, a standby that is promoted."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from app.core.database import plain_dsn
from app.core.roles import bootstrap_roles
from app.embedded import Addresses
from app.embedded.binaries import find_binaries
from app.embedded.child import before_exec, choose_identity
from app.embedded.places import give

PATIENCE = 30
POSTGRES = find_binaries().postgres
QUICK = {"fsync": "off", "listen_addresses": "", "max_connections": "200", "unix_socket_permissions": "0700"}
UNREADY = (OSError, asyncpg.PostgresError)


async def dump(servers: Addresses, url: str, file: Path) -> None:
    await _run("pg_dump", "--format=custom", f"--file={file}", servers.superuser_dsn(name_of(url)))


async def restore_in_place(servers: Addresses, url: str, file: Path) -> None:
    """Into the same database, which is emptied. (`pg_restore --clean` cannot: it stumbles over partitions.)"""
    async with _connected(servers.superuser_dsn(name_of(url))) as superuser:
        await superuser.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION pg_database_owner")
    await _restore(servers, url, file)


async def restore_anew(servers: Addresses, url: str, file: Path) -> None:
    """Into a new database, which then takes the name of the old one."""
    name = name_of(url)
    async with _connected(servers.superuser_dsn()) as superuser:
        await superuser.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await superuser.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    await bootstrap_roles(servers.superuser_dsn(), name)
    await _restore(servers, url, file)


async def _restore(servers: Addresses, url: str, file: Path) -> None:
    await _run("pg_restore", "--exit-on-error", f"--dbname={servers.superuser_dsn(name_of(url))}", str(file))


async def cut_off(servers: Addresses, url: str) -> None:
    """Ends every connection to a database, as the death of its server would."""
    async with _connected(servers.superuser_dsn()) as superuser:
        await superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name_of(url)
        )


@dataclass
class Standby:
    """A server that follows another one, until it is promoted."""

    addresses: Addresses
    primary: Addresses

    async def catch_up(self) -> None:
        """Returns when it has all that the primary has committed."""
        async with _connected(self.primary.superuser_dsn()) as primary:
            await primary.execute("SELECT pg_switch_wal()")  # so that what waits for no disk is written out
            written = await primary.fetchval("SELECT pg_current_wal_lsn()::text")
        async with _connected(self.addresses.superuser_dsn()) as it:
            while not await it.fetchval("SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn", written):
                await asyncio.sleep(0.01)

    async def lose_the_primary(self) -> None:
        """Returns when it hears nothing more."""
        async with _connected(self.addresses.superuser_dsn()) as it:
            await it.execute("ALTER SYSTEM SET primary_conninfo = ''")
            await it.execute("SELECT pg_reload_conf()")
            while await it.fetchval("SELECT count(*) FROM pg_stat_wal_receiver"):
                await asyncio.sleep(0.01)

    async def promote(self) -> None:
        """Returns when it takes writes."""
        async with _connected(self.addresses.superuser_dsn()) as it:
            assert await it.fetchval(f"SELECT pg_promote(true, {PATIENCE})")


@asynccontextmanager
async def standby_of(primary: Addresses) -> AsyncIterator[Standby]:
    """To be called in the main thread."""
    root = Path(tempfile.mkdtemp(prefix="skooly-standby-"))
    data, standby = root / "data", Standby(Addresses(root), primary)
    try:
        await _run("pg_basebackup", "-D", str(data), "-R", "-c", "fast", "--no-sync", "-d", primary.superuser_dsn())
        process = _start(root, data)
        try:
            async with asyncio.timeout(PATIENCE):
                await _answers(standby.addresses)
                yield standby
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _start(root: Path, data: Path) -> subprocess.Popen[bytes]:
    identity = choose_identity(POSTGRES)
    give(root, identity.uid)
    options = QUICK | {"unix_socket_directories": str(root)}
    command = [str(POSTGRES), "-D", str(data), *(f"--{name}={value}" for name, value in options.items())]
    with (root / "log").open("wb") as log:
        return subprocess.Popen(
            command, stdout=log, stderr=log, preexec_fn=before_exec(identity, signal.SIGQUIT), process_group=0
        )


async def _answers(addresses: Addresses) -> None:
    while True:
        try:
            async with _connected(addresses.superuser_dsn()):
                return
        except UNREADY:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def _run(program: str, *arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    process = await asyncio.create_subprocess_exec(
        POSTGRES.with_name(program),
        *arguments,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


def name_of(url: str) -> str:
    """Of the database."""
    return plain_dsn(url).partition("?")[0].rpartition("/")[2]
