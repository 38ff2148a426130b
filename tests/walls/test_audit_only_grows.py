"""The application adds to an audit entry what an operation saw besides, and can take nothing back."""

from uuid import UUID

import asyncpg
import pytest

from app.core.database import Database, Wall
from app.core.ids import new_id
from app.domains.partners.audit import record_audit
from tests.support.factories.partners import make_actor


async def test_subjects_are_added_and_never_taken_away(database: Database) -> None:
    actor, request = await make_actor(database), new_id()
    first, second = sorted((new_id(), new_id()))
    for subject in (second, first):
        async with database.transaction(Wall.app(actor.school_id)) as session:
            await record_audit(
                session, actor, request_id=request, operation="student", channel="rest", subjects=[subject]
            )
    for fewer in ([], [first]):
        with pytest.raises(asyncpg.CheckViolationError):
            async with database.raw(Wall.app(actor.school_id)) as connection:
                await connection.execute("UPDATE audit_entry SET subjects = $1", fewer)
    assert await _subjects(database, actor.school_id) == [first, second]


async def _subjects(database: Database, school_id: UUID) -> list[UUID]:
    async with database.raw(Wall.app(school_id)) as connection:
        subjects: list[UUID] = await connection.fetchval("SELECT subjects FROM audit_entry")
    return subjects
