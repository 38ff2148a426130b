"""What a payment settles: several invoices, or half of one, and something else tomorrow."""

from typing import Any

import pytest

from tests.domains.finance.desk import Desk, shares


def to(invoice: str, amount: str, instalment: int | None = None) -> dict[str, Any]:
    return {"invoiceNumber": invoice, "amount": amount, "instalment": instalment}


async def allocate(desk: Desk, payment_id: str, *given: dict[str, Any], currency: str = "XOF") -> dict[str, Any]:
    return await desk.do("allocatePayment", paymentId=payment_id, currency=currency, allocations=list(given))


async def test_a_payment_covers_several_invoices_and_half_of_one(desk: Desk) -> None:
    payment_id = await desk.pay(200, invoice="F-2")
    answer = await allocate(desk, payment_id, to("F-1", "100"), to("F-2", "75"))
    assert shares(answer) == [("F-1", 1, "60"), ("F-1", 2, "40"), ("F-2", 1, "75")]
    assert answer["unallocated"] == "25"
    assert await desk.standing("F-1") == ("100", "0", "0", "paid")
    assert await desk.standing("F-2") == ("75", "0", "125", "open")


async def test_what_is_told(desk: Desk) -> None:
    payment_id = await desk.pay(200, invoice="F-2")
    await allocate(desk, payment_id, to("F-1", "100"), to("F-2", "75"))
    *before, (topic, facts), paid, reopened = await desk.events()
    assert [type_ for type_, _ in before] == ["payment.recorded", "invoice.paid"]
    assert (topic, facts["unallocated"]) == ("payment.allocated", 25)
    assert facts["allocations"] == [
        {"invoice": "F-1", "instalment": 1, "amount": 60},
        {"invoice": "F-1", "instalment": 2, "amount": 40},
        {"invoice": "F-2", "instalment": 1, "amount": 75},
    ]
    assert [(type_, facts["number"]) for type_, facts in (paid, reopened)] == [
        ("invoice.paid", "F-1"),
        ("invoice.updated", "F-2"),
    ]


async def test_an_instalment_by_its_number(desk: Desk) -> None:
    payment_id = await desk.pay(40, invoice="F-2")
    answer = await allocate(desk, payment_id, to("F-1", "25", 2))
    assert (shares(answer), answer["unallocated"]) == ([("F-1", 2, "25")], "15")


async def test_two_shares_of_one_instalment_are_one(desk: Desk) -> None:
    payment_id = await desk.pay(40, invoice="F-2")
    assert shares(await allocate(desk, payment_id, to("F-1", "25", 2), to("F-1", "15", 2))) == [("F-1", 2, "40")]


async def test_nothing_at_all_frees_the_payment(desk: Desk) -> None:
    payment_id = await desk.pay(100)
    answer = await allocate(desk, payment_id)
    assert (shares(answer), answer["unallocated"]) == ([], "100")
    assert await desk.standing("F-1") == ("0", "0", "100", "late")


async def test_saying_it_again_changes_nothing(desk: Desk) -> None:
    payment_id = await desk.pay(100, invoice="F-2")
    first = await allocate(desk, payment_id, to("F-1", "50"))
    events, rows = await desk.told(), await desk.fetch("SELECT array_agg(id ORDER BY id) FROM allocation")
    assert await allocate(desk, payment_id, to("F-1", "50")) == first
    assert await desk.told() == events
    assert await desk.fetch("SELECT array_agg(id ORDER BY id) FROM allocation") == rows


async def test_room_that_the_payment_takes_itself_is_its_own(desk: Desk) -> None:
    payment_id = await desk.pay(100)
    assert shares(await allocate(desk, payment_id, to("F-1", "60", 1), to("F-1", "40", 2)))
    other = await desk.pay(200, reference="P-2", invoice="F-2")
    refusal = await desk.refused("allocatePayment", paymentId=other, currency="XOF", allocations=[to("F-1", "1")])
    assert refusal == ("AllocationTooLarge", "allocations.0.amount")


@pytest.mark.parametrize(
    ("given", "failure", "field"),
    [
        ([to("F-2", "60"), to("F-1", "60")], "AllocationTooLarge", "allocations"),
        ([to("F-1", "60", 2)], "AllocationTooLarge", "allocations.0.amount"),
        ([to("F-2", "10"), to("F-9", "1")], "InvoiceNotFound", "allocations.1.invoiceNumber"),
        ([to("F-EUR", "1")], "CurrencyMismatch", "allocations.0.invoiceNumber"),
        ([to("F-1", "1", 3)], "InvalidInput", "allocations.0.instalment"),
        ([to("F-1", "0")], "InvalidInput", "allocations.0.amount"),
        ([to("F-1", "-1")], "InvalidInput", "allocations.0.amount"),
        ([to("F-1", "0.5")], "InvalidInput", "allocations.0.amount"),
        ([to(" ", "1")], "InvalidInput", "allocations.0.invoiceNumber"),
    ],
)
async def test_refusals_change_nothing(desk: Desk, given: list[dict[str, Any]], failure: str, field: str) -> None:
    payment_id = await desk.pay(100)
    refusal = await desk.refused("allocatePayment", paymentId=payment_id, currency="XOF", allocations=given)
    assert refusal == (failure, field)
    assert await desk.standing("F-1") == ("100", "0", "0", "paid")


async def test_a_payment_that_is_not_there_or_in_another_currency(desk: Desk) -> None:
    nobody = {"paymentId": "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e", "currency": "XOF", "allocations": []}
    assert await desk.refused("allocatePayment", **nobody) == ("PaymentNotFound", "paymentId")
    payment_id = await desk.pay(100)
    euros = {"paymentId": payment_id, "currency": "EUR", "allocations": []}
    assert await desk.refused("allocatePayment", **euros) == ("CurrencyMismatch", "currency")


async def test_euros_with_two_decimals(desk: Desk) -> None:
    payment_id = await desk.pay(1050, currency="EUR")
    answer = await allocate(desk, payment_id, to("F-EUR", "0.05"), currency="EUR")
    assert (shares(answer), answer["unallocated"]) == ([("F-EUR", 1, "0.05")], "10.45")
    assert await desk.standing("F-EUR") == ("0.05", "0.00", "49.95", "late")
