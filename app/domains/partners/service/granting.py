"""What a key of a school may do about the school's keys.

It hands out the presets of integrations and takes any key back. The presets that Skooly keeps to itself come from the
command line on the server: a key cannot make another of its own kind, one that is Skooly, or one of the platform, nor
get at one by replacing it. It may replace itself, and is bound to its own zones in what it hands out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import Clock
from app.core.errors import InvalidInput
from app.domains.partners.errors import PresetNotOffered, ZonesNotOffered
from app.domains.partners.presets import PLATFORM, PRESETS, preset_named
from app.domains.partners.service.key_lists import KeyRecord, describe_key
from app.domains.partners.service.keys import IssuedKey, issue_key, lock_key, read_networks, read_zones, rotate_key
from app.domains.partners.service.partners import ensure_partner
from app.domains.partners.service.schools import own_school


@dataclass(frozen=True, slots=True)
class Peppers:
    """The secrets that keys are stored under, by version. One per process."""

    by_version: Mapping[int, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key just issued. Its text is left out of what is kept of the answer: a repeated request has None."""

    details: KeyRecord
    text: Annotated[str | None, Field(exclude=True)] = field(default=None, repr=False)


async def grant_key(
    session: AsyncSession,
    actor: Actor,
    *,
    peppers: Peppers,
    clock: Clock,
    partner: str,
    preset: str,
    zones: Iterable[str] | None = None,
    networks: Iterable[str] | None = None,
    expires_at: datetime | None = None,
) -> ShownKey:
    """A new key for a partner, which is made where there is none of that name.

    None restricts nothing; an instant without offset is one of the school's time zone. Raises UnknownPreset,
    PresetNotOffered, ZonesNotOffered, NetworkUnreadable, InvalidInput.
    """
    _refuse_preset(preset)
    issued = await issue_key(
        session,
        await own_school(session),
        await ensure_partner(session, partner, "partner"),
        preset,
        peppers.by_version,
        zones=_within(actor, zones),
        cidrs=read_networks(networks, "networks"),
        expires_at=_future(expires_at, actor, clock),
    )
    return await _shown(session, issued)


async def replace_key(
    session: AsyncSession, actor: Actor, *, peppers: Peppers, clock: Clock, key_id: str, grace_hours: int
) -> ShownKey:
    """A new key with everything the old one had; the old one opens for `grace_hours` more.

    Raises KeyNotFound, KeyAlreadyRevoked, GraceNotOffered, PresetNotOffered, ZonesNotOffered.
    """
    old = await lock_key(session, key_id)
    if key_id != actor.key_id:
        _refuse_preset(old.preset)
        _within(actor, old.zones)
    issued = await rotate_key(session, key_id, peppers.by_version, clock, grace_hours=grace_hours)
    return await _shown(session, issued)


def offered(preset: str) -> bool:
    """Whether a key of the school may issue it. A preset of an older version, which is in no list any more, is not."""
    return preset in PRESETS and not PRESETS[preset].by_hand


def _refuse_preset(preset: str) -> None:
    """Raises UnknownPreset, PresetNotOffered."""
    if preset == PLATFORM.name or preset_named(preset).by_hand:
        raise PresetNotOffered(field="preset", preset=preset)


def _within(actor: Actor, zones: Iterable[str] | None) -> list[str] | None:
    """The zones asked for, or those of the actor. Raises ZonesNotOffered, InvalidInput."""
    asked = read_zones(zones)
    if actor.zones is None:
        return asked
    if asked is None or not actor.zones.issuperset(asked):
        raise ZonesNotOffered(field="zones", zones=", ".join(sorted(actor.zones)))
    return asked


def _future(moment: datetime | None, actor: Actor, clock: Clock) -> datetime | None:
    if moment is None:
        return None
    at = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(actor.timezone))
    if at <= clock.now():
        raise InvalidInput(field="expiresAt", reason_fr="un instant à venir", reason_en="an instant in the future")
    return at


async def _shown(session: AsyncSession, issued: IssuedKey) -> ShownKey:
    return ShownKey(await describe_key(session, issued.row.key_id), issued.key)
