"""Making the places behind turnstiles, and listing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.errors import InvalidInput
from app.core.money import exponent, to_minor
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code, refuse_control_characters
from app.domains.access.errors import ZoneCodeTaken
from app.domains.access.tables import Zone, ZoneProgramme, ZoneWindow
from app.domains.access.windows import Window
from app.domains.students.tables import Programme

LONGEST_LABEL = 100
LONGEST_PASSBACK = 86_400


@dataclass(frozen=True, slots=True)
class NewZone:
    """What is asked for. `price` is a decimal; no `programmes` is everybody, no `windows` is at any time."""

    code: str
    label: str
    currency: str
    price: str = "0"
    requires_tuition: bool = True
    anti_passback_seconds: int = 0
    windows: Sequence[Window] = ()
    programmes: Sequence[str] = ()


async def create_zone(session: AsyncSession, asked: NewZone) -> str:
    """Makes a zone in the transaction's school and returns its code. Raises ZoneCodeTaken, InvalidInput."""
    code = normalise_code(asked.code, "code")
    values = {"school_id": THIS_SCHOOL, "code": code, **_checked(asked)}
    made = insert(Zone).values(values).on_conflict_do_nothing().returning(col(Zone.id))
    zone_id = await session.scalar(made)
    if zone_id is None:
        raise ZoneCodeTaken(field="code", zone=code)
    await _open_at(session, zone_id, asked.windows)
    await _restrict(session, zone_id, asked.programmes)
    return code


async def list_zones(session: AsyncSession) -> list[Zone]:
    """The zones of the transaction's school, by code."""
    found = select(Zone).where(col(Zone.school_id) == THIS_SCHOOL).order_by(col(Zone.code))
    return list(await session.scalars(found))


def _checked(asked: NewZone) -> dict[str, object]:
    exponent(asked.currency)
    price = to_minor(asked.price, asked.currency)
    label = refuse_control_characters(asked.label, "label").strip()
    if not 1 <= len(label) <= LONGEST_LABEL:
        raise _refused("label", f"de 1 à {LONGEST_LABEL} caractères", f"1 to {LONGEST_LABEL} characters")
    if price < 0:
        raise _refused("price", "un prix n'est pas négatif", "a price is not negative")
    if not 0 <= asked.anti_passback_seconds <= LONGEST_PASSBACK:
        raise _refused("antiPassback", f"de 0 à {LONGEST_PASSBACK} secondes", f"0 to {LONGEST_PASSBACK} seconds")
    return {
        "label": label,
        "price": price,
        "currency": asked.currency,
        "requires_tuition": asked.requires_tuition,
        "anti_passback_seconds": asked.anti_passback_seconds,
    }


async def _open_at(session: AsyncSession, zone_id: UUID, windows: Sequence[Window]) -> None:
    rows = [
        {
            "school_id": THIS_SCHOOL,
            "zone_id": zone_id,
            "meal": window.meal,
            "weekday": weekday,
            "opens_at": window.opens_at,
            "closes_at": window.closes_at,
        }
        for window in windows
        for weekday in window.weekdays
    ]
    if rows:
        await session.execute(insert(ZoneWindow).values(rows))


async def _restrict(session: AsyncSession, zone_id: UUID, programmes: Sequence[str]) -> None:
    codes = sorted({normalise_code(code, "programme") for code in programmes})
    if not codes:
        return
    known = select(Programme).where(col(Programme.school_id) == THIS_SCHOOL, col(Programme.code).in_(codes))
    found = {programme.code: programme.id for programme in await session.scalars(known)}
    if missing := [code for code in codes if code not in found]:
        names = ", ".join(missing)
        raise _refused("programme", f"aucun programme « {names} »", f"no programme “{names}”")
    rows = [{"school_id": THIS_SCHOOL, "zone_id": zone_id, "programme_id": each} for each in found.values()]
    await session.execute(insert(ZoneProgramme).values(rows))


async def count_windows(session: AsyncSession) -> dict[UUID, int]:
    """How many openings a week each zone has; a zone without any is always open."""
    counted = select(col(ZoneWindow.zone_id), func.count().label("openings")).where(
        col(ZoneWindow.school_id) == THIS_SCHOOL
    )
    found = await session.execute(counted.group_by(col(ZoneWindow.zone_id)))
    return {row.zone_id: row.openings for row in found}


def _refused(field: str, fr: str, en: str) -> InvalidInput:
    return InvalidInput(field=field, reason_fr=fr, reason_en=en)
