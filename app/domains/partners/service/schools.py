"""Opening schools, listing them and changing what they are called.

These are for the command line on the server and for the platform's keys: both stand outside the walls between schools,
and all they see of a school is its row in `school`.
"""

import hashlib
from zoneinfo import available_timezones

import orjson
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.core.ids import new_id
from app.core.money import exponent
from app.core.pagination import Page
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code
from app.domains.events.service import open_log
from app.domains.partners.errors import IdempotencyKeyReused, SchoolCodeTaken, SchoolNotFound, UnknownTimezone
from app.domains.partners.idempotency import FIELD, KEY
from app.domains.partners.service.texts import read_name
from app.domains.partners.tables import School

TAKEN = ("uq_school_code", "uq_school_request_key")


async def create_school(
    database: Database, *, code: str, name: str, timezone: str, currency: str, request_key: str | None = None
) -> School:
    """Opens a school and its log. The same request under the same `request_key` gives the school it opened before.

    Raises SchoolCodeTaken, UnknownTimezone, IdempotencyKeyReused, InvalidInput.
    """
    exponent(currency)
    school = School(
        id=new_id(),
        code=_school_code(code),
        name=read_name(name),
        timezone=_timezone(timezone),
        currency=currency,
        request_key=None if request_key is None else KEY.read(request_key, FIELD),
    )
    school.request_digest = _digest(school)
    try:
        async with database.transaction(Wall.app(school.id)) as session:
            session.add(school)
            await session.flush()
            await session.refresh(school)
            await open_log(session, school.id)
    except IntegrityError as error:
        if not any(name in str(error.orig) for name in TAKEN):
            raise
        return await _opened_before(database, school)
    return school


async def _opened_before(database: Database, wanted: School) -> School:
    """The school that this very request opened. Raises IdempotencyKeyReused, SchoolCodeTaken."""
    if wanted.request_key is not None:
        async with database.transaction(Wall.auth()) as session:
            found = await session.scalar(select(School).where(col(School.request_key) == wanted.request_key))
        if found is not None and found.request_digest != wanted.request_digest:
            raise IdempotencyKeyReused(field=FIELD)
        if found is not None:
            return found
    raise SchoolCodeTaken(field="code", school=wanted.code)


async def update_school(
    database: Database, code: str, *, name: str | None = None, timezone: str | None = None
) -> School:
    """Changes what is given. Its keys read their time zone anew within a minute.

    Raises SchoolNotFound, UnknownTimezone, InvalidInput.
    """
    found = await find_school(database, code)
    async with database.transaction(Wall.app(found.id)) as session:
        school = (await session.scalars(select(School).where(col(School.id) == found.id).with_for_update())).one()
        school.name = school.name if name is None else read_name(name)
        school.timezone = school.timezone if timezone is None else _timezone(timezone)
        await session.flush()
    return school


async def list_schools(database: Database) -> list[School]:
    """Every school, by code."""
    async with database.transaction(Wall.auth()) as session:
        return list(await session.scalars(select(School).order_by(col(School.code))))


async def page_of_schools(database: Database, *, first: int, after: str | None) -> Page[School]:
    """The schools behind the code `after`, by code."""
    statement = select(School).order_by(col(School.code)).limit(first + 1)
    if after is not None:
        statement = statement.where(col(School.code) > after)
    async with database.transaction(Wall.auth()) as session:
        return Page.cut(list(await session.scalars(statement)), first)


async def find_school(database: Database, code: str) -> School:
    """Raises SchoolNotFound."""
    async with database.transaction(Wall.auth()) as session:
        school = await session.scalar(select(School).where(col(School.code) == normalise_code(code, "school")))
    if school is None:
        raise SchoolNotFound(field="school", school=code)
    return school


async def own_school(session: AsyncSession) -> School:
    """The school of the transaction."""
    return (await session.scalars(select(School).where(col(School.id) == THIS_SCHOOL))).one()


def _school_code(text: str) -> str:
    """It is typed in commands, so it holds no space."""
    code = normalise_code(text, "code")
    if any(character.isspace() for character in code):
        raise InvalidInput(
            field="code", reason_fr="un code d'école sans espace", reason_en="a school's code has no space"
        )
    return code


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise UnknownTimezone(field="timezone", timezone=name)
    return name


def _digest(school: School) -> bytes:
    return hashlib.sha256(orjson.dumps([school.code, school.name, school.timezone, school.currency])).digest()
