"""The demo keys: one per preset, usable, the same at each start, readable by their user alone."""

from pathlib import Path

from app.cli.data_directory import DataDirectory
from app.cli.demo_keys import issue_demo_keys, kept_demo_keys
from app.core.actor import NOWHERE
from app.core.clock import SystemClock
from app.core.database import Database
from app.domains.partners.keyring import Keyring
from app.domains.partners.presets import PLATFORM, PRESETS
from app.domains.partners.service import create_school

PEPPERS = {1: bytes(range(32))}


async def test_one_key_per_preset_opens_what_the_preset_says(fresh_database: Database, tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    school = await create_school(
        fresh_database, code="DEMO", name="École de démonstration", timezone="Africa/Porto-Novo", currency="XOF"
    )
    keys = await issue_demo_keys(fresh_database, school, PEPPERS, directory)
    assert keys.keys() == {*PRESETS, PLATFORM.name}
    assert kept_demo_keys(directory) == keys
    assert (tmp_path / "demo-keys.json").stat().st_mode & 0o777 == 0o600
    keyring = Keyring(fresh_database, PEPPERS, SystemClock())
    await keyring.start()
    try:
        for preset in PRESETS:
            actor = await keyring.authenticate(keys[preset], "127.0.0.1")
            assert actor.scopes == PRESETS[preset].scopes
            assert actor.school_id == school.id
        assert (await keyring.authenticate(keys[PLATFORM.name], "127.0.0.1")).school_id == NOWHERE
    finally:
        await keyring.stop()


def test_without_a_demo_school_there_is_none(tmp_path: Path) -> None:
    assert kept_demo_keys(DataDirectory(tmp_path)) == {}
