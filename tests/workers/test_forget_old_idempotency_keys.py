"""The nightly clean-up of idempotency keys."""

from datetime import timedelta

from sqlalchemy import func, select

from app.core.clock import SystemClock
from app.core.database import Database, Wall
from app.domains.partners.tables import IdempotencyKey
from tests.support.factories.partners import make_actor
from workers.idempotency import KEPT, forget_old_idempotency_keys


async def test_a_week_is_kept(fresh_database: Database) -> None:
    actor = await make_actor(fresh_database)
    now = SystemClock().now()
    async with fresh_database.transaction(Wall.app(actor.school_id)) as session:
        for age in (timedelta(0), KEPT - timedelta(hours=1), KEPT + timedelta(hours=1)):
            session.add(
                IdempotencyKey(
                    school_id=actor.school_id,
                    partner_id=actor.partner_id,
                    operation="recordAbsence",
                    key=str(age),
                    payload_digest=b"",
                    outcome={},
                    created_at=now - age,
                )
            )
    await forget_old_idempotency_keys({"database": fresh_database})
    async with fresh_database.transaction(Wall.app(actor.school_id)) as session:
        assert await session.scalar(select(func.count()).select_from(IdempotencyKey)) == 2
