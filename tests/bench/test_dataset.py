"""What the benchmarks stand on still works: a school made by SQL alone is decided as it says. Nothing is timed."""

from collections import Counter
from datetime import UTC, datetime
from uuid import uuid4

from app.core.clock import SystemClock
from app.core.database import Database
from app.core.ids import new_id
from app.domains.access.loaders import AccessChecks
from app.domains.access.service import check_access
from bench.dataset import ZONE, make_dataset
from tests.support.factories.partners import make_actor

STUDENTS = 40


async def test_one_in_ten_owes_tuition_and_another_has_no_money(database: Database) -> None:
    told: list[int] = []
    today = datetime.now(UTC).date()
    made = await make_dataset(database, students=STUDENTS, today=today, tell=told.append, code=f"B-{uuid4().hex[:8]}")
    actor = await make_actor(database, made.school, preset="tourniquet")
    checks = AccessChecks(database, SystemClock())
    reasons: Counter[str | None] = Counter()
    for number in range(STUDENTS):
        decision = await check_access(
            checks,
            actor,
            nfc=made.badge(number),
            zone=ZONE,
            request_id=new_id(),
            operation="checkAccess",
            channel="rest",
        )
        reasons[decision.reason] += 1
    assert reasons == {None: 32, "TUITION_UNPAID": 4, "INSUFFICIENT_BALANCE": 4}
    assert told == [STUDENTS]
