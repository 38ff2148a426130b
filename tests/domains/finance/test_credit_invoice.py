"""Credit notes: less to pay on an invoice that stays, and doors that open again."""

import pytest

from app.core.database import Wall
from app.domains.access.decisions import Reason
from app.domains.access.loaders import AccessChecks
from app.domains.finance.service import financial_status
from tests.domains.access.conftest import ask
from tests.domains.finance.desk import Desk, shares
from tests.support.clock import FixedClock
from tests.support.factories.access import make_zone
from tests.support.factories.students import make_badge

GIVEN = {"reason": "Bourse", "currency": "XOF"}


async def test_credit_invoice(desk: Desk) -> None:
    answer = await desk.do("creditInvoice", invoiceNumber="F-1", amount="50", **GIVEN)
    assert answer["__typename"] == "CreditedInvoice"
    assert answer["creditNote"] == {
        "id": answer["creditNote"]["id"],
        "number": "AV-2025-000001",
        "invoiceNumber": "F-1",
        "amount": "50",
        "reason": "Bourse",
        "issuedOn": "2025-01-13",
        "lines": [
            {"instalment": 1, "dueOn": "2024-11-05", "amount": "10"},
            {"instalment": 2, "dueOn": "2024-12-05", "amount": "40"},
        ],
    }
    assert [each["owed"] for each in answer["invoice"]["instalments"]] == ["50", "0"]
    assert [each["credited"] for each in answer["invoice"]["instalments"]] == ["10", "40"]
    assert (answer["invoice"]["owed"], answer["invoice"]["status"], answer["freed"]) == ("50", "late", [])


async def test_facts_of_the_log(desk: Desk) -> None:
    await desk.do("creditInvoice", invoiceNumber="F-1", **GIVEN)
    (credited, facts), (paid, _) = await desk.events()
    assert (credited, paid) == ("invoice.credited", "invoice.paid")
    assert facts == {
        "number": "F-1",
        "matricule": desk.matricule,
        "kind": "tuition",
        "label": "Scolarité",
        "currency": "XOF",
        "total": 100,
        "issued_on": "2024-10-01",
        "credit_number": "AV-2025-000001",
        "amount": 100,
        "reason": "Bourse",
        "freed": 0,
        "credited": 100,
        "owed": 0,
    }


async def test_instalments_as_they_are_given(desk: Desk) -> None:
    given = [{"number": 1, "amount": "60"}, {"number": 2, "amount": "5"}]
    await desk.do("creditInvoice", invoiceNumber="F-1", instalments=given, **GIVEN)
    invoice = await desk.invoice("F-1")
    assert [each["owed"] for each in invoice["instalments"]] == ["0", "35"]
    assert invoice["nextDueOn"] == "2024-12-05"


async def test_what_is_left_to_pay_goes_first(desk: Desk) -> None:
    await desk.pay(50)
    answer = await desk.do("creditInvoice", invoiceNumber="F-1", amount="45", **GIVEN)
    assert [(line["instalment"], line["amount"]) for line in answer["creditNote"]["lines"]] == [(1, "5"), (2, "40")]
    assert await desk.standing("F-1") == ("50", "45", "5", "late")


async def test_money_that_settled_it_is_only_freed_when_that_is_asked(desk: Desk) -> None:
    payment_id = await desk.pay(100)
    asked = {"invoiceNumber": "F-1", "amount": "30", **GIVEN}
    assert await desk.refused("creditInvoice", **asked) == ("InvoiceSettled", "allocations")
    answer = await desk.do("creditInvoice", allocations="free", **asked)
    assert shares(answer) == [("F-1", 2, "30")]
    assert [each["paymentId"] for each in answer["freed"]] == [payment_id]
    assert await desk.standing("F-1") == ("70", "30", "0", "paid")
    assert await desk.fetch("SELECT amount - allocated FROM payment") == 30
    assert await desk.told() == ["payment.recorded", "invoice.paid", "invoice.credited"]


