"""A school's money over GraphQL: who asks, and a student who owes."""

from datetime import date

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.finance.schema import Mutation, Query
from app.domains.students.schema import Query as StudentsQuery
from tests.domains.finance.desk import Desk
from tests.support.clock import FixedClock
from tests.support.factories.finance import make_invoice
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student
from tests.support.operations import Asker


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [StudentsQuery, Query], [Mutation])


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


@pytest.fixture
async def matricule(database: Database, core: Actor) -> str:
    """Owes 100 since November and 200 until April, and 50 euros."""
    async with database.transaction(Wall.app(core.school_id)) as session:
        student = await make_student(session, core.school_id)
        await make_invoice(session, student.matricule, (date(2025, 4, 5), 200), number="F-2")
        await make_invoice(session, student.matricule, (date(2024, 11, 5), 60), (date(2024, 12, 5), 40), number="F-1")
        await make_invoice(session, student.matricule, (date(2024, 10, 5), 5000), number="F-EUR", currency="EUR")
    return student.matricule


@pytest.fixture
def desk(database: Database, asker: Asker, core: Actor, matricule: str) -> Desk:
    return Desk(database, asker, core, matricule)
