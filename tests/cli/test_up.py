"""`skooly up`, end to end, as a process of its own."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.platform import CHECKOUT, COMMAND, RunningPlatform, clean_environment
from tests.support.processes import until


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def platform(data: Path) -> Iterator[RunningPlatform]:
    platform = RunningPlatform(data, "--empty")
    yield platform
    platform.close()


def _refused(data: Path, port: int) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, str(port), "--data", str(data), "--empty"]
    return subprocess.run(command, cwd=CHECKOUT, env=clean_environment(), capture_output=True, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_and_a_signal_stops_everything(platform: RunningPlatform, data: Path, number: int) -> None:
    assert platform.status("/health/live") == 200
    assert platform.status("/health/ready") == 200
    assert (data / "runtime.json").stat().st_mode & 0o777 == 0o600
    assert len(platform.processes) >= 4
    started = time.monotonic()
    assert platform.signal(number) == 0
    assert time.monotonic() - started < 8
    assert platform.leftovers() == []
    assert not (data / "runtime.json").exists()


def test_every_step_is_shown(platform: RunningPlatform) -> None:
    for step in ("PostgreSQL and Valkey", "Roles and migrations", "API and worker"):
        assert f"✓ {step}" in platform.said()


async def test_killing_the_parent_leaves_nothing_and_the_next_start_works(
    platform: RunningPlatform, data: Path
) -> None:
    platform.signal(signal.SIGKILL)
    await until(lambda: not platform.leftovers())
    again = RunningPlatform(data, "--empty")
    try:
        assert again.status("/health/ready") == 200
    finally:
        again.close()


def test_a_second_start_on_one_data_directory_is_refused(platform: RunningPlatform, data: Path) -> None:
    answer = _refused(data, 0)
    assert answer.returncode == os.EX_TEMPFAIL
    assert f"in use by process {platform.process.pid}" in answer.stderr
    assert "--data" in answer.stderr
    assert platform.status("/health/ready") == 200


def test_a_port_in_use_is_named(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = _refused(data, port)
    assert answer.returncode == os.EX_TEMPFAIL
    assert f"Port {port}" in answer.stderr
    assert "--port" in answer.stderr


async def test_children_and_servers_that_are_killed_come_back(platform: RunningPlatform) -> None:
    (api,) = platform.children("app.cli serve")
    os.kill(api, signal.SIGKILL)
    await until(lambda: platform.children("app.cli serve") not in ([], [api]))
    await until(lambda: platform.status("/health/ready") == 200, seconds=40)
    for server in platform.children("valkey-server", "bin/postgres -D"):
        os.kill(server, signal.SIGKILL)
    await until(lambda: "PostgreSQL had ended" in platform.said() and "Valkey had ended" in platform.said())
    await until(lambda: platform.status("/health/ready") == 200, seconds=40)
    assert "The API ended (signal SIGKILL)" in platform.said()
    platform.processes = platform.children("")
