"""The first steps of docs/webhooks.md, as a reader takes them: `listen`, a student, the guide's own receiver."""

import json
import re
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.core.signing import make_secret, read_secret, show_secret
from tests.e2e.conftest import School
from tests.e2e.documents import variables_of
from tests.support.guides import DOCS, blocks, receiver_of_the_guide
from tests.support.platform import CHECKOUT, clean_environment

GUIDE = (DOCS / "webhooks.md").read_text(encoding="utf-8")
FIRST = blocks("webhooks.md", "sh")[0]
[ADDRESS] = re.findall(r"--forward-to (\S+)", FIRST)
PATIENCE = 60.0
"""Seconds after which a listener that says nothing is stopped, and the test fails."""


@contextmanager
def first_command(school: School, forward_to: str, **environment: str) -> Iterator[Iterator[str]]:
    """What it prints, line by line, with the address and the keys that `up` prints."""
    command = FIRST.replace(ADDRESS, forward_to).replace("./skooly", f"exec {sys.executable} -m app.cli")
    given = {**clean_environment(), **variables_of(school.platform.url, school.keys), **environment}
    process = subprocess.Popen(
        ["sh", "-euc", command], cwd=CHECKOUT, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    watch = threading.Timer(PATIENCE, process.kill)
    watch.start()
    try:
        yield (line.rstrip() for line in process.stdout)
    finally:
        watch.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_first_command_says_what_is_printed(school: School, tmp_path: Path) -> None:
    [printed] = re.findall(r"```\n(What .*?)```", GUIDE, re.DOTALL)
    who, _, end, *_ = printed.splitlines()
    with first_command(school, ADDRESS, XDG_STATE_HOME=str(tmp_path)) as lines:
        said = {next(lines) for _ in range(3)}
    [secret] = said - {who, end}
    assert len(read_secret(secret)) == 32


def test_a_new_student_reaches_the_receiver_of_the_guide(school: School, tmp_path: Path) -> None:
    secret, matricule = show_secret(make_secret()), f"2024/INF/{uuid.uuid4().hex[:8].upper()}"
    environment = {"XDG_STATE_HOME": str(tmp_path), "SKOOLY_WEBHOOK_SECRET": secret}
    with (
        receiver_of_the_guide(tmp_path, secret) as url,
        first_command(school, url, **environment) as lines,
    ):
        begun = {next(lines) for _ in range(3)}
        assert secret in begun
        school.mutate("core", "createStudent", "Student", matricule=matricule, firstName="Awa", lastName="Sow")
        assert re.fullmatch(rf"[\d:]+ +student\.created +{matricule} +204 .*", next(lines))
    with closing(sqlite3.connect(tmp_path / "inbox.db")) as inbox:
        [(body,)] = inbox.execute("SELECT body FROM inbox").fetchall()
    assert json.loads(body)["data"]["matricule"] == matricule
