"""Green or red: read in the school's own time zone, about tuition alone, and never with an amount."""

from datetime import UTC, date, datetime

import pytest

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.finance.schema import Mutation, Query
from app.domains.students.schema import Query as StudentsQuery
from tests.support.clock import FixedClock
from tests.support.factories.finance import make_invoice, make_payment
from tests.support.factories.partners import make_actor, make_school
from tests.support.factories.students import make_student
from tests.support.operations import Asker

STATUS = "query ($matricule: String!) { financialStatus(matricule: $matricule) { status since } }"
GREEN = {"financialStatus": {"status": "green", "since": None}}


def red(since: str) -> dict[str, dict[str, str]]:
    return {"financialStatus": {"status": "red", "since": since}}


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [StudentsQuery, Query], [Mutation])


@pytest.fixture
async def registry(database: Database) -> Actor:
    return await make_actor(database, preset="scolarite")


async def owing(database: Database, actor: Actor, *dues: tuple[date, int], kind: str = "tuition") -> str:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        student = await make_student(session, actor.school_id)
        if dues:
            await make_invoice(session, student.matricule, *dues, kind=kind)
    return student.matricule


async def test_nobody_is_null(asker: Asker, registry: Actor) -> None:
    assert await asker.data(registry, STATUS, matricule="NOBODY") == {"financialStatus": None}


async def test_without_invoices_it_is_green(database: Database, asker: Asker, registry: Actor) -> None:
    matricule = await owing(database, registry)
    assert await asker.data(registry, STATUS, matricule=matricule.lower()) == GREEN


async def test_since_is_the_day_after_the_oldest_due_date(database: Database, asker: Asker, registry: Actor) -> None:
    matricule = await owing(
        database, registry, (date(2025, 1, 12), 10), (date(2024, 12, 31), 10), (date(2025, 4, 5), 10)
    )
    assert await asker.data(registry, STATUS, matricule=matricule) == red("2025-01-01")


@pytest.mark.parametrize("kind", ["canteen", "other"])
async def test_only_tuition_counts(database: Database, asker: Asker, registry: Actor, kind: str) -> None:
    matricule = await owing(database, registry, (date(2024, 12, 31), 10), kind=kind)
    assert await asker.data(registry, STATUS, matricule=matricule) == GREEN


@pytest.mark.parametrize(
    ("timezone", "now", "expected"),
    [
        ("Africa/Dakar", datetime(2025, 1, 13, 23, 59, tzinfo=UTC), GREEN),
        ("Africa/Dakar", datetime(2025, 1, 14, 0, 0, tzinfo=UTC), red("2025-01-14")),
        ("Europe/Paris", datetime(2025, 1, 13, 22, 59, tzinfo=UTC), GREEN),
        ("Europe/Paris", datetime(2025, 1, 13, 23, 0, tzinfo=UTC), red("2025-01-14")),
        ("America/Martinique", datetime(2025, 1, 14, 3, 59, tzinfo=UTC), GREEN),
    ],
)
async def test_a_due_date_ends_at_the_schools_midnight(
    database: Database, asker: Asker, clock: FixedClock, timezone: str, now: datetime, expected: dict[str, object]
) -> None:
    actor = await make_actor(database, await make_school(database, timezone=timezone), "scolarite")
    matricule = await owing(database, actor, (date(2025, 1, 13), 10))
    clock.set(now)
    assert await asker.data(actor, STATUS, matricule=matricule) == expected


async def test_a_payment_turns_it_green(database: Database, asker: Asker, registry: Actor) -> None:
    matricule = await owing(database, registry, (date(2024, 11, 5), 100), (date(2025, 1, 5), 100))
    seen = []
    for amount in (99, 1, 99, 1):
        async with database.transaction(Wall.app(registry.school_id)) as session:
            await make_payment(session, registry, matricule, amount)
        seen.append(await asker.data(registry, STATUS, matricule=matricule))
    assert seen == [red("2024-11-06"), red("2025-01-06"), red("2025-01-06"), GREEN]


async def test_what_is_cancelled_is_not_owed(database: Database, asker: Asker, registry: Actor) -> None:
    matricule = await owing(database, registry, (date(2024, 12, 31), 10))
    async with database.raw(Wall.app(registry.school_id)) as connection:
        await connection.execute("UPDATE instalment SET cancelled = true")
    assert await asker.data(registry, STATUS, matricule=matricule) == GREEN


async def test_another_schools_student_is_nobody(database: Database, asker: Asker, registry: Actor) -> None:
    matricule = await owing(database, await make_actor(database), (date(2024, 12, 31), 10))
    assert await asker.data(registry, STATUS, matricule=matricule) == {"financialStatus": None}


async def test_what_cannot_be_a_matricule_is_refused(asker: Asker, registry: Actor) -> None:
    assert await asker.refusal(registry, STATUS, matricule=" ") == ("INVALID_INPUT", "matricule")


async def test_the_library_may_not_ask(database: Database, asker: Asker) -> None:
    library = await make_actor(database, preset="bibliotheque")
    with pytest.raises(InsufficientScope):
        await asker.ask(library, STATUS, matricule="2024/INF/0123")


async def test_reading_is_audited(database: Database, asker: Asker, registry: Actor) -> None:
    matricule = await owing(database, registry)
    await asker.data(registry, STATUS, matricule=matricule)
    async with database.raw(Wall.app(registry.school_id)) as connection:
        subjects = await connection.fetchval("SELECT subjects FROM audit_entry")
        student = await connection.fetchval("SELECT id FROM student")
    assert subjects == [student]
