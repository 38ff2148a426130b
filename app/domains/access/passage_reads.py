"""Reading who passed: in the order in which it was recorded, which is that of the passages' ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, false, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.ids import first_id_at
from app.core.pagination import Page, Position
from app.core.tables import THIS_SCHOOL
from app.domains.access.records import PassageRecord
from app.domains.access.service import zone_open_to
from app.domains.access.tables import Passage, Zone
from app.domains.students.service import find_student


@dataclass(frozen=True, slots=True)
class PassageFilter:
    """Which passages: through a zone, of a student, recorded in [since, until), granted or turned away."""

    zone: str | None = None
    matricule: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    granted: bool | None = None


async def list_passages(
    session: AsyncSession, actor: Actor, *, first: int, after: Position | None, which: PassageFilter, newest: bool
) -> Page[PassageRecord]:
    """A page of what was recorded in the zones that the key is for, the latest first where `newest`.

    Raises InsufficientZone for another zone, and InvalidInput for what cannot be a matricule or a code.
    """
    listed = await _filtered(session, actor, select_passages(actor), which)
    found: Sequence[Any] = (await session.execute(passage_page(listed, first, after, newest=newest))).all()
    return Page.cut([PassageRecord.of(row) for row in found], first)


def passage_page(
    listed: Select[*tuple[Any, ...]], first: int, after: Position | None, *, newest: bool
) -> Select[*tuple[Any, ...]]:
    """One row more than a page of the passages `listed`."""
    if after is not None:
        listed = listed.where(col(Passage.id) < after.id if newest else col(Passage.id) > after.id)
    return listed.order_by(col(Passage.id).desc() if newest else col(Passage.id)).limit(first + 1)


async def passages_by_id(session: AsyncSession, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, PassageRecord]:
    """Those of the passages that were recorded in the zones that the key is for."""
    found: Sequence[Any] = (await session.execute(select_passages(actor).where(col(Passage.id).in_(ids)))).all()
    return {row.id: PassageRecord.of(row) for row in found}


def select_passages(actor: Actor) -> Select[*tuple[Any, ...]]:
    """The columns of a PassageRecord, of the passages in the zones that the key is for."""
    same = and_(col(Zone.school_id) == Passage.school_id, col(Zone.id) == Passage.zone_id)
    named = [getattr(Passage, name) for name in PassageRecord.__slots__ if name != "zone"]
    listed = select(*named, col(Zone.code).label("zone")).join(Zone, same).where(col(Passage.school_id) == THIS_SCHOOL)
    return listed if actor.zones is None else listed.where(col(Zone.code).in_(sorted(actor.zones)))


async def _filtered(
    session: AsyncSession, actor: Actor, listed: Select[*tuple[Any, ...]], which: PassageFilter
) -> Select[*tuple[Any, ...]]:
    """Zone and student are looked up first: by their ids an index serves the passages."""
    if which.zone is not None:
        code = zone_open_to(actor, which.zone)
        zone_id = await session.scalar(
            select(col(Zone.id)).where(col(Zone.school_id) == THIS_SCHOOL, col(Zone.code) == code)
        )
        listed = listed.where(col(Passage.zone_id) == zone_id if zone_id else false())
    if which.matricule is not None:
        student = await find_student(session, which.matricule)
        listed = listed.where(col(Passage.student_id) == student.id if student else false())
    if which.since is not None:
        listed = listed.where(col(Passage.id) >= first_id_at(which.since))
    if which.until is not None:
        listed = listed.where(col(Passage.id) < first_id_at(which.until))
    if which.granted is not None:
        listed = listed.where(col(Passage.granted).is_(which.granted))
    return listed
