"""Making and changing the places behind turnstiles."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.money import exponent, to_decimal_string, to_minor
from app.core.tables import THIS_SCHOOL
from app.core.text import Form, normalise_code
from app.domains.access.errors import UnknownZone, ZoneCodeTaken
from app.domains.access.service import zone_open_to
from app.domains.access.tables import Zone, ZoneProgramme, ZoneWindow
from app.domains.access.windows import Window
from app.domains.access.zone_reads import describe_zone
from app.domains.access.zone_records import NewZone, ZoneRecord, refused, zone_facts
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.students.tables import Programme

LABEL = Form(100)
LONGEST_PASSBACK = 86_400
MOST_WINDOWS = 100
_COLUMNS = ("label", "price", "currency", "requires_tuition", "anti_passback_seconds")


async def create_zone(session: AsyncSession, asked: NewZone) -> ZoneRecord:
    """Makes a zone in the transaction's school. Raises ZoneCodeTaken, InvalidInput."""
    code = normalise_code(asked.code, "code")
    values = _checked({name: getattr(asked, name) for name in _COLUMNS}, asked.currency)
    made = insert(Zone).values(school_id=THIS_SCHOOL, code=code, **values).on_conflict_do_nothing()
    zone_id = await session.scalar(made.returning(col(Zone.id)))
    if zone_id is None:
        raise ZoneCodeTaken(field="code", zone=code)
    await _open_at(session, zone_id, asked.windows)
    await _restrict(session, zone_id, asked.programmes)
    record = await describe_zone(session, code)
    record_event(session, Topic.ZONE_CREATED, subject=zone_id, facts=zone_facts(record))
    return record


async def update_zone(session: AsyncSession, actor: Actor, *, zone: str, changes: Mapping[str, Any]) -> ZoneRecord:
    """Changes what `changes` names and leaves the rest; the next check already asks by it.

    Its names are those of NewZone but for `code`: `windows` and `programmes` replace all there were. What is equal
    changes nothing, and tells nobody. Raises UnknownZone, InsufficientZone for a zone that the key is not for, and
    InvalidInput.
    """
    code = zone_open_to(actor, zone)
    locked = select(Zone).where(col(Zone.school_id) == actor.school_id, col(Zone.code) == code).with_for_update()
    found = await session.scalar(locked)
    if found is None:
        raise UnknownZone(field="zone", zone=code)
    before = await describe_zone(session, code)
    await _change(session, found.id, before, changes)
    after = await describe_zone(session, code)
    if after != before:
        record_event(session, Topic.ZONE_UPDATED, subject=after.id, facts=zone_facts(after))
    return after


async def _change(session: AsyncSession, zone_id: UUID, before: ZoneRecord, changes: Mapping[str, Any]) -> None:
    price = to_decimal_string(before.price, before.currency)
    currency = changes.get("currency", before.currency)
    given = {name: changes[name] for name in _COLUMNS if name in changes}
    if "currency" in given:  # another currency means another price, which is then to be given
        given.setdefault("price", price)
    if given:
        here = (col(Zone.school_id) == THIS_SCHOOL, col(Zone.id) == zone_id)
        await session.execute(update(Zone).where(*here).values(_checked(given, currency)))
    if "windows" in changes:
        of_zone = (col(ZoneWindow.school_id) == THIS_SCHOOL, col(ZoneWindow.zone_id) == zone_id)
        await session.execute(delete(ZoneWindow).where(*of_zone))
        await _open_at(session, zone_id, changes["windows"])
    if "programmes" in changes:
        whom = (col(ZoneProgramme.school_id) == THIS_SCHOOL, col(ZoneProgramme.zone_id) == zone_id)
        await session.execute(delete(ZoneProgramme).where(*whom))
        await _restrict(session, zone_id, changes["programmes"])


def _checked(given: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The columns as they are stored: the price, given as a decimal, in minor units."""
    exponent(currency)
    columns = dict(given)
    if "price" in given:
        columns["price"] = _price(given["price"], currency)
    if "label" in given:
        columns["label"] = LABEL.read(given["label"], "label")
    if not 0 <= given.get("anti_passback_seconds", 0) <= LONGEST_PASSBACK:
        raise refused("antiPassbackSeconds", f"de 0 à {LONGEST_PASSBACK} secondes", f"0 to {LONGEST_PASSBACK} seconds")
    return columns


def _price(decimal: str, currency: str) -> int:
    price = to_minor(decimal, currency, "price")
    if price < 0:
        raise refused("price", "un prix n'est pas négatif", "a price is not negative")
    return price


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
    if len(rows) > MOST_WINDOWS:
        raise refused("windows", f"{MOST_WINDOWS} ouvertures par semaine au plus", f"at most {MOST_WINDOWS} a week")
    if rows:
        await session.execute(insert(ZoneWindow).values(rows))


async def _restrict(session: AsyncSession, zone_id: UUID, programmes: Sequence[str]) -> None:
    codes = sorted({normalise_code(code, "programmes") for code in programmes})
    if not codes:
        return
    known = select(Programme).where(col(Programme.school_id) == THIS_SCHOOL, col(Programme.code).in_(codes))
    found = {programme.code: programme.id for programme in await session.scalars(known)}
    if missing := [code for code in codes if code not in found]:
        names = ", ".join(missing)
        raise refused("programmes", f"aucun programme « {names} »", f"no programme “{names}”")
    rows = [{"school_id": THIS_SCHOOL, "zone_id": zone_id, "programme_id": each} for each in found.values()]
    await session.execute(insert(ZoneProgramme).values(rows))
