"""The demo school at the first start of `up`."""

import asyncio

from app.cli.data_directory import DataDirectory
from app.cli.demo_keys import issue_demo_keys, kept_demo_keys
from app.cli.steps import bar
from app.core.clock import SystemClock
from app.core.database import Database
from app.demo import fill
from app.demo.filling import CODE
from app.domains.partners.service import list_schools
from app.settings import Settings


def open_demo_school(settings: Settings, directory: DataDirectory) -> dict[str, str]:
    """Makes it unless there are schools already, and returns one key per preset.

    Complete after a start that was broken off; an instance with schools of its own gets none.
    """
    return asyncio.run(_open(settings, directory))


async def _open(settings: Settings, directory: DataDirectory) -> dict[str, str]:
    kept = kept_demo_keys(directory)
    async with Database(settings.database_url, pool_size=2) as database:
        codes = {school.code for school in await list_schools(database)}
        if codes and (kept or CODE not in codes):
            return kept
        with bar("The demo school") as progress:
            demo = await fill(database, SystemClock(), progress)
        return await issue_demo_keys(database, demo.school, settings.peppers, directory)
