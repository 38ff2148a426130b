"""`skooly partners`: the integrations that a school lets in."""

import asyncio
import json
from typing import Annotated, Any

import typer

from app.cli.chosen_school import SchoolOption, choose_school
from app.cli.instance import DataOption, JsonOption, open_instance
from app.cli.steps import say
from app.cli.tables import print_table
from app.core.database import Database, Wall
from app.core.pagination import LARGEST_PAGE
from app.domains.partners.service import PartnerRecord, create_partner, page_of_partners, rename_partner

partners = typer.Typer(help="Partners: let one in, list them, rename one.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The partner's name, unique in the school.")]


@partners.command()
def create(name: Name, school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Let a partner in, without a key yet. ./skooly keys issue does it by itself."""

    async def run(url: str) -> PartnerRecord:
        async with Database(url) as database:
            where = await choose_school(database, school)
            async with database.transaction(Wall.app(where.id)) as session:
                return await create_partner(session, name)

    with open_instance(data) as settings:
        _print(asyncio.run(run(settings.database_url)), as_json)


@partners.command()
def rename(
    name: Name,
    to: Annotated[str, typer.Option(help="Its new name.")],
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a partner another name. Its keys stay."""

    async def run(url: str) -> PartnerRecord:
        async with Database(url) as database:
            where = await choose_school(database, school)
            async with database.transaction(Wall.app(where.id)) as session:
                return await rename_partner(session, name, to)

    with open_instance(data) as settings:
        _print(asyncio.run(run(settings.database_url)), as_json)


@partners.command(name="list")
def list_them(school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """The partners of a school, by name."""
    with open_instance(data) as settings:
        rows = [_shown(record) for record in asyncio.run(_list(settings.database_url, school))]
    if as_json:
        print(json.dumps({"partners": rows}, ensure_ascii=False))
    elif rows:
        print_table(("name", "keys", "created_at"), rows)
    else:
        say("This school has no partner yet. ./skooly keys issue lets one in.")


async def _list(url: str, code: str | None) -> list[PartnerRecord]:
    found: list[PartnerRecord] = []
    async with Database(url) as database:
        school = await choose_school(database, code)
        while True:
            async with database.transaction(Wall.app(school.id)) as session:
                after = found[-1].name if found else None
                page = await page_of_partners(session, first=LARGEST_PAGE, after=after)
            found += page.items
            if not page.has_next:
                return found


def _print(record: PartnerRecord, as_json: bool) -> None:
    print(json.dumps(_shown(record), ensure_ascii=False) if as_json else record.name)


def _shown(record: PartnerRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "keys": record.keys,
        "created_at": record.created_at.isoformat(timespec="seconds"),
    }
