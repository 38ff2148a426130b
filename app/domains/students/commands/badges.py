"""Who carries which badge: given, replaced, taken back, each told in the log."""

from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.actor import Actor
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_badge
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.students.errors import BadgeNotFound
from app.domains.students.records import BadgeHolder, BadgeRecord, Handover, StudentIdentity
from app.domains.students.service.badges import find_badge_holder
from app.domains.students.service.people import require_student
from app.domains.students.tables import Badge

_WRITTEN = (col(Badge.id), col(Badge.assigned_at), col(Badge.revoked_at))


async def assign_badge(session: AsyncSession, actor: Actor, *, matricule: str, uid: str) -> Handover:
    """Gives a badge to a student; whoever carried it before no longer does. Changes nothing when it is theirs.

    Raises StudentNotFound, and InvalidInput for unusable texts.
    """
    badge = normalise_badge(uid, "badge")
    student = await require_student(session, matricule)
    await _hold(session, badge)
    return await _give(session, actor, student, badge)


async def replace_badge(session: AsyncSession, actor: Actor, *, uid: str, by: str) -> Handover:
    """Takes a badge back and gives its holder another one, `by`, whoever carried that.

    Raises BadgeNotFound where nobody carries `uid`, and InvalidInput for unusable texts.
    """
    former, new = normalise_badge(uid, "badge"), normalise_badge(by, "newBadge")
    await _hold(session, former, new)
    holder = await find_badge_holder(session, former, field="badge")
    if holder is None:
        raise BadgeNotFound(field="badge", badge=uid)
    if former != new:
        await _revoke(session, actor, holder)
    return await _give(session, actor, holder.student, new)


async def revoke_badge(session: AsyncSession, actor: Actor, *, uid: str) -> BadgeRecord:
    """Takes a badge back and says from whom. Raises BadgeNotFound where nobody carries it."""
    holder = await find_badge_holder(session, uid, field="badge")
    revoked = await _revoke(session, actor, holder) if holder is not None else None
    if revoked is None:
        raise BadgeNotFound(field="badge", badge=uid)
    return revoked


def badge_facts(holder: BadgeHolder) -> dict[str, Any]:
    """What the log keeps of a badge given or taken back."""
    return {"badge": holder.badge, "matricule": holder.student.matricule}


async def _hold(session: AsyncSession, *badges: str) -> None:
    """One after the other for those who give the same badge; in one order, so that nobody waits in a ring."""
    for badge in sorted(set(badges)):
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(badge, 0))))


async def _give(session: AsyncSession, actor: Actor, student: StudentIdentity, badge: str) -> Handover:
    former = await find_badge_holder(session, badge)
    if former is not None and former.student.id == student.id:
        return Handover(await _carried(session, former))
    if former is not None:
        await _revoke(session, actor, former)
    holder = BadgeHolder(badge, student)
    given = insert(Badge).values(school_id=actor.school_id, uid=badge, student_id=student.id)
    row = (await session.execute(given.returning(*_WRITTEN))).one()
    record_event(session, Topic.BADGE_ASSIGNED, subject=row.id, facts=badge_facts(holder))
    return Handover(_record(row, holder), () if former is None else (former.student.id,))


async def _carried(session: AsyncSession, holder: BadgeHolder) -> BadgeRecord:
    carried = select(*_WRITTEN).where(
        col(Badge.school_id) == THIS_SCHOOL, col(Badge.uid) == holder.badge, col(Badge.revoked_at).is_(None)
    )
    return _record((await session.execute(carried)).one(), holder)


async def _revoke(session: AsyncSession, actor: Actor, holder: BadgeHolder) -> BadgeRecord | None:
    """None where somebody else took it back in the meantime."""
    revoking = (
        update(Badge)
        .where(
            col(Badge.school_id) == actor.school_id,
            col(Badge.uid) == holder.badge,
            col(Badge.student_id) == holder.student.id,
            col(Badge.revoked_at).is_(None),
        )
        .values(revoked_at=func.now())
        .returning(*_WRITTEN)
    )
    row = (await session.execute(revoking)).one_or_none()
    if row is None:
        return None
    record_event(session, Topic.BADGE_REVOKED, subject=row.id, facts=badge_facts(holder))
    return _record(row, holder)


def _record(row: Any, holder: BadgeHolder) -> BadgeRecord:
    student = holder.student
    return BadgeRecord(row.id, holder.badge, student.id, student.matricule, row.assigned_at, row.revoked_at)
