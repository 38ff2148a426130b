"""`skooly schools`: opening schools, changing them, and which there are."""

import asyncio
import json
from typing import Annotated, Any

import typer

from app.cli.instance import DataOption, JsonOption, open_instance
from app.cli.steps import say
from app.cli.tables import print_table
from app.core.database import Database
from app.domains.partners.service import create_school, list_schools, update_school
from app.domains.partners.tables import School

schools = typer.Typer(help="Schools: open one, change one, list them.", no_args_is_help=True)


@schools.command()
def create(
    code: Annotated[str, typer.Argument(help="A short code without spaces, unique on this server: LYCEE-DAKAR.")],
    name: Annotated[str, typer.Option(help="The name people read.")],
    timezone: Annotated[str, typer.Option(help="Due dates and meal times are read in it: Africa/Dakar.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code: XOF.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a school. Students come with ./skooly import, integrations with ./skooly keys issue."""

    async def run(url: str) -> School:
        async with Database(url) as database:
            return await create_school(database, code=code, name=name, timezone=timezone, currency=currency.upper())

    with open_instance(data) as settings:
        school = asyncio.run(run(settings.database_url))
    if as_json:
        print(json.dumps(_shown(school), ensure_ascii=False))
    else:
        print(school.code)
        say(f"Next: ./skooly keys issue --school {school.code} --partner NAME --preset PRESET")


@schools.command()
def update(
    code: Annotated[str, typer.Argument(help="The school's code.")],
    name: Annotated[str | None, typer.Option(help="The name people read.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Due dates and meal times are read in it.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change a school's name or time zone. Its keys follow within a minute."""

    async def run(url: str) -> School:
        async with Database(url) as database:
            return await update_school(database, code, name=name, timezone=timezone)

    with open_instance(data) as settings:
        school = asyncio.run(run(settings.database_url))
    print(json.dumps(_shown(school), ensure_ascii=False) if as_json else school.code)


@schools.command(name="list")
def list_them(data: DataOption = None, as_json: JsonOption = False) -> None:
    """The schools of this server, by code."""

    async def run(url: str) -> list[School]:
        async with Database(url) as database:
            return await list_schools(database)

    with open_instance(data) as settings:
        rows = [_shown(school) for school in asyncio.run(run(settings.database_url))]
    if as_json:
        print(json.dumps({"schools": rows}, ensure_ascii=False))
    elif rows:
        print_table(("code", "name", "timezone", "currency"), rows)
    else:
        say("There is no school yet. Make one with ./skooly schools create.")


def _shown(school: School) -> dict[str, Any]:
    return {
        "code": school.code,
        "name": school.name,
        "timezone": school.timezone,
        "currency": school.currency,
        "id": str(school.id),
    }
