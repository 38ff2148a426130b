"""Programmes and classes: what can be studied, and with whom."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.text import normalise_code
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.students.commands import checks
from app.domains.students.errors import CodeTaken
from app.domains.students.records import ClassRecord, ProgrammeRecord
from app.domains.students.service.studies import (
    CLASS_COLUMNS,
    PROGRAMME_COLUMNS,
    programme_of,
    require_class,
    require_programme,
)
from app.domains.students.tables import Programme, SchoolClass


async def create_programme(session: AsyncSession, actor: Actor, *, code: str, label: str) -> ProgrammeRecord:
    """Raises CodeTaken, and InvalidInput for unusable texts."""
    values = {"school_id": actor.school_id, "code": normalise_code(code, "code"), "label": checks.label(label)}
    made = insert(Programme).values(values).on_conflict_do_nothing().returning(*PROGRAMME_COLUMNS)
    row = (await session.execute(made)).one_or_none()
    if row is None:
        raise CodeTaken(field="code", taken=values["code"])
    return _tell_programme(session, ProgrammeRecord(*row))


async def update_programme(session: AsyncSession, actor: Actor, *, code: str, **changes: Any) -> ProgrammeRecord:
    """`changes`: label, closed. What is closed takes no more students. Raises ProgrammeNotFound and InvalidInput."""
    found = await require_programme(session, code, "code")
    row = await _write(session, actor, Programme, found.id, _checked(changes, found), PROGRAMME_COLUMNS)
    return found if row is None else _tell_programme(session, ProgrammeRecord(*row))


async def close_programme(session: AsyncSession, actor: Actor, *, code: str) -> ProgrammeRecord:
    """Takes no more students; who studies it goes on. Raises ProgrammeNotFound."""
    return await update_programme(session, actor, code=code, closed=True)


async def create_class(session: AsyncSession, actor: Actor, *, code: str, label: str, programme: str) -> ClassRecord:
    """Raises ProgrammeNotFound, CodeTaken, and InvalidInput for unusable texts."""
    owner = await require_programme(session, programme)
    values = {"code": normalise_code(code, "code"), "label": checks.label(label), "programme_id": owner.id}
    made = insert(SchoolClass).values(school_id=actor.school_id, **values).on_conflict_do_nothing()
    row = (await session.execute(made.returning(*CLASS_COLUMNS))).one_or_none()
    if row is None:
        raise CodeTaken(field="code", taken=values["code"])
    return await _tell_class(session, ClassRecord(*row))


async def update_class(session: AsyncSession, actor: Actor, *, code: str, **changes: Any) -> ClassRecord:
    """`changes`: label, closed. A class stays in its programme. Raises ClassNotFound and InvalidInput."""
    found = await require_class(session, code, "code")
    row = await _write(session, actor, SchoolClass, found.id, _checked(changes, found), CLASS_COLUMNS)
    return found if row is None else await _tell_class(session, ClassRecord(*row))


async def close_class(session: AsyncSession, actor: Actor, *, code: str) -> ClassRecord:
    """Takes no more students; who is in it stays. Raises ClassNotFound."""
    return await update_class(session, actor, code=code, closed=True)


def _checked(changes: dict[str, Any], found: ProgrammeRecord | ClassRecord) -> dict[str, Any]:
    """The columns that differ. Raises InvalidInput."""
    wanted: dict[str, Any] = {}
    if "label" in changes and (label := checks.label(changes["label"])) != found.label:
        wanted["label"] = label
    return wanted | closing(changes, closed=found.closed_at is not None)


def closing(changes: dict[str, Any], *, closed: bool) -> dict[str, Any]:
    """The column that closes or opens again, where that differs from how things are."""
    wanted = changes.get("closed")
    if wanted is None or wanted == closed:
        return {}
    return {"closed_at": func.now() if wanted else None}


async def _write(
    session: AsyncSession,
    actor: Actor,
    table: type[Programme | SchoolClass],
    id_: UUID,
    wanted: dict[str, Any],
    columns: Any,
) -> Any:
    """The row as it is now; None where nothing was to be written."""
    if not wanted:
        return None
    statement = update(table).where(col(table.school_id) == actor.school_id, col(table.id) == id_).values(**wanted)
    return (await session.execute(statement.returning(*columns))).one()


def _tell_programme(session: AsyncSession, programme: ProgrammeRecord) -> ProgrammeRecord:
    facts = {"code": programme.code, "label": programme.label, "closed": programme.closed_at is not None}
    record_event(session, Topic.PROGRAMME_CHANGED, subject=programme.id, facts=facts)
    return programme


async def _tell_class(session: AsyncSession, changed: ClassRecord) -> ClassRecord:
    programme = await programme_of(session, changed)
    facts: dict[str, Any] = {"code": changed.code, "label": changed.label, "programme": programme.code}
    facts |= {"closed": changed.closed_at is not None}
    record_event(session, Topic.CLASS_CHANGED, subject=changed.id, facts=facts)
    return changed
