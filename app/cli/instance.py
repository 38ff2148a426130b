"""Which instance a command is about, and its settings.

`--data` names an embedded one; else SKOOLY_DATABASE_URL a production one; else SKOOLY_DATA or `.skooly` in
the checkout an embedded one. An embedded instance that does not run is started for as long as the command
lasts.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.cli.data_directory import DATABASE, DataDirectory
from app.cli.failure import InstanceBusy, InstanceMissing
from app.cli.steps import step
from app.core.migrate import upgrade
from app.core.roles import bootstrap_roles
from app.embedded import Embedded
from app.settings import Settings, load_settings

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="The data directory; SKOOLY_DATA, or .skooly beside this program, when left out."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


@contextmanager
def open_instance(data: Path | None = None) -> Iterator[Settings]:
    """The settings of the instance, which answers while the context lasts.

    Raises InstanceMissing, InstanceBusy, SettingsRefused, EmbeddedError.
    """
    if data is None and "SKOOLY_DATABASE_URL" in os.environ:
        yield load_settings()
        return
    directory = DataDirectory(data)
    runtime = directory.read_runtime()
    if runtime is not None:
        yield directory.settings(runtime.database_url, runtime.redis_url, public_url=runtime.public_url)
    elif directory.in_use:
        raise InstanceBusy(f"{directory.root} is being started or is in use by another command. Try again shortly.")
    elif not directory.exists:
        raise InstanceMissing(f"There is no instance in {directory.root}. Start one with ./skooly up.")
    else:
        with Embedded(directory.root) as embedded:
            prepare(embedded)
            yield directory.settings(embedded.database_url(DATABASE), embedded.redis_url())


def prepare(embedded: Embedded) -> None:
    """Roles, database and migrations; on a finished instance this changes nothing."""
    with step("Roles and migrations"):
        asyncio.run(_prepare(embedded))


async def _prepare(embedded: Embedded) -> None:
    await bootstrap_roles(embedded.superuser_dsn(), DATABASE)
    await upgrade(embedded.database_url(DATABASE))
