"""Keys of the platform: without a school, for managing schools. They come from the command line on the server.

Their rows lie in a table of their own, on which the application's role has no right whatever; they are written as the
owner of the tables, which no request can become.
"""

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
from app.core.ids import new_id
from app.domains.partners.errors import KeyAlreadyRevoked, KeyNotFound
from app.domains.partners.presets import PLATFORM
from app.domains.partners.service.key_lists import KeyRecord
from app.domains.partners.service.keys import read_networks, refuse_other_grace
from app.domains.partners.service.texts import read_name
from app.domains.partners.tables import PlatformKey


@dataclass(frozen=True, slots=True)
class IssuedPlatformKey:
    """A key just issued. `key` is the only time anybody sees it."""

    key: str = field(repr=False)
    row: PlatformKey


async def issue_platform_key(
    database: Database,
    name: str,
    peppers: Mapping[int, bytes],
    *,
    mode: api_keys.Mode = "live",
    cidrs: Iterable[str] | None = None,
    expires_at: datetime | None = None,
) -> IssuedPlatformKey:
    """`name` says who holds it. Raises NetworkUnreadable, InvalidInput."""
    async with database.transaction(Wall.owner()) as session:
        return await _add_key(
            session,
            peppers,
            mode,
            name=read_name(name),
            preset=PLATFORM.name,
            scopes=sorted(PLATFORM.scopes),
            cidrs=read_networks(cidrs),
            expires_at=expires_at,
        )


async def rotate_platform_key(
    database: Database, key_id: str, peppers: Mapping[int, bytes], clock: Clock, *, grace_hours: int = 24
) -> IssuedPlatformKey:
    """As `rotate_key`. Raises KeyNotFound, KeyAlreadyRevoked, GraceNotOffered."""
    refuse_other_grace(grace_hours)
    now = clock.now()
    async with database.transaction(Wall.owner()) as session:
        old = await _lock(session, key_id)
        if old.revoked_at or old.rotated_to or (old.expires_at and old.expires_at <= now):
            raise KeyAlreadyRevoked(field="keyId", key_id=key_id)
        handed_over = old.model_dump(include={"name", "preset", "scopes", "cidrs", "expires_at"})
        issued = await _add_key(session, peppers, "live", **handed_over)
        old.rotated_to = issued.row.id
        if grace_hours:
            end = now + timedelta(hours=grace_hours)
            old.expires_at = min(old.expires_at or end, end)
        else:
            old.revoked_at = now
    return issued


async def revoke_platform_key(database: Database, key_id: str, clock: Clock) -> PlatformKey:
    """Takes a key back, everywhere within a second. Doing it again changes nothing. Raises KeyNotFound."""
    async with database.transaction(Wall.owner()) as session:
        row = await _lock(session, key_id)
        row.revoked_at = row.revoked_at or clock.now()
    return row


async def list_platform_keys(database: Database) -> list[PlatformKey]:
    """By age."""
    async with database.transaction(Wall.auth()) as session:
        return list(await session.scalars(select(PlatformKey).order_by(col(PlatformKey.id))))


async def describe_platform_key(database: Database, key_id: str) -> KeyRecord:
    """As `describe_key`. Raises KeyNotFound."""
    row = await find_platform_key(database, key_id)
    if row is None:
        raise KeyNotFound(field="keyId", key_id=key_id)
    return KeyRecord(
        id=row.id,
        key_id=row.key_id,
        partner=row.name,
        preset=row.preset,
        scopes=row.scopes,
        zones=None,
        cidrs=row.cidrs,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        rotated_to=None,
        last_used_at=row.last_used_at,
    )


async def find_platform_key(database: Database, key_id: str) -> PlatformKey | None:
    async with database.transaction(Wall.auth()) as session:
        return await session.scalar(select(PlatformKey).where(col(PlatformKey.key_id) == key_id))


async def _add_key(
    session: AsyncSession, peppers: Mapping[int, bytes], mode: api_keys.Mode, **columns: Any
) -> IssuedPlatformKey:
    new = api_keys.make_key(mode)
    version = api_keys.newest(peppers)
    digest = api_keys.digest(new.text, peppers[version])
    row = PlatformKey(id=new_id(), key_id=new.key_id, digest=digest, pepper_version=version, **columns)
    session.add(row)
    await session.flush()
    await session.refresh(row)
    return IssuedPlatformKey(new.text, row)


async def _lock(session: AsyncSession, key_id: str) -> PlatformKey:
    """Raises KeyNotFound."""
    row = await session.scalar(select(PlatformKey).where(col(PlatformKey.key_id) == key_id).with_for_update())
    if row is None:
        raise KeyNotFound(field="keyId", key_id=key_id)
    return row
