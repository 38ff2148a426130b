"""Schools, the integrations they let in, and the keys those hold."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core import api_keys
from app.core.clock import Clock
from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.core.ids import new_id
from app.core.money import exponent
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code, refuse_control_characters
from app.domains.events.service import open_log
from app.domains.partners.errors import (
    GraceNotOffered,
    KeyAlreadyRevoked,
    KeyNotFound,
    NetworkUnreadable,
    SchoolCodeTaken,
    SchoolNotFound,
    UnknownTimezone,
)
from app.domains.partners.presets import preset_named
from app.domains.partners.tables import ApiKey, KeyUse, Partner, School

LONGEST_NAME = 120
GRACE_HOURS = (0, 1, 24, 168)
HANDED_OVER = {"school_id", "partner_id", "preset", "scopes", "zones", "cidrs", "expires_at"}


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key just issued. `key` is the only time anybody sees it."""

    key: str = field(repr=False)
    row: ApiKey


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as lists show it. `last_used_at` is exact to a minute or so; None for a key never used."""

    row: ApiKey
    partner: str
    last_used_at: datetime | None


async def create_school(database: Database, *, code: str, name: str, timezone: str, currency: str) -> School:
    """Opens a school and its log. Raises SchoolCodeTaken, UnknownTimezone, InvalidInput."""
    if timezone not in available_timezones():
        raise UnknownTimezone(field="timezone", timezone=timezone)
    exponent(currency)
    school = School(
        id=new_id(),
        code=_school_code(code),
        name=_name(name),
        timezone=timezone,
        currency=currency,
    )
    try:
        async with database.transaction(Wall.app(school.id)) as session:
            session.add(school)
            await session.flush()
            await session.refresh(school)
            await open_log(session, school.id)
    except IntegrityError as error:
        if "uq_school_code" not in str(error.orig):
            raise
        raise SchoolCodeTaken(field="code", school=school.code) from error
    return school


def _school_code(text: str) -> str:
    """It is typed in commands, so it holds no space."""
    code = normalise_code(text, "code")
    if any(character.isspace() for character in code):
        raise InvalidInput(
            field="code", reason_fr="un code d'école sans espace", reason_en="a school's code has no space"
        )
    return code


async def list_schools(database: Database) -> list[School]:
    """Every school, by code: for the command line on the server, which is above the walls between schools."""
    async with database.transaction(Wall.auth()) as session:
        return list(await session.scalars(select(School).order_by(col(School.code))))


async def find_school(database: Database, code: str) -> School:
    """Raises SchoolNotFound."""
    async with database.transaction(Wall.auth()) as session:
        school = await session.scalar(select(School).where(col(School.code) == normalise_code(code, "school")))
    if school is None:
        raise SchoolNotFound(field="school", school=code)
    return school


async def ensure_partner(session: AsyncSession, name: str) -> Partner:
    """The partner of that name in the transaction's school, made where there is none."""
    made = insert(Partner).values(school_id=THIS_SCHOOL, name=_name(name)).on_conflict_do_nothing()
    await session.execute(made)
    found = await session.scalars(
        select(Partner).where(col(Partner.school_id) == THIS_SCHOOL, col(Partner.name) == _name(name))
    )
    return found.one()


async def issue_key(
    session: AsyncSession,
    school: School,
    partner: Partner,
    preset: str,
    peppers: Mapping[int, bytes],
    *,
    mode: api_keys.Mode = "live",
    zones: Iterable[str] | None = None,
    cidrs: Iterable[str] | None = None,
    expires_at: datetime | None = None,
) -> IssuedKey:
    """A new key with the scopes of a preset.

    `zones` and `cidrs` restrict it to some zones and networks; None restricts nothing. Raises UnknownPreset,
    NetworkUnreadable, InvalidInput.
    """
    return await _add_key(
        session,
        peppers,
        mode,
        school_id=school.id,
        partner_id=partner.id,
        preset=preset,
        scopes=sorted(preset_named(preset).scopes),
        zones=_zones(zones),
        cidrs=_networks(cidrs),
        expires_at=expires_at,
    )


