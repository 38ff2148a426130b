"""Reading zones with when and to whom they open: three statements, however many zones there are."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import time
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code
from app.domains.access.errors import UnknownZone
from app.domains.access.tables import Zone, ZoneProgramme, ZoneWindow
from app.domains.access.windows import Window
from app.domains.access.zone_records import ZoneRecord
from app.domains.students.tables import Programme

Opening = tuple[str, time, time]


async def list_zones(session: AsyncSession, codes: Iterable[str] | None = None) -> list[ZoneRecord]:
    """The zones of the transaction's school, by code: those with these codes, or all."""
    found = select(Zone).where(col(Zone.school_id) == THIS_SCHOOL).order_by(col(Zone.code))
    if codes is not None:
        found = found.where(col(Zone.code).in_(sorted(codes)))
    zones = list(await session.scalars(found))
    windows, programmes = await _windows(session), await _programmes(session)
    return [_record(zone, windows[zone.id], programmes[zone.id]) for zone in zones]


async def describe_zone(session: AsyncSession, code: str) -> ZoneRecord:
    """Raises UnknownZone, and InvalidInput for what cannot be a code."""
    normalised = normalise_code(code, "code")
    for zone in await list_zones(session, [normalised]):
        return zone
    raise UnknownZone(field="zone", zone=normalised)


async def _windows(session: AsyncSession) -> dict[UUID, list[tuple[Opening, int]]]:
    """What opens when, on which weekday, by zone."""
    found = await session.execute(
        select(
            col(ZoneWindow.zone_id),
            col(ZoneWindow.meal),
            col(ZoneWindow.weekday),
            col(ZoneWindow.opens_at),
            col(ZoneWindow.closes_at),
        )
        .where(col(ZoneWindow.school_id) == THIS_SCHOOL)
        .order_by(col(ZoneWindow.opens_at), col(ZoneWindow.meal), col(ZoneWindow.weekday))
    )
    windows: dict[UUID, list[tuple[Opening, int]]] = defaultdict(list)
    for row in found:
        windows[row.zone_id].append(((row.meal, row.opens_at, row.closes_at), row.weekday))
    return windows


async def _programmes(session: AsyncSession) -> dict[UUID, list[str]]:
    same = and_(
        col(Programme.school_id) == col(ZoneProgramme.school_id), col(Programme.id) == col(ZoneProgramme.programme_id)
    )
    found = await session.execute(
        select(col(ZoneProgramme.zone_id), col(Programme.code))
        .join(Programme, same)
        .where(col(ZoneProgramme.school_id) == THIS_SCHOOL)
        .order_by(col(Programme.code))
    )
    programmes: dict[UUID, list[str]] = defaultdict(list)
    for row in found:
        programmes[row.zone_id].append(row.code)
    return programmes


def _record(zone: Zone, openings: list[tuple[Opening, int]], programmes: list[str]) -> ZoneRecord:
    return ZoneRecord(
        id=zone.id,
        code=zone.code,
        label=zone.label,
        price=zone.price,
        currency=zone.currency,
        requires_tuition=zone.requires_tuition,
        anti_passback_seconds=zone.anti_passback_seconds,
        windows=_gathered(openings),
        programmes=tuple(programmes),
    )


def _gathered(openings: Iterable[tuple[Opening, int]]) -> tuple[Window, ...]:
    """One window for all the weekdays on which the same opens at the same hours."""
    weekdays: dict[Opening, list[int]] = defaultdict(list)
    for opening, weekday in openings:
        weekdays[opening].append(weekday)
    return tuple(
        Window(meal, tuple(sorted(days)), opens_at, closes_at) for (meal, opens_at, closes_at), days in weekdays.items()
    )
