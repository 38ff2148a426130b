"""Schools, the integrations they let in, and the keys those hold."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core import api_keys
from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.core.ids import new_id
from app.core.money import exponent
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code, refuse_control_characters
from app.domains.events.service import open_log
from app.domains.partners.errors import NetworkUnreadable, SchoolCodeTaken, SchoolNotFound, UnknownTimezone
from app.domains.partners.presets import preset_named
from app.domains.partners.tables import ApiKey, Partner, School

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key just issued. `key` is the only time anybody sees it."""

    key: str = field(repr=False)
    row: ApiKey


async def create_school(database: Database, *, code: str, name: str, timezone: str, currency: str) -> School:
    """Opens a school and its log. Raises SchoolCodeTaken, UnknownTimezone, InvalidInput."""
    if timezone not in available_timezones():
        raise UnknownTimezone(field="timezone", timezone=timezone)
    exponent(currency)
    school = School(
        id=new_id(),
        code=normalise_code(code, "code"),
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
    new = api_keys.make_key(mode)
    version = api_keys.newest(peppers)
    row = ApiKey(
        school_id=school.id,
        id=new_id(),
        key_id=new.key_id,
        partner_id=partner.id,
        preset=preset,
        scopes=sorted(preset_named(preset).scopes),
        zones=_zones(zones),
        cidrs=_networks(cidrs),
        digest=api_keys.digest(new.text, peppers[version]),
        pepper_version=version,
        expires_at=expires_at,
    )
    session.add(row)
    await session.flush()
    return IssuedKey(new.text, row)


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
