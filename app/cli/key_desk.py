"""What `skooly keys` does, for keys of a school and of the platform alike: who asks names a key, not its kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.cli.chosen_school import choose_school
from app.cli.failure import CommandFailed
from app.core.api_keys import Mode
from app.core.clock import SystemClock
from app.core.database import Database, Wall
from app.domains.partners.service import (
    IssuedKey,
    IssuedPlatformKey,
    KeyRecord,
    ensure_partner,
    find_key,
    find_platform_key,
    issue_key,
    issue_platform_key,
    list_keys,
    list_platform_keys,
    revoke_key,
    revoke_platform_key,
    rotate_key,
    rotate_platform_key,
)
from app.domains.partners.tables import ApiKey, PlatformKey, School

Issued = IssuedKey | IssuedPlatformKey
Row = ApiKey | PlatformKey
Peppers = Mapping[int, bytes]


class ExpiryPast(CommandFailed):
    """The key would have expired before it is issued."""


@dataclass(frozen=True)
class Wish:
    """A key as the command line asks for it. `preset` is None for a key of the platform, which has no zones."""

    partner: str
    preset: str | None
    mode: Mode
    zones: list[str] | None
    cidrs: list[str] | None
    expires: datetime | None


async def issue(url: str, peppers: Peppers, school_code: str | None, wish: Wish) -> tuple[School | None, Issued]:
    async with Database(url) as database:
        if wish.preset is None:
            return None, await _issue_for_platform(database, peppers, wish)
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
                expires_at=_future(wish.expires, ZoneInfo(school.timezone)),
            )
        return school, issued


async def _issue_for_platform(database: Database, peppers: Peppers, wish: Wish) -> IssuedPlatformKey:
    return await issue_platform_key(
        database,
        wish.partner,
        peppers,
        mode=wish.mode,
        cidrs=wish.cidrs,
        expires_at=_future(wish.expires, ZoneInfo("UTC")),
    )


async def rotate(url: str, peppers: Peppers, key_id: str, grace: int) -> Issued:
    clock = SystemClock()
    async with Database(url) as database:
        if await find_platform_key(database, key_id):
            return await rotate_platform_key(database, key_id, peppers, clock, grace_hours=grace)
        row = await find_key(database, key_id)
        async with database.transaction(Wall.app(row.school_id)) as session:
            return await rotate_key(session, key_id, peppers, clock, grace_hours=grace)


async def revoke(url: str, key_id: str) -> Row:
    async with Database(url) as database:
        if await find_platform_key(database, key_id):
            return await revoke_platform_key(database, key_id, SystemClock())
        row = await find_key(database, key_id)
        async with database.transaction(Wall.app(row.school_id)) as session:
            return await revoke_key(session, key_id, SystemClock())


async def list_of_school(url: str, school_code: str | None) -> list[KeyRecord]:
    async with Database(url) as database:
        school = await choose_school(database, school_code)
        async with database.transaction(Wall.app(school.id)) as session:
            return await list_keys(session)


async def list_of_platform(url: str) -> list[PlatformKey]:
    async with Database(url) as database:
        return await list_platform_keys(database)


def _future(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Raises ExpiryPast: such a key would never open anything."""
    moment = None if at is None else at.replace(tzinfo=zone)
    if moment is not None and moment <= SystemClock().now():
        raise ExpiryPast(f"{moment.isoformat(timespec='seconds')} is over. Give --expires a moment in the future.")
    return moment
