"""Opening schools."""

import uuid

import pytest

from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.domains.partners.errors import SchoolCodeTaken, SchoolNotFound, UnknownTimezone
from app.domains.partners.service import create_school, ensure_partner, find_school, list_schools
from tests.support.factories.partners import make_school


async def test_a_school_is_found_by_its_code_in_any_case(database: Database) -> None:
    school = await make_school(database, code=f"lycée-{uuid.uuid4().hex[:8]}")
    found = await find_school(database, f" {school.code.lower()} ")
    assert (found.id, found.timezone, found.currency) == (school.id, "Africa/Dakar", "XOF")
    assert school.id in {each.id for each in await list_schools(database)}


async def test_a_code_belongs_to_one_school(database: Database) -> None:
    school = await make_school(database)
    with pytest.raises(SchoolCodeTaken, match=school.code):
        await make_school(database, code=school.code.lower())


async def test_a_code_has_no_space(database: Database) -> None:
    with pytest.raises(InvalidInput) as refused:
        await make_school(database, code="lycée moderne")
    assert refused.value.field == "code"


async def test_an_unknown_school_is_named(database: Database) -> None:
    with pytest.raises(SchoolNotFound, match="NOWHERE"):
        await find_school(database, "NOWHERE")


async def test_time_zone_and_currency_are_known_ones(database: Database) -> None:
    with pytest.raises(UnknownTimezone):
        await make_school(database, timezone="Africa/Atlantis")
    with pytest.raises(InvalidInput):
        await make_school(database, currency="ZZZ")


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\x00b"])
async def test_a_name_is_text_of_a_sensible_length(database: Database, name: str) -> None:
    with pytest.raises(InvalidInput):
        await create_school(database, code=uuid.uuid4().hex[:8], name=name, timezone="UTC", currency="EUR")


async def test_a_partner_is_made_once_per_school(database: Database) -> None:
    partners = []
    for school in [await make_school(database)] * 2 + [await make_school(database)]:
        async with database.transaction(Wall.app(school.id)) as session:
            partners.append(await ensure_partner(session, " Cantine "))
    first, second, elsewhere = partners
    assert first.id == second.id != elsewhere.id
    assert first.name == "Cantine"
