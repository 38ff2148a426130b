"""One key per preset for the demo school, kept beside its data: it is shown again at each start of `up`."""

from collections.abc import Mapping

from app.cli.data_directory import DataDirectory
from app.core.database import Database, Wall
from app.domains.partners.presets import PLATFORM, PRESETS, Preset
from app.domains.partners.service import ensure_partner, issue_key, issue_platform_key
from app.domains.partners.tables import School

FILE = "demo-keys.json"


async def issue_demo_keys(
    database: Database, school: School, peppers: Mapping[int, bytes], directory: DataDirectory
) -> dict[str, str]:
    """Preset → key. Only for a school that holds nobody's data: the keys are kept in clear, for this user alone.

    With them comes one key of the platform, which opens no school's data anyway.
    """
    keys = {}
    async with database.transaction(Wall.app(school.id)) as session:
        for preset in PRESETS.values():
            partner = await ensure_partner(session, _partner_name(preset))
            keys[preset.name] = (await issue_key(session, school, partner, preset.name, peppers)).key
    keys[PLATFORM.name] = (await issue_platform_key(database, _partner_name(PLATFORM), peppers)).key
    directory.write_private(FILE, keys)
    return keys


def kept_demo_keys(directory: DataDirectory) -> dict[str, str]:
    """Those of an earlier start; empty where the demo school was never made."""
    return {preset: str(key) for preset, key in (directory.read_private(FILE) or {}).items()}


def _partner_name(preset: Preset) -> str:
    """A preset's description starts with the name of the integration it is for."""
    return preset.fr.partition(" : ")[0]
