"""Zones as an operator makes them."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.domains.access.errors import ZoneCodeTaken
from app.domains.access.windows import DAYS, Window, read_window
from app.domains.access.zone_reads import list_zones
from app.domains.access.zone_records import NewZone
from app.domains.access.zones import create_zone
from tests.support.factories.partners import make_school

CANTEEN = NewZone(code=" cantine ", label="Cantine", currency="XOF", price="500", anti_passback_seconds=900)


async def test_a_zone_is_made_once(database: Database) -> None:
    school = await make_school(database)
    windows = [read_window("déjeuner lun-ven 11:30-14:00"), read_window("nuit sam 22:00-02:00")]
    async with database.transaction(Wall.app(school.id)) as session:
        made = await create_zone(session, NewZone(**{**_fields(CANTEEN), "windows": windows}))
    async with database.transaction(Wall.app(school.id)) as session:
        [zone] = await list_zones(session)
        assert (zone.code, zone.price, zone.anti_passback_seconds) == ("CANTINE", 500, 900)
        assert zone == made
        assert zone.windows == tuple(windows)
        with pytest.raises(ZoneCodeTaken):
            await create_zone(session, CANTEEN)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"price": "-1"}, "price"),
        ({"price": "1.5"}, "price"),
        ({"label": " "}, "label"),
        ({"currency": "ZZZ"}, "currency"),
        ({"anti_passback_seconds": 86_401}, "antiPassbackSeconds"),
        ({"programmes": ["NULLE"]}, "programmes"),
        ({"code": ""}, "code"),
    ],
)
async def test_what_a_zone_cannot_be_is_named(database: Database, wrong: dict[str, object], field: str) -> None:
    school = await make_school(database)
    with pytest.raises(InvalidInput) as refused:
        async with database.transaction(Wall.app(school.id)) as session:
            await create_zone(session, NewZone(**{**_fields(CANTEEN), **wrong}))
    assert refused.value.field == field
    async with database.transaction(Wall.app(school.id)) as session:
        assert await list_zones(session) == []


def test_days_may_go_over_the_end_of_the_week() -> None:
    assert read_window("garde sam-lun 20:00-06:00") == Window("garde", (6, 7, 1), time(20), time(6))
    assert read_window("lunch mon 12:00-13:00").weekdays == (1,)


@given(st.sampled_from(sorted(DAYS)), st.sampled_from(sorted(DAYS)), st.times(), st.times())
def test_an_opening_time_is_read_as_written(first: str, last: str, opens: time, closes: time) -> None:
    written = f"repas {first}-{last} {opens:%H:%M}-{closes:%H:%M}"
    if f"{opens:%H:%M}" == f"{closes:%H:%M}":
        with pytest.raises(InvalidInput):
            read_window(written)
    else:
        window = read_window(written)
        assert (window.weekdays[0], window.weekdays[-1]) == (DAYS[first], DAYS[last])
        assert len(set(window.weekdays)) == len(window.weekdays)


@given(st.text(max_size=60))
def test_anything_else_is_refused_with_the_notation(text: str) -> None:
    try:
        read_window(text)
    except InvalidInput as refused:
        assert refused.field == "window"


def _fields(zone: NewZone) -> dict[str, object]:
    return {name: getattr(zone, name) for name in NewZone.__dataclass_fields__}
