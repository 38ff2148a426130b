"""`skooly up`, end to end, as a process of its own. A start is dear, so each test asks one several things."""

import os
import shlex
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.announcement import requests
from app.domains.partners.presets import PLATFORM, PRESETS
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


def test_it_answers_refuses_a_second_start_and_ctrl_c_stops_everything(platform: RunningPlatform, data: Path) -> None:
    assert platform.status("/health/live") == 200
    assert platform.status("/health/ready") == 200
    for step in ("PostgreSQL and Valkey", "Roles and migrations", "API and worker"):
        assert f"✓ {step}" in platform.said()
    assert (data / "runtime.json").stat().st_mode & 0o777 == 0o600

    second = _refused(data, 0)
    assert second.returncode == os.EX_TEMPFAIL
    assert f"in use by process {platform.process.pid}" in second.stderr
    assert "--data" in second.stderr
    assert platform.status("/health/ready") == 200

    assert platform.signal(signal.SIGINT) == 0
    assert "was killed" not in platform.said()
    assert platform.leftovers() == []
    assert not (data / "runtime.json").exists()


async def test_what_is_killed_comes_back_and_sigterm_stops_it_all(platform: RunningPlatform) -> None:
    (api,) = platform.children("app.cli serve")
    os.kill(api, signal.SIGKILL)
    await until(lambda: platform.children("app.cli serve") not in ([], [api]))
    await until(lambda: platform.status("/health/ready") == 200, seconds=60)
    for server in platform.children("valkey-server", "bin/postgres -D"):
        os.kill(server, signal.SIGKILL)
    await until(lambda: "PostgreSQL had ended" in platform.said() and "Valkey had ended" in platform.said())
    await until(lambda: platform.status("/health/ready") == 200, seconds=60)
    assert "The API ended (signal SIGKILL)" in platform.said()
    platform.processes = platform.children("")
    assert platform.signal(signal.SIGTERM) == 0
    assert platform.leftovers() == []


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


def test_a_port_in_use_is_named(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = _refused(data, port)
    assert answer.returncode == os.EX_TEMPFAIL
    assert f"Port {port}" in answer.stderr
    assert "--port" in answer.stderr


def test_the_demo_school_has_a_key_per_preset_and_its_requests_work_at_each_start(data: Path) -> None:
    first = RunningPlatform(data)
    keys = first.answer["keys"]
    statuses = [_paste(request.command) for request in requests(first.url, keys)]
    first.close()
    assert keys.keys() == {*PRESETS, PLATFORM.name}
    assert statuses == [200, 200, 200, 200, 403, 201, 200]

    second = RunningPlatform(data)
    again = [_paste(request.command) for request in requests(second.url, second.answer["keys"])]
    second.close()
    assert second.answer["keys"] == keys
    assert again == statuses
    assert "The demo school" not in second.said()


def _paste(command: str) -> int:
    """The status of a printed curl line, sent without curl: a bare machine may have none."""
    _, _, *options, url = shlex.split(command)
    pairs = list(zip(options[::2], options[1::2], strict=True))
    headers = dict(value.split(": ", 1) for option, value in pairs if option == "-H")
    body = next((value.encode() for option, value in pairs if option == "-d"), None)
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
