"""Reading who carries a badge, and which badges somebody carries."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.text import normalise_badge
from app.domains.students.records import BadgeHolder, BadgeRecord, StudentIdentity
from app.domains.students.statements import BADGES_BY_ID, BADGES_OF_STUDENTS, FIND_BADGE_HOLDER


async def find_badge_holder(session: AsyncSession, uid: str, *, field: str = "id") -> BadgeHolder | None:
    """Who carries this badge today: nobody for an unknown or revoked one. Raises InvalidInput, naming `field`."""
    badge = normalise_badge(uid, field)
    row = (await session.execute(FIND_BADGE_HOLDER, {"uid": badge})).one_or_none()
    return BadgeHolder(badge, StudentIdentity(*row)) if row else None


async def badges_of_students(session: AsyncSession, students: Sequence[UUID]) -> dict[UUID, list[BadgeRecord]]:
    """By student, the latest first, those given back as well."""
    badges: dict[UUID, list[BadgeRecord]] = {student: [] for student in students}
    for row in await session.execute(BADGES_OF_STUDENTS, {"students": list(students)}):
        badges[row.student_id].append(BadgeRecord(*row))
    return badges


async def badges_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, BadgeRecord]:
    """Those of the badges that are there, by id."""
    return {row.id: BadgeRecord(*row) for row in await session.execute(BADGES_BY_ID, {"ids": list(ids)})}
