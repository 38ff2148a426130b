"""Issuing, rotating, revoking and listing keys."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from app.core import api_keys
from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.domains.partners.errors import (
    GraceNotOffered,
    KeyAlreadyRevoked,
    KeyNotFound,
    NetworkUnreadable,
    UnknownPreset,
)
from app.domains.partners.presets import PRESETS
from app.domains.partners.service import GRACE_HOURS, find_key, list_keys, revoke_key, rotate_key
from tests.support.clock import FixedClock
from tests.support.factories.partners import PEPPERS, make_key, make_school


@pytest.mark.parametrize("preset", PRESETS)
async def test_a_key_gets_the_scopes_of_its_preset(database: Database, preset: str) -> None:
    issued = await make_key(database, await make_school(database), preset)
    assert set(issued.row.scopes) == PRESETS[preset].scopes


async def test_the_key_itself_is_not_stored(database: Database) -> None:
    issued = await make_key(database, await make_school(database))
    assert issued.key not in repr(issued)
    row = await find_key(database, issued.row.key_id)
    assert issued.key not in repr(row.model_dump())
    assert api_keys.matches(issued.key, row.digest, PEPPERS[row.pepper_version])


async def test_restrictions_are_normalised(database: Database) -> None:
    school = await make_school(database)
    issued = await make_key(
        database, school, "tourniquet", zones=["restaurant ", "Gym"], cidrs=["10.0.0.0/8", "2001:DB8::1"]
    )
    assert issued.row.zones == ["GYM", "RESTAURANT"]
    assert issued.row.cidrs == ["10.0.0.0/8", "2001:db8::1/128"]


@pytest.mark.parametrize("cidrs", [["10.0.0.1/8"], ["canteen"], [""]])
async def test_an_unreadable_network_is_refused(database: Database, cidrs: Collection[str]) -> None:
    with pytest.raises(NetworkUnreadable):
        await make_key(database, await make_school(database), cidrs=cidrs)


async def test_an_empty_restriction_is_refused(database: Database) -> None:
    school = await make_school(database)
    with pytest.raises(InvalidInput):
        await make_key(database, school, cidrs=[])
    with pytest.raises(InvalidInput):
        await make_key(database, school, zones=[])


async def test_an_unknown_preset_lists_the_known_ones(database: Database) -> None:
    with pytest.raises(UnknownPreset, match="cantine, tourniquet"):
        await make_key(database, await make_school(database), "cantin")


@pytest.mark.parametrize("hours", GRACE_HOURS)
async def test_rotation_hands_everything_over(database: Database, clock: FixedClock, hours: int) -> None:
    school = await make_school(database)
    old = (await make_key(database, school, "tourniquet", zones=["A"], cidrs=["10.0.0.0/8"])).row
    async with database.transaction(Wall.app(school.id)) as session:
        new = (await rotate_key(session, old.key_id, PEPPERS, clock, grace_hours=hours)).row
    assert (new.partner_id, new.preset, new.scopes) == (old.partner_id, old.preset, old.scopes)
    assert (new.zones, new.cidrs, new.expires_at) == (old.zones, old.cidrs, None)
    kept = await find_key(database, old.key_id)
    assert kept.rotated_to == new.id
    assert (kept.revoked_at is not None) == (hours == 0)
    assert kept.expires_at == (clock.now() + timedelta(hours=hours) if hours else None)


async def test_a_rotation_happens_once_and_with_an_offered_grace(database: Database, clock: FixedClock) -> None:
    school = await make_school(database)
    old = (await make_key(database, school)).row
    with pytest.raises(GraceNotOffered, match="0, 1, 24, 168"):
        async with database.transaction(Wall.app(school.id)) as session:
            await rotate_key(session, old.key_id, PEPPERS, clock, grace_hours=2)
    async with database.transaction(Wall.app(school.id)) as session:
        await rotate_key(session, old.key_id, PEPPERS, clock)
    with pytest.raises(KeyAlreadyRevoked):
        async with database.transaction(Wall.app(school.id)) as session:
            await rotate_key(session, old.key_id, PEPPERS, clock)


async def test_revoking_again_changes_nothing(database: Database, clock: FixedClock) -> None:
    school = await make_school(database)
    key_id = (await make_key(database, school)).row.key_id
    async with database.transaction(Wall.app(school.id)) as session:
        first = (await revoke_key(session, key_id, clock)).revoked_at
    clock.advance(timedelta(hours=1))
    async with database.transaction(Wall.app(school.id)) as session:
        assert (await revoke_key(session, key_id, clock)).revoked_at == first


async def test_another_schools_key_is_not_found(database: Database, clock: FixedClock) -> None:
    key_id = (await make_key(database, await make_school(database))).row.key_id
    other = await make_school(database)
    with pytest.raises(KeyNotFound):
        async with database.transaction(Wall.app(other.id)) as session:
            await revoke_key(session, key_id, clock)


async def test_the_list_is_the_schools_own(database: Database) -> None:
    school = await make_school(database)
    await make_key(database, await make_school(database))
    for partner in ("Sage", "Cantine"):
        await make_key(database, school, partner=partner)
    async with database.transaction(Wall.app(school.id)) as session:
        listed = await list_keys(session)
    assert [(key.partner, key.last_used_at) for key in listed] == [("Cantine", None), ("Sage", None)]
