"""Whose a passage is, when it is told after the badge has been lost and given to somebody else."""

from datetime import timedelta

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.students.commands import revoke_badge
from tests.domains.access.conftest import MakeVisit
from tests.domains.access.test_record_passage import balance, passage, record
from tests.support.clock import FixedClock
from tests.support.factories.access import PRICE, Visit
from tests.support.factories.students import make_badge
from tests.support.operations import Asker


async def test_a_passage_between_two_holders_is_not_of_the_second_one(
    database: Database, asker: Asker, actor: Actor, clock: FixedClock, visit: MakeVisit
) -> None:
    """The badge was revoked at nine and given on at eleven: whoever ate at ten, it was not its new holder."""
    lost, other = await visit(), await visit()
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await revoke_badge(session, actor, uid=lost.badge)
        await make_badge(session, actor, other.student.matricule, lost.badge)
    now = clock.now()
    async with database.raw(Wall.app(actor.school_id)) as connection:
        await connection.execute(
            "UPDATE badge SET assigned_at = $2::timestamptz - interval '1 day', revoked_at = $2::timestamptz"
            " WHERE uid = $1 AND revoked_at IS NOT NULL",
            lost.badge,
            now,
        )
        await connection.execute(
            "UPDATE badge SET assigned_at = $2 WHERE uid = $1 AND revoked_at IS NULL",
            lost.badge,
            now + timedelta(hours=2),
        )
    clock.advance(timedelta(hours=3))
    at_ten = (now + timedelta(hours=1)).isoformat()
    told = passage(Visit(lost.badge, lost.zone, lost.student), occurredAt=at_ten)
    result = await record(asker, actor, told)
    assert (result["decision"], result["reason"]) == ("denied", "BADGE_REVOKED")
    assert await balance(database, other) == 10 * PRICE
