"""Keys: issuing, replacing and taking them back."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core import api_keys
from app.core.clock import Clock
from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.core.ids import new_id
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code
from app.domains.partners.errors import GraceNotOffered, KeyAlreadyRevoked, KeyNotFound, NetworkUnreadable
from app.domains.partners.presets import preset_named
from app.domains.partners.tables import ApiKey, Partner, School

GRACE_HOURS = (0, 1, 24, 168)
HANDED_OVER = {"school_id", "partner_id", "preset", "scopes", "zones", "cidrs", "expires_at"}


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key just issued. `key` is the only time anybody sees it."""

    key: str = field(repr=False)
    row: ApiKey


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
        zones=read_zones(zones),
        cidrs=read_networks(cidrs),
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
    refuse_other_grace(grace_hours)
    now = clock.now()
    old = await lock_key(session, key_id)
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
    row = await lock_key(session, key_id)
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        await session.flush()
    return row


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


async def lock_key(session: AsyncSession, key_id: str) -> ApiKey:
    """Raises KeyNotFound, also for a key of another school."""
    statement = select(ApiKey).where(col(ApiKey.school_id) == THIS_SCHOOL, col(ApiKey.key_id) == key_id)
    row = await session.scalar(statement.with_for_update())
    if row is None:
        raise KeyNotFound(field="keyId", key_id=key_id)
    return row


def read_zones(zones: Iterable[str] | None) -> list[str] | None:
    if zones is None:
        return None
    codes = sorted({normalise_code(zone, "zones") for zone in zones})
    return _not_empty(codes, "zones")


def read_networks(cidrs: Iterable[str] | None, field: str = "cidrs") -> list[str] | None:
    if cidrs is None:
        return None
    return _not_empty([_network(cidr, field) for cidr in cidrs], field)


def _network(cidr: str, field: str) -> str:
    try:
        return str(ipaddress.ip_network(cidr.strip()))
    except ValueError:
        raise NetworkUnreadable(field=field, network=cidr) from None


def _not_empty(values: list[str], field: str) -> list[str]:
    """An empty restriction would leave a key that opens nothing, or be mistaken for no restriction."""
    if not values:
        raise InvalidInput(field=field, reason_fr="liste vide", reason_en="the list is empty")
    return values


def refuse_other_grace(hours: int) -> None:
    """Raises GraceNotOffered."""
    if hours not in GRACE_HOURS:
        raise GraceNotOffered(field="graceHours", hours=hours, offered=", ".join(map(str, GRACE_HOURS)))
