"""Invoices: whole, with their instalments and their event."""

from datetime import date
from typing import Any

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.domains.events.service import read_events
from app.domains.finance.errors import InvoiceNumberTaken
from app.domains.finance.records import Due
from app.domains.finance.service import issue_invoice
from app.domains.students.errors import StudentNotFound
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student

DUES = [Due(date(2024, 11, 5), 60), Due(date(2025, 1, 5), 40)]


@pytest.fixture
async def core(database: Database) -> Actor:
    actor = await make_actor(database)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await make_student(session, actor.school_id, matricule="2024/INF/0123")
    return actor


async def issue(database: Database, actor: Actor, **changed: Any) -> None:
    given: dict[str, Any] = {
        "number": " F-1 ",
        "matricule": "2024/inf/0123",
        "kind": "tuition",
        "label": "Scolarité",
        "currency": "XOF",
        "issued_on": date(2024, 10, 1),
        "instalments": DUES,
    }
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await issue_invoice(session, **{**given, **changed})


async def test_issue_invoice(database: Database, core: Actor) -> None:
    await issue(database, core)
    async with database.raw(Wall.app(core.school_id)) as connection:
        rows = await connection.fetch("SELECT number, due_on, amount, paid, tuition FROM instalment ORDER BY number")
    assert [tuple(row) for row in rows] == [(1, date(2024, 11, 5), 60, 0, True), (2, date(2025, 1, 5), 40, 0, True)]
    async with database.transaction(Wall.app(core.school_id)) as session:
        [issued] = await read_events(session, 0, 10)
    assert (issued.type, issued.facts) == (
        "invoice.issued",
        {
            "number": "F-1",
            "matricule": "2024/INF/0123",
            "kind": "tuition",
            "label": "Scolarité",
            "currency": "XOF",
            "total": 100,
            "issued_on": "2024-10-01",
        },
    )


async def test_a_number_is_taken_once(database: Database, core: Actor) -> None:
    await issue(database, core)
    with pytest.raises(InvoiceNumberTaken):
        await issue(database, core, label="Autre")


@pytest.mark.parametrize(
    ("changed", "refusal", "field"),
    [
        ({"matricule": "NOBODY"}, StudentNotFound, "matricule"),
        ({"number": " "}, InvalidInput, "number"),
        ({"label": "a\nb"}, InvalidInput, "label"),
        ({"kind": "library"}, InvalidInput, "kind"),
        ({"currency": "ABC"}, InvalidInput, "currency"),
        ({"instalments": []}, InvalidInput, "instalments"),
        ({"instalments": [Due(date(2025, 1, 5), 0)]}, InvalidInput, "instalments"),
        ({"instalments": [Due(date(2025, 1, 5), 10**15)] * 2}, InvalidInput, "instalments"),
    ],
)
async def test_refusals_change_nothing(
    database: Database, core: Actor, changed: dict[str, Any], refusal: type[InvalidInput], field: str
) -> None:
    with pytest.raises(refusal) as refused:
        await issue(database, core, **changed)
    assert refused.value.field == field
    async with database.raw(Wall.app(core.school_id)) as connection:
        assert await connection.fetchval("SELECT count(*) FROM invoice") == 0
