"""`skooly doctor`, in front of servers that work, that lack something, and that were really stopped."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.cli.data_directory import CHECKOUT, DATABASE, DataDirectory, Runtime
from app.cli.doctor.findings import Finding, State
from app.cli.doctor.machine import GIB, disk
from app.cli.doctor.postgres import clocks, months_ahead, postgres
from app.cli.doctor.service import demo_keys, keyring
from app.cli.instance import prepare
from app.core.database import Database, Wall
from app.demo.filling import CODE
from app.embedded import Embedded
from tests.support.factories.partners import make_key, make_school
from tests.support.platform import RunningPlatform, clean_environment
from tests.web.running import make_settings


def doctor(*words: str, **environment: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "app.cli", "doctor", *words]
    done = subprocess.run(
        command, cwd=CHECKOUT, env={**clean_environment(), **environment}, capture_output=True, text=True
    )
    assert done.stderr == "", done.stderr
    return done.returncode, done.stdout


def told(*words: str, **environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status, and the findings by check."""
    status, printed = doctor(*words, "--json", **environment)
    answer = json.loads(printed)
    assert answer["healthy"] == (status == 0)
    return status, {each["check"]: each for each in answer["findings"]}


def of_state(findings: dict[str, dict[str, Any]], state: State) -> set[str]:
    return {check for check, finding in findings.items() if finding["state"] == state}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    platform = RunningPlatform(tmp_path_factory.mktemp("doctor") / "data")
    yield platform
    platform.close()


def test_a_running_platform_is_well(platform: RunningPlatform) -> None:
    status, findings = told("--data", platform.answer["data"])
    assert status == 0
    assert of_state(findings, State.BAD) == of_state(findings, State.WARNING) - {"disk"} == set()
    assert findings["demo keys"]["said"].endswith("each opens its door")
    assert findings["revocations"]["state"] == State.GOOD


def test_people_are_shown_one_line_a_check_and_no_secret(platform: RunningPlatform) -> None:
    status, printed = doctor("--data", platform.answer["data"])
    assert status == 0
    assert printed.count("✓") > 10
    assert printed.rstrip().endswith("All is well.")
    for secret in (*platform.answer["keys"].values(), "postgresql+asyncpg", "sk_live"):
        assert secret not in printed


def test_an_instance_that_is_not_there_is_told_so_and_not_made(tmp_path: Path) -> None:
    status, findings = told("--data", str(tmp_path / "none"))
    assert (status, of_state(findings, State.BAD)) == (1, {"instance"})
    assert "./skooly up" in findings["instance"]["advice"]
    assert not (tmp_path / "none").exists()


def test_every_variable_that_stops_the_start_is_named_without_its_value() -> None:
    status, findings = told(
        SKOOLY_DATABASE_URL="mysql://root:hunter2@nowhere/x", SKOOLY_CURSOR_SECRET="short", SKOOLY_REDIS_URL="redis://x"
    )
    assert status == 1
    assert findings["settings"]["state"] == State.BAD
    _, printed = doctor(SKOOLY_DATABASE_URL="mysql://root:hunter2@nowhere/x", SKOOLY_CURSOR_SECRET="short")
    for variable in ("SKOOLY_DATABASE_URL", "SKOOLY_KEY_PEPPERS", "SKOOLY_CURSOR_SECRET", "SKOOLY_REDIS_URL"):
        assert f"✗ settings             {variable}" in printed
    assert "hunter2" not in printed
    assert "short\n" not in printed


