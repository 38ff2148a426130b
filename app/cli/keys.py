"""`skooly keys`: letting integrations in, and out again."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from app.cli.chosen_school import SchoolOption, choose_school
from app.cli.failure import CommandFailed
from app.cli.instance import DataOption, JsonOption, open_instance
from app.cli.steps import say
from app.cli.tables import print_table
from app.core.api_keys import Mode, key_id_of
from app.core.clock import SystemClock
from app.core.database import Database, Wall
from app.domains.partners.presets import PRESETS
from app.domains.partners.service import (
    IssuedKey,
    ensure_partner,
    find_key,
    issue_key,
    list_keys,
    revoke_key,
    rotate_key,
)
from app.domains.partners.tables import ApiKey, School

keys = typer.Typer(help="API keys: issue, list, rotate, revoke.", no_args_is_help=True)

KeyArgument = Annotated[str, typer.Argument(help="The key's id, as ./skooly keys list shows it; or the whole key.")]


class ExpiryPast(CommandFailed):
    """The key would have expired before it is issued."""


@dataclass(frozen=True)
class Wish:
    """A key as the command line asks for it."""

    partner: str
    preset: str
    mode: Mode
    zones: list[str] | None
    cidrs: list[str] | None
    expires: datetime | None


@keys.command()
def issue(
    partner: Annotated[str, typer.Option(help="The integration's name; made where there is none.")],
    preset: Annotated[str, typer.Option(help=f"What it may do: {', '.join(PRESETS)}.")],
    school: SchoolOption = None,
    zones: Annotated[str | None, typer.Option(help="Only these zones, separated by commas.")] = None,
    cidrs: Annotated[str | None, typer.Option(help="Only from these networks: 203.0.113.0/24,2001:db8::/32.")] = None,
    expires: Annotated[datetime | None, typer.Option(help="Until this moment, in the school's time zone.")] = None,
    test: Annotated[
        bool, typer.Option("--test", help="Mark the key sk_test_ instead of sk_live_; it opens the same.")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue a key. It is printed once and stored nowhere: keep it."""
    wish = Wish(partner, preset, "test" if test else "live", _split(zones), _split(cidrs), expires)
    with open_instance(data) as settings:
        where, issued = asyncio.run(_issue(settings.database_url, settings.peppers, school, wish))
    _print_issued(issued, {"school": where.code, "partner": partner.strip()}, as_json)


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
        issued = asyncio.run(_rotate(settings.database_url, settings.peppers, key_id, grace))
    _print_issued(issued, {"replaces": key_id, "grace_hours": grace}, as_json)


@keys.command()
def revoke(key: KeyArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Take a key back: within a second it opens nothing anywhere. Doing it again changes nothing."""
    with open_instance(data) as settings:
        row = asyncio.run(_revoke(settings.database_url, _key_id(key)))
    if as_json:
        print(json.dumps(_shown(row), ensure_ascii=False))
    else:
        print(f"{row.key_id} revoked")


@keys.command(name="list")
def list_them(school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """The keys of a school, by partner."""
    with open_instance(data) as settings:
        rows = asyncio.run(_list(settings.database_url, school))
    if as_json:
        print(json.dumps({"keys": rows}, ensure_ascii=False))
    elif not rows:
        say("This school has no key yet. Issue one with ./skooly keys issue.")
    else:
        print_table(("key_id", "partner", "preset", "zones", "cidrs", "state", "last_used_at"), rows)


async def _issue(
    url: str, peppers: Mapping[int, bytes], school_code: str | None, wish: Wish
) -> tuple[School, IssuedKey]:
    async with Database(url) as database:
        school = await choose_school(database, school_code)
        async with database.transaction(Wall.app(school.id)) as session:
            issued = await issue_key(
                session,
                school,
                await ensure_partner(session, wish.partner),
                wish.preset,
                peppers,
                mode=wish.mode,
                zones=wish.zones,
                cidrs=wish.cidrs,
                expires_at=_in_school(wish.expires, school),
            )
        return school, issued


async def _rotate(url: str, peppers: Mapping[int, bytes], key_id: str, grace: int) -> IssuedKey:
    async with Database(url) as database:
        row = await find_key(database, key_id)
        async with database.transaction(Wall.app(row.school_id)) as session:
            return await rotate_key(session, key_id, peppers, SystemClock(), grace_hours=grace)


async def _revoke(url: str, key_id: str) -> ApiKey:
    async with Database(url) as database:
        row = await find_key(database, key_id)
        async with database.transaction(Wall.app(row.school_id)) as session:
            return await revoke_key(session, key_id, SystemClock())


async def _list(url: str, school_code: str | None) -> list[dict[str, Any]]:
    async with Database(url) as database:
        school = await choose_school(database, school_code)
        async with database.transaction(Wall.app(school.id)) as session:
            listed = await list_keys(session)
    return [{"partner": key.partner, **_shown(key.row), "last_used_at": _moment(key.last_used_at)} for key in listed]


def _print_issued(issued: IssuedKey, facts: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"key": issued.key, **facts, **_shown(issued.row)}, ensure_ascii=False))
    else:
        print(issued.key)
        say("Shown once and stored nowhere: keep it now.")


def _shown(row: ApiKey) -> dict[str, Any]:
    return {
        "key_id": row.key_id,
        "preset": row.preset,
        "scopes": sorted(row.scopes),
        "zones": row.zones,
        "cidrs": row.cidrs,
        "expires_at": _moment(row.expires_at),
        "state": _state(row),
    }


def _state(row: ApiKey) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is not None and row.expires_at <= SystemClock().now():
        return "expired"
    return "replaced" if row.rotated_to else "active"


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _in_school(at: datetime | None, school: School) -> datetime | None:
    """Raises ExpiryPast: such a key would never open anything."""
    moment = None if at is None else at.replace(tzinfo=ZoneInfo(school.timezone))
    if moment is not None and moment <= SystemClock().now():
        raise ExpiryPast(f"{_moment(moment)} is over. Give --expires a moment in the future.")
    return moment


def _split(listed: str | None) -> list[str] | None:
    return None if listed is None else [part for part in listed.split(",") if part.strip()]


def _key_id(text: str) -> str:
    """Whoever holds a leaked key can take it back with the key itself."""
    return key_id_of(text) or text
