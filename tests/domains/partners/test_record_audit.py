"""Who saw whom."""

from uuid import uuid4

from sqlalchemy import select
from sqlmodel import col

from app.core.database import Database, Wall
from app.core.ids import new_id
from app.domains.partners.audit import record_audit
from app.domains.partners.tables import AuditEntry
from tests.support.factories.partners import make_actor


async def test_an_operation_gathers_its_subjects_in_one_row(database: Database) -> None:
    actor, request_id = await make_actor(database), new_id()
    ada, grace, alan = sorted(uuid4() for _ in range(3))
    for subjects in ({ada, grace}, {grace, alan}):
        async with database.transaction(Wall.app(actor.school_id)) as session:
            await record_audit(
                session, actor, request_id=request_id, operation="Student", channel="rest", subjects=subjects
            )
    async with database.transaction(Wall.app(actor.school_id)) as session:
        [entry] = await session.scalars(select(AuditEntry).where(col(AuditEntry.request_id) == request_id))
    assert (entry.partner_id, entry.key_id, entry.channel) == (actor.partner_id, actor.key_id, "rest")
    assert entry.subjects == [ada, grace, alan]


async def test_operations_of_one_request_have_rows_of_their_own(database: Database) -> None:
    actor, request_id = await make_actor(database), new_id()
    async with database.transaction(Wall.app(actor.school_id)) as session:
        for operation in ("A", "B"):
            await record_audit(
                session, actor, request_id=request_id, operation=operation, channel="graphql", subjects=[uuid4()]
            )
        entries = await session.scalars(select(AuditEntry.operation).where(col(AuditEntry.request_id) == request_id))
        assert sorted(entries) == ["A", "B"]
