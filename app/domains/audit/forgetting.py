"""Erasing a student from the audit: what stays says that somebody was seen, never whom, and the chain still holds."""

from uuid import UUID

from app.core.database import Database, Wall
from app.domains.audit.links import first_link
from app.domains.audit.sealing import OVERLAP, before
from app.domains.audit.statements import DROP_SALT, FORGET_IN_ENTRIES, FORGET_LOOK_UPS, LOCK_CHAIN, OPEN_CHAIN


async def forget_subject(database: Database, school_id: UUID, student_id: UUID) -> int:
    """Takes a student out of every entry, drops the salt of the commitments, and returns how many entries changed.

    It runs as the owner of the tables: the application can only add to the audit.
    """
    about = {"school_id": school_id, "subject": student_id}
    async with database.transaction(Wall.owner(school_id)) as session:
        await session.execute(OPEN_CHAIN, {"school_id": school_id, "link": first_link(school_id)})
        chain = (await session.execute(LOCK_CHAIN, {"school_id": school_id})).one()
        changed = await session.execute(FORGET_IN_ENTRIES, {**about, "tail": before(chain.sealed_until, OVERLAP)})
        await session.execute(FORGET_LOOK_UPS, about)
        await session.execute(DROP_SALT, about)
    return changed.rowcount  # type: ignore[attr-defined,no-any-return]
