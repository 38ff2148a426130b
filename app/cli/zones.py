"""`skooly zones`: the places behind turnstiles."""

import asyncio
import json
from typing import Annotated, Any

import typer

from app.cli.chosen_school import SchoolOption, choose_school
from app.cli.instance import DataOption, JsonOption, open_instance
from app.cli.ringing import open_database
from app.cli.steps import say
from app.cli.tables import print_table
from app.core.database import Database, Wall
from app.core.money import to_decimal_string
from app.domains.access.windows import read_window
from app.domains.access.zone_reads import list_zones
from app.domains.access.zone_records import NewZone, ZoneRecord
from app.domains.access.zones import create_zone
from app.settings import Settings

zones = typer.Typer(help="Zones: the places behind turnstiles.", no_args_is_help=True)


@zones.command()
def create(
    code: Annotated[str, typer.Argument(help="A short code, as turnstiles send it: RESTAURANT.")],
    label: Annotated[str, typer.Option(help="The name people read.")],
    price: Annotated[str, typer.Option(help="What a meal costs: 500 or 2.50. 0 needs no wallet.")] = "0",
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code; the school's when left out.")] = None,
    tuition: Annotated[bool, typer.Option(help="Whether tuition must be paid.")] = True,
    anti_passback: Annotated[int, typer.Option(help="Seconds before the same badge may enter again.")] = 0,
    window: Annotated[
        list[str] | None, typer.Option(help='When it is open: "lunch mon-fri 11:30-14:00". Repeat it; none is always.')
    ] = None,
    programme: Annotated[
        list[str] | None, typer.Option(help="Only for this programme. Repeat it; none is for everybody.")
    ] = None,
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a zone. Its turnstiles need a key: ./skooly keys issue --preset tourniquet."""
    windows = [read_window(text) for text in window or ()]

    async def run(settings: Settings) -> str:
        async with open_database(settings) as database:
            chosen = await choose_school(database, school)
            asked = NewZone(
                code=code,
                label=label,
                currency=(currency or chosen.currency).upper(),
                price=price,
                requires_tuition=tuition,
                anti_passback_seconds=anti_passback,
                windows=windows,
                programmes=programme or (),
            )
            async with database.transaction(Wall.app(chosen.id)) as session:
                return (await create_zone(session, asked)).code

    with open_instance(data) as settings:
        made = asyncio.run(run(settings))
    print(json.dumps({"code": made}) if as_json else made)


@zones.command(name="list")
def list_them(school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """The zones of a school, by code."""

    async def run(url: str) -> list[dict[str, Any]]:
        async with Database(url) as database:
            chosen = await choose_school(database, school)
            async with database.transaction(Wall.app(chosen.id)) as session:
                return [_shown(zone) for zone in await list_zones(session)]

    with open_instance(data) as settings:
        rows = asyncio.run(run(settings.database_url))
    if as_json:
        print(json.dumps({"zones": rows}, ensure_ascii=False))
    elif rows:
        print_table(("code", "label", "price", "currency", "tuition", "anti_passback", "windows"), rows)
    else:
        say("There is no zone yet. Make one with ./skooly zones create.")


def _shown(zone: ZoneRecord) -> dict[str, Any]:
    return {
        "code": zone.code,
        "label": zone.label,
        "price": to_decimal_string(zone.price, zone.currency),
        "currency": zone.currency,
        "tuition": zone.requires_tuition,
        "anti_passback": zone.anti_passback_seconds,
        "windows": sum(len(window.weekdays) for window in zone.windows),
    }
