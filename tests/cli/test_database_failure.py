"""A database that does not answer, or is not ready, is told in a sentence that says what to do."""

import os
import subprocess
import sys

import pytest

from app.embedded.addresses import Addresses
from tests.cli.test_settings import CHECKOUT, WHOLE

NOBODY = "127.0.0.1:1"


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SKOOLY_")}
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, env={**kept, **environment}, capture_output=True, text=True)


@pytest.mark.parametrize(
    "arguments",
    [("serve",), ("migrate",), ("schools", "list"), ("bootstrap", "--superuser-dsn", f"postgres://{NOBODY}")],
)
def test_a_silent_server_is_named(arguments: tuple[str, ...]) -> None:
    url = f"postgresql+asyncpg://skooly:hunter2@{NOBODY}/skooly"
    answer = _run(*arguments, **{**WHOLE, "SKOOLY_DATABASE_URL": url})
    assert answer.returncode == os.EX_UNAVAILABLE
    assert "PostgreSQL does not answer" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "hunter2" not in answer.stderr


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize(
    ("database", "said"),
    [("nowhere", "./skooly bootstrap"), ("postgres", "./skooly migrate")],
    ids=["no such database", "no tables"],
)
def test_a_database_that_is_not_ready_says_which_command_helps(servers: Addresses, database: str, said: str) -> None:
    answer = _run("schools", "list", **{**WHOLE, "SKOOLY_DATABASE_URL": servers.database_url(database)})
    assert answer.returncode == os.EX_CONFIG
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.usefixtures("database_url")
def test_bootstrap_takes_a_superuser(servers: Addresses) -> None:
    login = servers.superuser_dsn().replace("postgres@", "skooly@")
    answer = _run("bootstrap", "--superuser-dsn", login, "--database", "never_made")
    assert answer.returncode == os.EX_CONFIG
    assert "takes a superuser" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_bootstrap_refuses_what_is_no_url() -> None:
    answer = _run("bootstrap", "--superuser-dsn", "hunter2")
    assert answer.returncode == os.EX_CONFIG
    assert "Traceback" not in answer.stderr
    assert "hunter2" not in answer.stderr
