"""`skooly migrate` and `skooly bootstrap`: the database of a production instance."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from app.cli.data_directory import DATABASE
from app.cli.failure import CommandFailed
from app.cli.steps import say, step
from app.core.migrate import differences, head, upgrade
from app.core.roles import bootstrap_roles
from app.embedded import Embedded
from app.settings import load_database_url


class TablesDiffer(CommandFailed):
    """The migrations make other tables than the code declares."""


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing: compare migrations and tables on a scratch server.")
    ] = False,
) -> None:
    """Bring the database of SKOOLY_DATABASE_URL to the newest revision. Two at once are harmless."""
    if check:
        _check()
        return
    url = load_database_url()
    with step(f"Migrating to revision {head()}"):
        asyncio.run(upgrade(url))
    from app.cli.preflight import preflight  # heavy, and only needed here

    preflight(url)


def _check() -> None:
    """On a database of its own, made for this. Raises TablesDiffer."""
    with (
        step("Migrations make the declared tables"),
        tempfile.TemporaryDirectory() as root,
        Embedded(Path(root), durable=False) as embedded,
    ):
        if found := asyncio.run(_differences(embedded)):
            lines = "\n".join(f"  {difference}" for difference in found)
            raise TablesDiffer(f"the migrations and the tables differ; write a migration:\n{lines}")


async def _differences(embedded: Embedded) -> list[str]:
    from app.domains.tables import METADATA  # heavy, and only the check needs it

    await bootstrap_roles(embedded.superuser_dsn(), DATABASE)
    await upgrade(embedded.database_url(DATABASE))
    return await differences(embedded.database_url(DATABASE), METADATA)


def bootstrap(
    superuser_dsn: Annotated[
        str, typer.Option(envvar="SKOOLY_SUPERUSER_DSN", help="A superuser's URL: postgresql://postgres@HOST/postgres.")
    ],
    database: Annotated[str, typer.Option(help="The database to make.")] = "skooly",
    password: Annotated[
        str | None,
        typer.Option(
            envvar="SKOOLY_LOGIN_PASSWORD", help="A password for the login role, skooly; unchanged when left out."
        ),
    ] = None,
) -> None:
    """Make the roles and the database, once, as a superuser. Running it again changes nothing."""
    with step(f"Roles and database {database}"):
        asyncio.run(bootstrap_roles(superuser_dsn, database, password))
    say(f"Next: set SKOOLY_DATABASE_URL to postgresql+asyncpg://skooly:…@HOST/{database}, then ./skooly migrate")
