"""The supervisor: children come back after a crash, a little later each time, and go when told."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.supervisor import Child, Supervisor
from tests.support.processes import is_alive, until

SLEEP = "import time; print('here', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"

MakeChild = Callable[[str], Child]


@pytest.fixture
def child(tmp_path: Path) -> MakeChild:
    log = tmp_path / "child.log"
    return lambda code: Child("worker", [sys.executable, "-c", code], dict(os.environ), log)


def _running(child: Child) -> bool:
    return child.alive and child.log.exists() and "here" in child.tail()


async def test_a_crash_is_said_and_repaired(child: MakeChild) -> None:
    said: list[str] = []
    one = child(SLEEP)
    supervisor = Supervisor([one], said.append)
    supervisor.start()
    await until(lambda: _running(one))
    assert one.process
    os.kill(one.process.pid, signal.SIGKILL)
    await until(lambda: not one.alive)
    supervisor.tend()
    assert "worker ended (signal SIGKILL)" in said[0]
    assert str(one.log) in said[0]

    def tended() -> bool:
        supervisor.tend()
        return one.alive

    await until(tended)
    supervisor.stop()
    assert not one.alive
    assert len(said) == 1


async def test_each_crash_in_a_row_waits_longer(child: MakeChild) -> None:
    one = child("raise SystemExit(3)")
    said: list[str] = []
    supervisor = Supervisor([one], said.append)
    supervisor.start()
    pauses = []
    for _ in range(3):
        await until(lambda: not one.alive)
        supervisor.tend()
        pauses.append(one.pause)
        one.start()
    assert pauses == sorted(set(pauses))
    assert "status 3" in said[0]
    supervisor.stop()


async def test_a_child_that_ran_for_a_while_starts_the_row_anew(child: MakeChild) -> None:
    one = child("raise SystemExit(3)")
    supervisor = Supervisor([one], lambda _: None)
    supervisor.start()
    await until(lambda: not one.alive)
    one.pause, one.started = 16.0, time.monotonic() - 120
    supervisor.tend()
    assert one.pause < 1
    supervisor.stop()


async def test_a_child_that_does_not_stop_is_killed_and_said_to_be(child: MakeChild) -> None:
    one, said = child(STUBBORN), list[str]()
    supervisor = Supervisor([one], said.append, grace=0.2)
    supervisor.start()
    await until(lambda: _running(one))
    supervisor.stop()
    assert one.process
    assert one.process.returncode == -signal.SIGKILL
    assert not is_alive(one.process.pid)
    assert said == [f"The {one.name} did not leave within 0.2 s and was killed."]


async def test_revived_servers_are_said(child: MakeChild) -> None:
    said: list[str] = []
    Supervisor([], said.append, revive=lambda: ["Valkey"]).tend()
    assert said == ["Valkey had ended and was started again."]