async def rotate_key(
    session: AsyncSession,
    key_id: str,
    peppers: Mapping[int, bytes],
    clock: Clock,
    *,
    grace_hours: int = 24,
    mode: api_keys.Mode = "live",
) -> IssuedKey:
    """A new key with everything the old one had. The old one opens for `grace_hours` (0, 1, 24 or 168) more.

    Raises KeyNotFound, KeyAlreadyRevoked, GraceNotOffered.
    """
    if grace_hours not in GRACE_HOURS:
        raise GraceNotOffered(field="graceHours", hours=grace_hours, offered=", ".join(map(str, GRACE_HOURS)))
    now = clock.now()
    old = await _lock(session, key_id)
    if old.revoked_at or old.rotated_to or (old.expires_at and old.expires_at <= now):
        raise KeyAlreadyRevoked(field="keyId", key_id=key_id)
    issued = await _add_key(session, peppers, mode, **old.model_dump(include=HANDED_OVER))
    old.rotated_to = issued.row.id
    if grace_hours:
        end = now + timedelta(hours=grace_hours)
        old.expires_at = min(old.expires_at or end, end)
    else:
        old.revoked_at = now
    await session.flush()
    return issued


async def revoke_key(session: AsyncSession, key_id: str, clock: Clock) -> ApiKey:
    """Takes a key back, everywhere within a second. Doing it again changes nothing. Raises KeyNotFound."""
    row = await _lock(session, key_id)
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        await session.flush()
    return row


async def list_keys(session: AsyncSession) -> list[ListedKey]:
    """The keys of the transaction's school: by partner, then by age."""
    statement = (
        select(ApiKey, col(Partner.name), col(KeyUse.last_used_at))
        .join(Partner, and_(col(Partner.school_id) == ApiKey.school_id, col(Partner.id) == ApiKey.partner_id))
        .outerjoin(KeyUse, and_(col(KeyUse.school_id) == ApiKey.school_id, col(KeyUse.id) == ApiKey.id))
        .where(col(ApiKey.school_id) == THIS_SCHOOL)
        .order_by(col(Partner.name), col(ApiKey.created_at), col(ApiKey.id))
    )
    return [ListedKey(*row) for row in await session.execute(statement)]


async def find_key(database: Database, key_id: str) -> ApiKey:
    """A key of whatever school: for the command line on the server. Raises KeyNotFound."""
    async with database.transaction(Wall.auth()) as session:
        row = await session.scalar(select(ApiKey).where(col(ApiKey.key_id) == key_id))
    if row is None:
        raise KeyNotFound(field="keyId", key_id=key_id)
    return row


async def _add_key(
    session: AsyncSession, peppers: Mapping[int, bytes], mode: api_keys.Mode, **columns: Any
) -> IssuedKey:
    new = api_keys.make_key(mode)
    version = api_keys.newest(peppers)
    digest = api_keys.digest(new.text, peppers[version])
    row = ApiKey(id=new_id(), key_id=new.key_id, digest=digest, pepper_version=version, **columns)
    session.add(row)
    await session.flush()
    return IssuedKey(new.text, row)


async def _lock(session: AsyncSession, key_id: str) -> ApiKey:
    """Raises KeyNotFound, also for a key of another school."""
    statement = select(ApiKey).where(col(ApiKey.school_id) == THIS_SCHOOL, col(ApiKey.key_id) == key_id)
    row = await session.scalar(statement.with_for_update())
    if row is None:
        raise KeyNotFound(field="keyId", key_id=key_id)
    return row


def _name(name: str) -> str:
    cleaned = refuse_control_characters(name, "name").strip()
    if not 1 <= len(cleaned) <= LONGEST_NAME:
        raise InvalidInput(
            field="name", reason_fr=f"de 1 à {LONGEST_NAME} caractères", reason_en=f"1 to {LONGEST_NAME} characters"
        )
    return cleaned


def _zones(zones: Iterable[str] | None) -> list[str] | None:
    if zones is None:
        return None
    codes = sorted({normalise_code(zone, "zones") for zone in zones})
    return _not_empty(codes, "zones")


def _networks(cidrs: Iterable[str] | None) -> list[str] | None:
    if cidrs is None:
        return None
    return _not_empty([_network(cidr) for cidr in cidrs], "cidrs")


def _network(cidr: str) -> str:
    try:
        return str(ipaddress.ip_network(cidr.strip()))
    except ValueError:
        raise NetworkUnreadable(field="cidrs", network=cidr) from None


def _not_empty(values: list[str], field: str) -> list[str]:
    """An empty restriction would leave a key that opens nothing, or be mistaken for no restriction."""
    if not values:
        raise InvalidInput(field=field, reason_fr="liste vide", reason_en="the list is empty")
    return values
