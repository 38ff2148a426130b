"""Money that comes in settles what is owed, once, whoever calls twice."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.events.service import read_events
from app.domains.finance.schema import Mutation, Query
from app.domains.students.schema import Query as StudentsQuery
from tests.support.clock import FixedClock
from tests.support.factories.finance import make_invoice
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student
from tests.support.operations import Asker

RECORD = """mutation ($input: RecordPaymentInput!, $key: String) {
    recordPayment(input: $input, idempotencyKey: $key) {
        __typename
        ... on Payment {
            id matricule provider reference amount currency receivedAt unallocated
            allocations { invoiceNumber instalment dueOn amount } }
        ... on Failure { code message field } } }"""


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


def payment(matricule: str, amount: str, **others: Any) -> dict[str, Any]:
    return {
        "matricule": matricule,
        "provider": "orange_money",
        "reference": "OM-1",
        "amount": amount,
        "currency": "XOF",
        "receivedAt": "2025-01-13T09:00:00+00:00",
        **others,
    }


async def pay(
    asker: Asker, actor: Actor, matricule: str, amount: str, *, key: str | None = None, **others: Any
) -> dict[str, Any]:
    data = await asker.data(actor, RECORD, input=payment(matricule, amount, **others), key=key)
    answer: dict[str, Any] = data["recordPayment"]
    return answer


def shares(answer: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(each["invoiceNumber"], each["instalment"], each["amount"]) for each in answer["allocations"]]


async def log(database: Database, actor: Actor) -> list[tuple[str, str]]:
    """(type, number or reference) of the events, but for the invoices issued beforehand."""
    async with database.transaction(Wall.app(actor.school_id)) as session:
        events = await read_events(session, 0, 1_000)
    named = [(event.type, event.facts.get("number") or event.facts["reference"]) for event in events]
    return [each for each in named if each[0] != "invoice.issued"]


async def test_record_payment(database: Database, asker: Asker, core: Actor, matricule: str) -> None:
    answer = await pay(asker, core, matricule.lower(), "150")
    assert answer == {
        "__typename": "Payment",
        "id": answer["id"],
        "matricule": matricule,
        "provider": "orange_money",
        "reference": "OM-1",
        "amount": "150",
        "currency": "XOF",
        "receivedAt": "2025-01-13T09:00:00+00:00",
        "unallocated": "0",
        "allocations": [
            {"invoiceNumber": "F-1", "instalment": 1, "dueOn": "2024-11-05", "amount": "60"},
            {"invoiceNumber": "F-1", "instalment": 2, "dueOn": "2024-12-05", "amount": "40"},
            {"invoiceNumber": "F-2", "instalment": 1, "dueOn": "2025-04-05", "amount": "50"},
        ],
    }
    assert await log(database, core) == [("payment.recorded", "OM-1"), ("invoice.paid", "F-1")]


async def test_facts_of_the_log(database: Database, asker: Asker, core: Actor, matricule: str) -> None:
    await pay(asker, core, matricule, "100")
    async with database.transaction(Wall.app(core.school_id)) as session:
        recorded, paid = (await read_events(session, 3, 10))[:2]
    assert recorded.facts == {
        "matricule": matricule,
        "provider": "orange_money",
        "reference": "OM-1",
        "amount": 100,
        "currency": "XOF",
        "received_at": "2025-01-13T09:00:00+00:00",
    }
    assert paid.facts == {
        "number": "F-1",
        "matricule": matricule,
        "kind": "tuition",
        "label": "Scolarité",
        "currency": "XOF",
        "total": 100,
        "issued_on": "2024-10-01",
    }


async def test_an_overpayment_stays_free(asker: Asker, core: Actor, matricule: str) -> None:
    answer = await pay(asker, core, matricule, "1000")
    assert (answer["unallocated"], len(answer["allocations"])) == ("700", 3)
    more = await pay(asker, core, matricule, "5", reference="OM-2")
    assert (more["unallocated"], more["allocations"]) == ("5", [])


async def test_a_currency_settles_its_own_debts(asker: Asker, core: Actor, matricule: str) -> None:
    answer = await pay(asker, core, matricule, "50.50", currency="EUR")
    assert (shares(answer), answer["unallocated"]) == ([("F-EUR", 1, "50.00")], "0.50")


async def test_a_named_invoice_comes_first_and_alone(asker: Asker, core: Actor, matricule: str) -> None:
    answer = await pay(asker, core, matricule, "250", invoiceNumber="F-2")
    assert (shares(answer), answer["unallocated"]) == ([("F-2", 1, "200")], "50")


async def test_a_cancelled_invoice_is_not_settled(
    database: Database, asker: Asker, core: Actor, matricule: str
) -> None:
    async with database.raw(Wall.app(core.school_id)) as connection:
        await connection.execute("UPDATE invoice SET cancelled_at = now() WHERE number = 'F-2'")
    named = await pay(asker, core, matricule, "10", invoiceNumber="F-2")
    assert (named["unallocated"], named["allocations"]) == ("10", [])
    assert shares(await pay(asker, core, matricule, "500", reference="OM-2"))[-1] == ("F-1", 2, "40")


async def test_an_operators_callback_twice_is_one_payment(
    database: Database, asker: Asker, core: Actor, matricule: str
) -> None:
    first = await pay(asker, core, matricule, "150")
    again = await pay(asker, core, matricule, "150", reference=" OM-1 ", receivedAt="2025-01-13T09:05:00+00:00")
    assert again == first
    assert len(await log(database, core)) == 2
    other = await pay(asker, core, matricule, "150", provider="wave")
    assert other["id"] != first["id"]


async def test_callbacks_at_once_are_one_payment(database: Database, asker: Asker, core: Actor, matricule: str) -> None:
    answers = await asyncio.gather(*(pay(asker, core, matricule, "150") for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert Counter(type_ for type_, _ in await log(database, core)) == {"payment.recorded": 1, "invoice.paid": 1}


async def test_payments_at_once_never_settle_a_debt_twice(
    database: Database, asker: Asker, core: Actor, matricule: str
) -> None:
    answers = await asyncio.gather(
        *(pay(asker, core, matricule, "70", reference=f"OM-{number}") for number in range(6))
    )
    assert sum(int(answer["unallocated"]) for answer in answers) == 6 * 70 - 300
    async with database.raw(Wall.app(core.school_id)) as connection:
        owed = await connection.fetchval("SELECT sum(amount - paid) FROM instalment WHERE amount < 5000")
    assert owed == 0
    assert Counter(await log(database, core))["invoice.paid", "F-1"] == 1


async def test_a_reference_of_another_payment_is_a_conflict(
    database: Database, asker: Asker, core: Actor, matricule: str
) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        other = await make_student(session, core.school_id)
    await pay(asker, core, matricule, "150")
    answers = [
        await pay(asker, core, matricule, "151"),
        await pay(asker, core, matricule, "150", currency="EUR"),
        await pay(asker, core, other.matricule, "150"),
    ]
    assert [(answer["__typename"], answer["field"]) for answer in answers] == [("PaymentConflict", "reference")] * 3
    assert "OM-1" in answers[0]["message"]
    assert len(await log(database, core)) == 2


async def test_what_is_not_found(database: Database, asker: Asker, core: Actor, matricule: str) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        other = await make_student(session, core.school_id)
    answers = [
        await pay(asker, core, "NOBODY", "150"),
        await pay(asker, core, matricule, "150", invoiceNumber="F-9"),
        await pay(asker, core, other.matricule, "150", invoiceNumber="F-1"),
        await pay(asker, core, matricule, "150", invoiceNumber="F-EUR"),
    ]
    assert [(answer["__typename"], answer["field"]) for answer in answers] == [
        ("StudentNotFound", "matricule"),
        ("InvoiceNotFound", "invoiceNumber"),
        ("InvoiceNotFound", "invoiceNumber"),
        ("CurrencyMismatch", "currency"),
    ]
    assert await log(database, core) == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "1.5"}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "9999999999999999"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"currency": "ABC"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"reference": " "}, "reference"),
        ({"reference": "x" * 65}, "reference"),
        ({"invoiceNumber": ""}, "invoiceNumber"),
        ({"matricule": ""}, "matricule"),
        ({"receivedAt": "2025-01-13T09:00:00"}, "receivedAt"),
    ],
)
async def test_unusable_input_is_refused(
    asker: Asker, core: Actor, matricule: str, changed: dict[str, str], field: str
) -> None:
    given = {**payment(matricule, "150"), **changed}
    assert await asker.refusal(core, RECORD, input=given) == ("INVALID_INPUT", field)


async def test_an_idempotency_key_repeats_the_answer(
    database: Database, asker: Asker, core: Actor, matricule: str
) -> None:
    first = await pay(asker, core, matricule, "150", key="K")
    assert await pay(asker, core, matricule, "150", key="K") == first
    refusal = await asker.refusal(core, RECORD, input=payment(matricule, "151"), key="K")
    assert refusal == ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
    assert len(await log(database, core)) == 2


async def test_writing_is_audited(database: Database, asker: Asker, core: Actor, matricule: str) -> None:
    await pay(asker, core, matricule, "150")
    async with database.raw(Wall.app(core.school_id)) as connection:
        subjects = await connection.fetch("SELECT subjects FROM audit_entry")
        student = await connection.fetchval("SELECT id FROM student")
    assert [row["subjects"] for row in subjects] == [[student]]


async def test_the_registry_may_not_write(database: Database, asker: Asker) -> None:
    registry = await make_actor(database, preset="scolarite")
    with pytest.raises(InsufficientScope):
        await asker.ask(registry, RECORD, input=payment("X", "150"))


@pytest.mark.parametrize(
    ("failure", "others"),
    [
        ("InvoiceNotFound", {"invoiceNumber": "F-3"}),
        ("CurrencyMismatch", {"invoiceNumber": "F-EUR"}),
        ("PaymentConflict", {"amount": "301"}),
    ],
)
async def test_a_refusal_that_speaks_of_a_student_is_audited(
    database: Database, asker: Asker, core: Actor, matricule: str, failure: str, others: dict[str, Any]
) -> None:
    await asker.data(core, RECORD, input=payment(matricule, "300"))
    refused = await asker.data(core, RECORD, input=payment(matricule, **{"amount": "300", **others}))
    assert refused["recordPayment"]["__typename"] == failure
    async with database.raw(Wall.app(core.school_id)) as connection:
        student = await connection.fetchval("SELECT id FROM student WHERE matricule = $1", matricule)
        rows = await connection.fetch("SELECT subjects FROM audit_entry")
    assert [row["subjects"] for row in rows] == [[student]] * 2


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("timezone", ["Africa/Dakar", "Africa/Lagos"])
async def test_nothing_is_recorded_at_an_instant_that_the_school_cannot_show(
    asker: Asker, core: Actor, matricule: str, instant: str, timezone: str
) -> None:
    there = replace(core, timezone=timezone)
    refusal = await asker.refusal(there, RECORD, input=payment(matricule, "10", receivedAt=instant))
    assert refusal == ("INVALID_INPUT", "receivedAt")
