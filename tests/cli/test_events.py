"""`skooly events tail`, as somebody types it against a running platform."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.conftest import School, school
from tests.support.platform import CHECKOUT, clean_environment

__all__ = ["school"]


def tail(school: School, key: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**clean_environment(), "SKOOLY_KEY": key, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "app.cli", "events", "tail", "--data", school.platform.answer["data"], *words]
    return subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=120)


def test_it_shows_events_and_goes_on_from_where_it_was(school: School, tmp_path: Path) -> None:
    for reference in ("1", "2", "3"):
        school.mutate(
            "core",
            "topUpWallet",
            "WalletTopUp",
            matricule="2024/INF/0124",
            provider="wave",
            amount="100",
            currency="XOF",
            reference=f"TAIL-{reference}-{os.getpid()}",
        )
    cursor = tmp_path / "cursor"
    first = tail(school, school.keys["core"], "--oldest", "--json", "--count", "1", "--cursor-file", str(cursor))
    assert first.returncode == 0, first.stderr
    second = tail(school, school.keys["core"], "--json", "--count", "1", "--poll", "--cursor-file", str(cursor))
    events = [json.loads(each.stdout) for each in (first, second)]
    assert events[0]["id"] != events[1]["id"]
    shown = tail(school, school.keys["core"], "--count", "1", "--after", events[0]["cursor"])
    assert events[1]["topic"] in shown.stdout, shown.stderr


def test_a_key_that_may_not_is_told_what_to_do(school: School) -> None:
    refused = tail(school, school.keys["cantine"], "--oldest", "--count", "1")
    assert refused.returncode == 1
    assert "INSUFFICIENT_SCOPE" in refused.stderr
    assert "./skooly keys list" in refused.stderr
