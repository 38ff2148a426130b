"""`skooly migrate` and `skooly bootstrap`: the database of a production instance."""

import asyncio
from typing import Annotated

import typer

from app.cli.steps import say, step
from app.core.migrate import head, upgrade
from app.core.roles import bootstrap_roles
from app.settings import load_database_url


def migrate() -> None:
    """Bring the database of SKOOLY_DATABASE_URL to the newest revision. Two at once are harmless."""
    url = load_database_url()
    with step(f"Migrating to revision {head()}"):
        asyncio.run(upgrade(url))


def bootstrap(
    superuser_dsn: Annotated[
        str, typer.Option(envvar="SKOOLY_SUPERUSER_DSN", help="postgresql://postgres@HOST/postgres")
    ],
    database: Annotated[str, typer.Option(help="The database to make.")] = "skooly",
    password: Annotated[
        str | None, typer.Option(envvar="SKOOLY_LOGIN_PASSWORD", help="The password of the login role.")
    ] = None,
) -> None:
    """Make the roles and the database, once, as a superuser. Running it again changes nothing."""
    with step(f"Roles and database {database}"):
        asyncio.run(bootstrap_roles(superuser_dsn, database, password))
    say(f"Next: set SKOOLY_DATABASE_URL to postgresql+asyncpg://skooly:…@HOST/{database}, then ./skooly migrate")
