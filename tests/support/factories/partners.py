"""Schools, partners and actors that no other test knows."""

import uuid
from collections.abc import Iterable

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.partners.presets import preset_named
from app.domains.partners.service import IssuedKey, create_school, ensure_partner, issue_key
from app.domains.partners.tables import ApiKey, School

PEPPERS = {1: b"a pepper for tests, 32 bytes long"}
SECRET_KEYS = {1: b"a key for tests that is 32 bytes"}


async def make_school(
    database: Database, *, code: str | None = None, timezone: str = "Africa/Dakar", currency: str = "XOF"
) -> School:
    code = code or f"ECOLE-{uuid.uuid4().hex[:12]}"
    return await create_school(database, code=code, name=f"École {code}", timezone=timezone, currency=currency)


async def make_key(
    database: Database,
    school: School,
    preset: str = "core",
    *,
    partner: str | None = None,
    zones: Iterable[str] | None = None,
    cidrs: Iterable[str] | None = None,
) -> IssuedKey:
    """A real key of a real partner."""
    async with database.transaction(Wall.app(school.id)) as session:
        owner = await ensure_partner(session, partner or preset)
        return await issue_key(session, school, owner, preset, PEPPERS, zones=zones, cidrs=cidrs)


async def make_actor(
    database: Database,
    school: School | None = None,
    preset: str = "core",
    *,
    partner: str | None = None,
    scopes: Iterable[str] | None = None,
    zones: Iterable[str] | None = None,
) -> Actor:
    """Who a key of `preset` would be, without the key; its partner exists. `scopes` replaces those of the preset."""
    school = school or await make_school(database)
    async with database.transaction(Wall.app(school.id)) as session:
        owner = await ensure_partner(session, partner or preset)
    return Actor(
        school_id=school.id,
        school_code=school.code,
        timezone=school.timezone,
        partner_id=owner.id,
        partner_name=owner.name,
        key_id="test00000000",
        scopes=frozenset(map(str, preset_named(preset).scopes if scopes is None else scopes)),
        zones=None if zones is None else frozenset(zones),
    )


async def hold_key(database: Database, actor: Actor) -> ApiKey:
    """A key in force with the scopes and zones of an actor that was made without one: what it asks for is served."""
    key = ApiKey(
        school_id=actor.school_id,
        key_id=uuid.uuid4().hex[:12],
        partner_id=actor.partner_id,
        preset="core",
        scopes=sorted(actor.scopes),
        zones=None if actor.zones is None else sorted(actor.zones),
        digest=b"nobody holds it",
        pepper_version=1,
    )
    async with database.transaction(Wall.app(actor.school_id)) as session:
        session.add(key)
    return key
