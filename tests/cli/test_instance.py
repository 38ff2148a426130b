"""How a command finds its instance."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from app.cli.data_directory import CHECKOUT, DATABASE, DataDirectory, Runtime
from app.cli.failure import InstanceBusy, InstanceMissing
from app.cli.instance import open_instance
from app.core.database import plain_dsn
from app.embedded import Embedded


def test_a_directory_without_instance_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(InstanceMissing, match=r"skooly up"), open_instance(tmp_path / "data"):
        pass
    assert not (tmp_path / "data").exists()


async def _who_connects(url: str) -> str:
    connection = await asyncpg.connect(plain_dsn(url))
    try:
        return await connection.fetchval("SELECT current_user")
    finally:
        await connection.close()


def test_an_instance_at_rest_is_started_for_the_command(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    with Embedded(directory.root):
        pass
    with open_instance(directory.root) as settings:
        assert directory.in_use
        assert asyncio.run(_who_connects(settings.database_url)) == "skooly"
    assert not directory.in_use


def test_a_running_instance_is_joined(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    with Embedded(directory.root, durable=False) as embedded:
        urls = embedded.database_url(DATABASE), embedded.redis_url()
        directory.write_runtime(Runtime(1, *urls, public_url="http://127.0.0.1:1234"))
        with open_instance(directory.root) as settings:
            assert (settings.database_url, settings.redis_url) == urls
            assert settings.public_url == "http://127.0.0.1:1234"


def test_an_instance_that_is_still_starting_is_told_so(tmp_path: Path) -> None:
    with (
        Embedded(tmp_path / "data", durable=False),
        pytest.raises(InstanceBusy, match="shortly"),
        open_instance(tmp_path / "data"),
    ):
        pass


def test_what_a_crash_left_is_not_believed(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.write_runtime(Runtime(1, "postgresql+asyncpg://nowhere/db", "redis://nowhere", "http://nowhere"))
    assert directory.read_runtime() is None


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    urls = ("postgresql+asyncpg://db/skooly", "redis://cache")
    first = DataDirectory(tmp_path).settings(*urls)
    second = DataDirectory(tmp_path).settings(*urls)
    assert first.peppers == second.peppers
    assert first.cursor_secret == second.cursor_secret
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert DataDirectory(tmp_path / "other").settings(*urls).peppers != first.peppers


def test_secrets_of_the_environment_win(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from app.cli.data_directory import DataDirectory as D;"
        f"print(D(Path({str(tmp_path)!r})).settings('postgresql+asyncpg://db/skooly', 'redis://cache').cursor_secret.get_secret_value())"
    )
    environment = {**os.environ, "SKOOLY_CURSOR_SECRET": "e" * 32}
    shown = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    assert shown.stdout == "e" * 32 + "\n"


def test_a_directory_made_before_secret_keys_existed_is_given_one(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    with Embedded(directory.root, durable=False) as embedded:
        urls = embedded.database_url(DATABASE), embedded.redis_url()
        before = directory.settings(*urls)
        kept = dict(directory.read_private("secrets.json") or {})
        del kept["secret_keys"]
        directory.write_private("secrets.json", kept)
        after = directory.settings(*urls)
        assert after.peppers == before.peppers
        assert after.sealing_keys != before.sealing_keys
        assert directory.settings(*urls).sealing_keys == after.sealing_keys