async def test_no_more_than_the_invoice_is_credited(desk: Desk) -> None:
    await desk.do("creditInvoice", invoiceNumber="F-1", amount="90", **GIVEN)
    assert await desk.refused("creditInvoice", invoiceNumber="F-1", amount="11", **GIVEN) == (
        "CreditTooLarge",
        "amount",
    )
    too_much = [{"number": 2, "amount": "1"}]
    refusal = await desk.refused("creditInvoice", invoiceNumber="F-1", instalments=too_much, **GIVEN)
    assert refusal == ("CreditTooLarge", "instalments.0.amount")
    await desk.do("creditInvoice", invoiceNumber="F-1", **GIVEN)
    assert await desk.refused("creditInvoice", invoiceNumber="F-1", **GIVEN) == ("CreditTooLarge", "amount")
    assert await desk.standing("F-1") == ("0", "100", "0", "paid")


@pytest.mark.parametrize(
    ("changed", "failure", "field"),
    [
        ({"invoiceNumber": "F-9"}, "InvoiceNotFound", "invoiceNumber"),
        ({"currency": "EUR"}, "CurrencyMismatch", "currency"),
        ({"amount": "0"}, "InvalidInput", "amount"),
        ({"amount": "1.5"}, "InvalidInput", "amount"),
        ({"reason": " "}, "InvalidInput", "reason"),
        ({"instalments": [{"number": 3, "amount": "1"}]}, "InvalidInput", "instalments.0.number"),
        ({"instalments": [{"number": 1, "amount": "x"}]}, "InvalidInput", "instalments.0.amount"),
        ({"instalments": [{"number": 1, "amount": "1"}] * 2}, "InvalidInput", "instalments.1.number"),
    ],
)
async def test_refusals_change_nothing(desk: Desk, changed: dict[str, object], failure: str, field: str) -> None:
    assert await desk.refused("creditInvoice", **{"invoiceNumber": "F-1", **GIVEN, **changed}) == (failure, field)
    assert await desk.standing("F-1") == ("0", "0", "100", "late")
    assert await desk.events() == []


@pytest.mark.parametrize("undone", ["creditInvoice", "cancelInvoice"])
async def test_the_turnstile_opens_at_once(desk: Desk, clock: FixedClock, undone: str) -> None:
    """The access check and the green light read what is owed, whatever made it less."""
    checks = AccessChecks(desk.database, clock)
    async with desk.database.transaction(Wall.app(desk.actor.school_id)) as session:
        badge = await make_badge(session, desk.actor, desk.matricule)
        zone = await make_zone(session, desk.actor.school_id)
    assert await ask(checks, desk.actor, badge, zone.code) is Reason.TUITION_UNPAID
    for number, currency in (("F-1", "XOF"), ("F-EUR", "EUR")):
        given = {"invoiceNumber": number, "currency": currency} if undone == "creditInvoice" else {"number": number}
        await desk.do(undone, reason="Bourse", **given)
    assert await ask(checks, desk.actor, badge, zone.code) is None
    async with desk.database.transaction(Wall.app(desk.actor.school_id)) as session:
        status = await financial_status(session, desk.matricule, today=clock.now().date())
    assert status is not None
    assert status.status == "green"


async def test_half_a_credit_does_not_open_it(desk: Desk, clock: FixedClock) -> None:
    await desk.do("creditInvoice", invoiceNumber="F-EUR", reason="Bourse", currency="EUR")
    await desk.do("creditInvoice", invoiceNumber="F-1", amount="99", **GIVEN)
    async with desk.database.transaction(Wall.app(desk.actor.school_id)) as session:
        badge = await make_badge(session, desk.actor, desk.matricule)
        zone = await make_zone(session, desk.actor.school_id)
    reason = await ask(AccessChecks(desk.database, clock), desk.actor, badge, zone.code)
    assert reason is Reason.TUITION_UNPAID
