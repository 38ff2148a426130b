"""Audit entries as operations leave them."""

from collections.abc import Collection
from uuid import UUID

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.ids import new_id
from app.domains.partners.audit import record_audit


async def make_entry(
    database: Database,
    actor: Actor,
    subjects: Collection[UUID],
    *,
    request_id: UUID | None = None,
    operation: str = "student",
    channel: str = "graphql",
) -> UUID:
    """The entry of a request, whose id is returned."""
    request_id = request_id or new_id()
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await record_audit(
            session, actor, request_id=request_id, operation=operation, channel=channel, subjects=subjects
        )
    return request_id
