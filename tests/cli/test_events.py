"""`skooly events`, as somebody types it against a running platform."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.conftest import School, school
from tests.support.platform import CHECKOUT, clean_environment

__all__ = ["school"]


def tail(school: School, key: str, *words: str) -> subprocess.CompletedProcess[str]:
    return events(school, key, "tail", *words)


def events(school: School, key: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**clean_environment(), "SKOOLY_KEY": key, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "app.cli", "events", *words, "--data", school.platform.answer["data"]]
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
    told = [json.loads(each.stdout) for each in (first, second)]
    assert told[0]["id"] != told[1]["id"]
    shown = tail(school, school.keys["core"], "--count", "1", "--after", told[0]["cursor"])
    assert told[1]["topic"] in shown.stdout, shown.stderr


def test_an_operator_opens_new_epochs_and_readers_go_on(school: School) -> None:
    oldest = ("--oldest", "--json", "--count", "1")
    before = json.loads(tail(school, school.keys["core"], *oldest).stdout)
    opened = events(school, "", "new-epoch", "--json")
    assert json.loads(opened.stdout)["schools"] > 0, opened.stderr
    after = tail(school, school.keys["core"], "--json", "--count", "1", "--after", before["cursor"])
    assert after.returncode == 0, after.stderr


def test_a_key_that_may_not_is_told_what_to_do(school: School) -> None:
    refused = tail(school, school.keys["cantine"], "--oldest", "--count", "1")
    assert refused.returncode == 1
    assert "INSUFFICIENT_SCOPE" in refused.stderr
    assert "./skooly keys list" in refused.stderr
