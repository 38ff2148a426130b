"""Who saw whom: one row per operation on personal data, written by the transaction that showed it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor

# An operation with several root mutations audits each in its own transaction: the row gathers their subjects.
_RECORD = text(
    """
INSERT INTO audit_entry (school_id, request_id, operation, partner_id, key_id, channel, subjects)
VALUES (:school_id, :request_id, :operation, :partner_id, :key_id, :channel, CAST(:subjects AS uuid[]))
ON CONFLICT (school_id, request_id, operation) DO UPDATE SET subjects = ARRAY(
    SELECT DISTINCT subject FROM unnest(audit_entry.subjects || excluded.subjects) AS subject ORDER BY subject
)
"""
)


async def record_audit(
    session: AsyncSession,
    actor: Actor,
    *,
    request_id: UUID,
    operation: str,
    channel: str,
    subjects: Collection[UUID],
) -> None:
    """Notes that `actor` saw or changed the students `subjects`. `channel` is graphql, rest or cli."""
    await session.execute(
        _RECORD,
        {
            "school_id": actor.school_id,
            "request_id": request_id,
            "operation": operation,
            "partner_id": actor.partner_id,
            "key_id": actor.key_id,
            "channel": channel,
            "subjects": sorted(subjects),
        },
    )
