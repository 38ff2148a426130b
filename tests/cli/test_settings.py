"""Settings: what is missing is named, and no value is ever repeated."""

import base64
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PEPPER = base64.b64encode(bytes(range(32))).decode()
WHOLE = {
    "SKOOLY_DATABASE_URL": "postgresql+asyncpg://skooly:hunter2@db/skooly",
    "SKOOLY_REDIS_URL": "redis://cache:6379/0",
    "SKOOLY_KEY_PEPPERS": json.dumps({"1": PEPPER, "2": PEPPER}),
    "SKOOLY_SECRET_KEYS": json.dumps({"1": PEPPER}),
    "SKOOLY_CURSOR_SECRET": "c" * 32,
}


def _run(command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SKOOLY_")}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *command.split()],
        cwd=CHECKOUT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_start_without_secrets_names_every_one(command: str) -> None:
    answer = _run(command, {})
    assert answer.returncode == os.EX_CONFIG
    for variable in WHOLE:
        assert f"{variable}: is missing" in answer.stderr
    assert "./skooly secrets" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("missing", WHOLE)
def test_one_missing_variable_stops_the_start(missing: str) -> None:
    answer = _run("worker", {name: value for name, value in WHOLE.items() if name != missing})
    assert answer.returncode == os.EX_CONFIG
    assert [line for line in answer.stderr.splitlines() if line.startswith("  SKOOLY_")] == [f"  {missing}: is missing"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SKOOLY_DATABASE_URL", "postgresql://skooly:hunter2@db/skooly"),
        ("SKOOLY_REDIS_URL", "http://:hunter2@cache"),
        ("SKOOLY_KEY_PEPPERS", "{hunter2"),
        ("SKOOLY_KEY_PEPPERS", "{}"),
        ("SKOOLY_KEY_PEPPERS", '{"1": "aHVudGVyMg=="}'),
        ("SKOOLY_KEY_PEPPERS", '{"one": "hunter2"}'),
        ("SKOOLY_SECRET_KEYS", "{}"),
        ("SKOOLY_SECRET_KEYS", '{"1": "aHVudGVyMg=="}'),
        ("SKOOLY_SECRET_KEYS", '{"0": "' + PEPPER + '"}'),
        ("SKOOLY_CURSOR_SECRET", "hunter2"),
        ("SKOOLY_OUTBOUND_PORTS", "hunter2"),
        ("SKOOLY_OUTBOUND_PORTS", "0"),
        ("SKOOLY_OUTBOUND_DEVELOPMENT", "hunter2"),
        ("SKOOLY_NAME_SERVERS", "hunter2.example.org"),
        ("SKOOLY_TRUSTED_PROXIES", "hunter2"),
        ("SKOOLY_LOG_FORMAT", "hunter2"),
    ],
)
def test_a_wrong_value_is_refused_and_not_repeated(variable: str, value: str) -> None:
    answer = _run("worker", {**WHOLE, variable: value})
    assert answer.returncode == os.EX_CONFIG
    assert variable in answer.stderr
    assert "hunter2" not in answer.stderr
    assert "aHVudGVyMg" not in answer.stderr


def test_up_with_one_url_asks_for_the_rest(tmp_path: Path) -> None:
    answer = _run("up", {"SKOOLY_REDIS_URL": "redis://cache", "SKOOLY_DATA": str(tmp_path / "data")})
    assert answer.returncode == os.EX_CONFIG
    assert "SKOOLY_DATABASE_URL: is missing" in answer.stderr
    assert not (tmp_path / "data").exists()


def test_fresh_secrets_are_accepted_as_a_shell_reads_them() -> None:
    answer = _run("secrets", {})
    made = dict(line.split("=", 1) for line in shlex.split(answer.stdout))
    assert made.keys() == {"SKOOLY_KEY_PEPPERS", "SKOOLY_SECRET_KEYS", "SKOOLY_CURSOR_SECRET"}
    code = "from app.settings import load_settings as load; s = load(); print(len(s.peppers[1]), s)"
    environment = {**os.environ, **WHOLE, **made}
    shown = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    assert shown.stdout.startswith("32 ")
    assert not any(secret in shown.stdout for secret in (*made.values(), "hunter2"))
