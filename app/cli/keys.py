"""`skooly keys`: letting integrations in, and out again."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from app.cli import key_desk
from app.cli.chosen_school import SchoolOption
from app.cli.instance import DataOption, JsonOption, open_instance
from app.cli.key_desk import Issued, Row, Wish
from app.cli.steps import say
from app.cli.tables import print_table
from app.core.api_keys import key_id_of
from app.core.clock import SystemClock
from app.domains.partners.presets import PRESETS
from app.domains.partners.service import KeyRecord, key_state
from app.domains.partners.tables import PlatformKey

keys = typer.Typer(help="API keys: issue, list, rotate, revoke.", no_args_is_help=True)

KeyArgument = Annotated[str, typer.Argument(help="The key's id, as ./skooly keys list shows it; or the whole key.")]
PlatformOption = Annotated[
    bool, typer.Option("--platform", help="Keys of no school, which manage schools and see nothing of them.")
]


@keys.command()
def issue(
    partner: Annotated[str, typer.Option(help="The integration's name; made where there is none.")],
    preset: Annotated[str | None, typer.Option(help=f"What it may do: {', '.join(PRESETS)}.")] = None,
    school: SchoolOption = None,
    zones: Annotated[str | None, typer.Option(help="Only these zones, separated by commas.")] = None,
    cidrs: Annotated[str | None, typer.Option(help="Only from these networks: 203.0.113.0/24,2001:db8::/32.")] = None,
    expires: Annotated[
        datetime | None, typer.Option(help="Until this moment, in the school's time zone; UTC with --platform.")
    ] = None,
    test: Annotated[
        bool, typer.Option("--test", help="Mark the key sk_test_ instead of sk_live_; it opens the same.")
    ] = False,
    platform: PlatformOption = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue a key. It is printed once and stored nowhere: keep it."""
    if platform and (preset or school or zones):
        raise typer.BadParameter("--platform goes without --preset, --school and --zones")
    if not platform and preset is None:
        raise typer.BadParameter("--preset is needed, or --platform")
    wish = Wish(partner, preset, "test" if test else "live", _split(zones), _split(cidrs), expires)
    with open_instance(data) as settings:
        where, issued = asyncio.run(key_desk.issue(settings.database_url, settings.peppers, school, wish))
    _print_issued(issued, {"school": where.code if where else None, "partner": partner.strip()}, as_json)


@keys.command()
def rotate(
    key: KeyArgument,
    grace: Annotated[int, typer.Option(help="Hours for which the old key still opens: 0, 1, 24 or 168.")] = 24,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replace a key by one that may do the same."""
    key_id = _key_id(key)
    with open_instance(data) as settings:
        issued = asyncio.run(key_desk.rotate(settings.database_url, settings.peppers, key_id, grace))
    _print_issued(issued, {"replaces": key_id, "grace_hours": grace}, as_json)


@keys.command()
def revoke(key: KeyArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Take a key back: within a second it opens nothing anywhere. Doing it again changes nothing."""
    with open_instance(data) as settings:
        row = asyncio.run(key_desk.revoke(settings.database_url, _key_id(key)))
    if as_json:
        print(json.dumps(_shown(row), ensure_ascii=False))
    else:
        print(f"{row.key_id} revoked")


@keys.command(name="list")
def list_them(
    school: SchoolOption = None, platform: PlatformOption = False, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """The keys of a school, by partner; with --json also their scopes, and those that each has never used."""
    with open_instance(data) as settings:
        if platform:
            rows = [_listed_of_platform(row) for row in asyncio.run(key_desk.list_of_platform(settings.database_url))]
        else:
            rows = [_listed(key) for key in asyncio.run(key_desk.list_of_school(settings.database_url, school))]
    if as_json:
        print(json.dumps({"keys": rows}, ensure_ascii=False))
    elif not rows:
        what = "There is no key of the platform" if platform else "This school has no key"
        say(f"{what} yet. Issue one with ./skooly keys issue.")
    else:
        print_table(("key_id", "partner", "preset", "zones", "cidrs", "state", "last_used_at"), rows)


def _print_issued(issued: Issued, facts: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"key": issued.key, **facts, **_shown(issued.row)}, ensure_ascii=False))
    else:
        print(issued.key)
        say("Shown once and stored nowhere: keep it now.")


def _listed(key: KeyRecord) -> dict[str, Any]:
    uses = {"last_used_at": _moment(key.last_used_at), "unused_scopes": key.unused_scopes}
    return {"partner": key.partner, **_shown(key), **uses}


def _listed_of_platform(row: PlatformKey) -> dict[str, Any]:
    return {"partner": row.name, **_shown(row), "last_used_at": _moment(row.last_used_at), "unused_scopes": []}


def _shown(key: Row | KeyRecord) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "preset": key.preset,
        "scopes": sorted(key.scopes),
        "zones": None if isinstance(key, PlatformKey) else key.zones,
        "cidrs": key.cidrs,
        "expires_at": _moment(key.expires_at),
        "state": key_state(key, SystemClock().now()),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _split(listed: str | None) -> list[str] | None:
    return None if listed is None else [part for part in listed.split(",") if part.strip()]


def _key_id(text: str) -> str:
    """Whoever holds a leaked key can take it back with the key itself."""
    return key_id_of(text) or text
