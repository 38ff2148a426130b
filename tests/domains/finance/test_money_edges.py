"""Edges that real schools bring: one key fifty times, numbers without gaps, the school's own midnight."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.database import Wall
from tests.domains.finance.desk import Desk, mutation
from tests.support.clock import FixedClock
from tests.support.factories.finance import make_top_up

ISSUE = {"kind": "other", "label": "Livre", "currency": "XOF", "instalments": [{"dueOn": "2025-04-05", "amount": "90"}]}
FIFTY = 50


async def given(desk: Desk, name: str) -> dict[str, Any]:
    """An input that each mutation takes."""
    payment_id = await desk.pay(50)
    async with desk.database.transaction(Wall.app(desk.actor.school_id)) as session:
        await make_top_up(session, desk.actor, desk.matricule, 500)
    line = {"matricule": desk.matricule, "amount": "100", "currency": "XOF", "reference": "R-1", "reason": "Erreur"}
    refund = {"provider": "wave", "reference": "R-1", "reason": "Erreur", "refundedAt": "2025-01-13T08:00:00Z"}
    allocations = [{"invoiceNumber": "F-2", "amount": "50"}]
    inputs: dict[str, dict[str, Any]] = {
        "issueInvoice": {**ISSUE, "matricule": desk.matricule},
        "cancelInvoice": {"number": "F-2", "reason": "Erreur"},
        "creditInvoice": {"invoiceNumber": "F-2", "amount": "5", "reason": "Bourse", "currency": "XOF"},
        "allocatePayment": {"paymentId": payment_id, "currency": "XOF", "allocations": allocations},
        "refundPayment": {"paymentId": payment_id, "currency": "XOF", "amount": "5", **refund},
        "debitWallet": line,
        "correctWallet": line,
    }
    return inputs[name]


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("issueInvoice", "invoice.issued"),
        ("cancelInvoice", "invoice.cancelled"),
        ("creditInvoice", "invoice.credited"),
        ("allocatePayment", "payment.allocated"),
        ("refundPayment", "payment.refunded"),
        ("debitWallet", "wallet.debited"),
        ("correctWallet", "wallet.corrected"),
    ],
)
async def test_fifty_identical_requests_have_one_effect(desk: Desk, name: str, topic: str) -> None:
    """The others meet the first under way, or are given its answer again."""
    asked = await given(desk, name)
    text = mutation(name)
    outcomes = await asyncio.gather(
        *(desk.asker.ask(desk.actor, text, input=asked, key="one and the same") for _ in range(FIFTY))
    )
    refusals = Counter(error.code for outcome in outcomes for error in outcome.errors)
    answers = [outcome.data[name] for outcome in outcomes if outcome.data is not None and not outcome.errors]
    assert set(refusals) <= {"IDEMPOTENCY_IN_FLIGHT"}
    assert answers
    assert all(answer == answers[0] for answer in answers)
    assert len(answers) + refusals.total() == FIFTY
    assert (await desk.told()).count(topic) == 1
    assert (await desk.do(name, key="one and the same", **asked)) == answers[0]


async def test_numbers_of_invoices_have_no_gap(desk: Desk) -> None:
    """Whoever comes at the same time, whatever fails, and whichever number a person has given to an invoice."""
    await desk.do("issueInvoice", matricule=desk.matricule, number="FA-2025-000003", **ISSUE)

    async def issue(nth: int) -> str | None:
        fails = {"matricule": "NOBODY"} if nth % 3 == 0 else {"matricule": desk.matricule}
        return (await desk.do("issueInvoice", **ISSUE, **fails)).get("number")

    numbers = [number for number in await asyncio.gather(*(issue(nth) for nth in range(9))) if number]
    assert sorted(numbers) == [f"FA-2025-{number:06}" for number in (1, 2, 4, 5, 6, 7)]


async def test_each_year_counts_anew(desk: Desk) -> None:
    first = await desk.do("issueInvoice", matricule=desk.matricule, issuedOn="2024-12-31", **ISSUE)
    second = await desk.do("issueInvoice", matricule=desk.matricule, issuedOn="2025-01-01", **ISSUE)
    assert (first["number"], second["number"]) == ("FA-2024-000001", "FA-2025-000001")


async def test_a_given_number_is_taken_once(desk: Desk) -> None:
    refusal = await desk.refused("issueInvoice", matricule=desk.matricule, number="F-1", **ISSUE)
    assert refusal == ("InvoiceNumberTaken", "number")


@pytest.mark.parametrize(("timezone", "day", "status"), [("Africa/Dakar", 5, "open"), ("Africa/Lagos", 6, "late")])
async def test_a_day_is_the_schools_own(desk: Desk, clock: FixedClock, timezone: str, day: int, status: str) -> None:
    """Half past eleven at night in Dakar is tomorrow in Lagos: another date, and late with what was due."""
    clock.set(datetime(2025, 4, 5, 23, 30, tzinfo=UTC))
    there = replace(desk, actor=replace(desk.actor, timezone=timezone))
    assert (await there.invoice("F-2"))["status"] == status
    issued = await there.do("issueInvoice", matricule=desk.matricule, **ISSUE)
    assert issued["issuedOn"] == f"2025-04-{day:02}"
    credit = await there.do("creditInvoice", invoiceNumber="F-1", reason="Bourse", currency="XOF")
    assert credit["creditNote"]["issuedOn"] == f"2025-04-{day:02}"


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("XOF", "90", "90"), ("EUR", "90", "90.00"), ("EUR", "0.05", "0.05"), ("TND", "1.005", "1.005")],
)
async def test_amounts_have_the_decimals_of_their_currency(desk: Desk, currency: str, amount: str, shown: str) -> None:
    parts = [{"dueOn": "2025-04-05", "amount": amount}]
    issued = await desk.do(
        "issueInvoice", matricule=desk.matricule, **{**ISSUE, "currency": currency, "instalments": parts}
    )
    assert (issued["total"], issued["owed"]) == (shown, shown)


@pytest.mark.parametrize(("currency", "amount"), [("XOF", "90.5"), ("EUR", "0.001"), ("EUR", "1,50")])
async def test_no_more_decimals_than_that(desk: Desk, currency: str, amount: str) -> None:
    parts = [{"dueOn": "2025-04-05", "amount": "1"}, {"dueOn": "2025-04-05", "amount": amount}]
    refusal = await desk.refused(
        "issueInvoice", matricule=desk.matricule, **{**ISSUE, "currency": currency, "instalments": parts}
    )
    assert refusal == ("InvalidInput", "instalments.1.amount")