def test_servers_that_stop_are_noticed_one_by_one(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    with Embedded(directory.root) as embedded:
        prepare(embedded)
        urls = embedded.database_url(DATABASE), embedded.redis_url()
        directory.write_runtime(Runtime(os.getpid(), *urls, public_url="http://127.0.0.1:9"))
        words = ("--data", str(directory.root))
        running = embedded.processes

        _, findings = told(*words)
        assert of_state(findings, State.BAD) == {"worker", "API"}
        assert findings["worker"]["advice"] == "Start ./skooly worker."

        _stop(running["Valkey"])
        _, findings = told(*words)
        assert of_state(findings, State.BAD) == {"Valkey", "API"}
        assert findings["Valkey"]["advice"]

        _stop(running["PostgreSQL"])
        status, findings = told(*words)
        assert (status, of_state(findings, State.BAD)) == (1, {"PostgreSQL", "Valkey", "API"})
        assert "does not answer" in findings["PostgreSQL"]["said"]
        assert not {"migrations", "partitions", "demo keys"} & findings.keys(), "nobody is there to ask"


def _stop(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


async def looked_at(database: Database) -> dict[str, Finding]:
    settings = make_settings(database.url, "redis://unused")
    return {finding.check: finding async for finding in postgres(settings)}


async def change(database: Database, statement: str) -> None:
    async with database.raw(Wall.owner()) as connection:
        await connection.execute(statement)


async def test_an_empty_migrated_database_is_well(fresh_database: Database) -> None:
    findings = await looked_at(fresh_database)
    assert [each for each in findings.values() if each.state is State.BAD] == []
    assert len(findings) == 8


@pytest.mark.parametrize(
    ("statement", "check", "advice"),
    [
        ("UPDATE alembic_version SET version_num = '0001'", "migrations", "./skooly migrate"),
        ("CREATE TABLE stray (school_id uuid)", "roles and walls", "The message says what to do."),
        ("ALTER TABLE student NO FORCE ROW LEVEL SECURITY", "roles and walls", "The message says what to do."),
    ],
)
async def test_a_database_that_lacks_something_is_told_so(
    fresh_database: Database, statement: str, check: str, advice: str
) -> None:
    await change(fresh_database, statement)
    finding = (await looked_at(fresh_database))[check]
    assert finding.state is State.BAD
    assert advice in finding.advice


async def test_partitions_that_run_out_are_told_in_time(fresh_database: Database) -> None:
    last = "SELECT max(relname) FROM pg_class WHERE relname ~ '^event_p\\d{4}_\\d\\d$'"
    expected = [State.GOOD, State.WARNING, State.BAD]
    for state in expected:
        async with fresh_database.raw(Wall.owner()) as connection:
            await connection.execute(f"DROP TABLE {await connection.fetchval(last)}")
        assert (await looked_at(fresh_database))["partitions"].state is state


async def test_a_school_in_a_zone_that_nobody_knows_is_named(fresh_database: Database) -> None:
    school = await make_school(fresh_database)
    async with fresh_database.raw(Wall.owner(school.id)) as connection:
        await connection.execute("UPDATE school SET timezone = 'Mars/Phobos'")
    finding = (await looked_at(fresh_database))["schools' time zones"]
    assert finding.state is State.BAD
    assert finding.said.startswith("Mars/Phobos")


async def test_a_key_whose_pepper_is_gone_is_told_so(fresh_database: Database) -> None:
    school = await make_school(fresh_database)
    await make_key(fresh_database, school)
    async with fresh_database.raw(Wall.owner(school.id)) as connection:
        await connection.execute("UPDATE api_key SET pepper_version = 7")
    finding = (await looked_at(fresh_database))["keys' peppers"]
    assert (finding.state, finding.said) == (State.BAD, "keys need version 7")


async def test_open_keys_of_a_demo_school_in_production_are_told(fresh_database: Database) -> None:
    settings = make_settings(fresh_database.url, "redis://unused")
    assert (await demo_keys(settings, {})).state is State.GOOD
    await make_key(fresh_database, await make_school(fresh_database, code=CODE))
    assert "1 keys of the demo school" in (await demo_keys(settings, {})).said


async def test_a_kept_demo_key_that_opens_nothing_is_told(fresh_database: Database) -> None:
    settings = make_settings(fresh_database.url, "redis://unused")
    finding = await demo_keys(settings, {"cantine": "sk_live_nonsense"})
    assert finding.state is State.WARNING
    assert "refused: cantine" in finding.said


def test_room_on_the_disk() -> None:
    states = [disk(free, Path("/")).state for free in (GIB // 2, 2 * GIB, 9 * GIB)]
    assert states == [State.BAD, State.WARNING, State.GOOD]


def test_clocks_that_differ() -> None:
    states = [clocks(skew).state for skew in (0.2, -0.2, 1.5, -3, 90, -7200)]
    assert states == [State.GOOD] * 2 + [State.WARNING] * 2 + [State.BAD] * 2
    assert "behind this machine's" in clocks(-3).said


def test_months_are_counted_in_utc() -> None:
    evening = datetime(2026, 12, 31, 22, tzinfo=UTC) + timedelta(hours=1)
    assert months_ahead("event_p2027_03", evening) == 3
    assert months_ahead("event_p2026_12", evening) == 0
    assert months_ahead(None, evening) == -1


def test_an_api_that_has_not_polled_opens_no_door() -> None:
    assert keyring("up").state is State.GOOD
    assert keyring("down").state is keyring(None).state is State.BAD
