"""The programs of docs/live.md, run as they stand there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.clients.conftest import HERE, node
from tests.e2e.conftest import School
from tests.support.platform import CHECKOUT

__all__ = ["node"]

GUIDE = (CHECKOUT / "docs" / "live.md").read_text(encoding="utf-8")


def program(language: str, word: str) -> str:
    """The one block of that language with the word in it."""
    [block] = [each for each in re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL) if word in each]
    return str(block)


def first_line(command: list[str], folder: Path, **environment: str) -> str:
    """What a program that runs on prints first."""
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        return process.stdout.readline()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def top_up(school: School, reference: str) -> None:
    school.mutate(
        "core",
        "topUpWallet",
        "WalletTopUp",
        matricule="2024/INF/0123",
        provider="wave",
        amount="100",
        currency="XOF",
        reference=reference,
    )


def test_the_python_program_prints_events(school: School, tmp_path: Path) -> None:
    top_up(school, "GUIDE-PYTHON")
    environment = {"SKOOLY_URL": school.platform.url, "SKOOLY_KEY": school.keys["core"], "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", program("python", "Follower")]
    printed = first_line(command, tmp_path, PYTHONPATH=str(CHECKOUT), **environment)
    topic, subject = printed.split()
    assert "." in topic
    assert len(subject) == 36


def test_the_graphql_ws_program_hears_how_far_the_log_goes(node: str, school: School) -> None:
    text = program("js", "graphql-ws").replace("wss://skooly.example.org", school.platform.url.replace("http", "ws"))
    before = 'import WebSocket from "ws"; globalThis.WebSocket = WebSocket; const lastCursor = null;'
    script = HERE / "node_modules" / "guide.mjs"
    script.write_text(f"{before}\nconst handle = (event) => console.log(JSON.stringify(event));\n{text}")
    printed = first_line([node, str(script)], HERE, SKOOLY_KEY=school.keys["core"])
    assert json.loads(printed)["__typename"] == "Checkpoint"
