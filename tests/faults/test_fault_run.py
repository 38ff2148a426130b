"""A twentieth of the fault run, as a process of its own: it decides by itself whether anything was lost."""

import subprocess
import sys

import pytest

from tests.support.platform import CHECKOUT, clean_environment

SECONDS = 600
"""Only a run that hangs takes that long."""


@pytest.mark.timeout(SECONDS + 60)
def test_nothing_acknowledged_is_lost_whatever_is_killed() -> None:
    command = [sys.executable, "-m", "bench.faults", "--scale", "20", "--events", "500"]
    run = subprocess.run(
        command, cwd=CHECKOUT, env=clean_environment(), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr[-4000:]
    assert "nothing was lost" in run.stdout
