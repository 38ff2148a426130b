"""Giving money back: what was free goes first, what it settled is owed again, and twice is once."""

import asyncio
from typing import Any

import pytest

from tests.domains.finance.desk import Desk, shares

GIVEN = {
    "provider": "orange_money",
    "reference": "OM-R-1",
    "reason": "Trop perçu",
    "currency": "XOF",
    "refundedAt": "2025-01-13T08:00:00+01:00",
}


async def test_refund_payment(desk: Desk) -> None:
    payment_id = await desk.pay(400)
    answer = await desk.do("refundPayment", paymentId=payment_id, amount="70", **GIVEN)
    assert answer["refund"] == {
        "id": answer["refund"]["id"],
        "provider": "orange_money",
        "reference": "OM-R-1",
        "amount": "70",
        "currency": "XOF",
        "reason": "Trop perçu",
        "refundedAt": "2025-01-13T07:00:00+00:00",
    }
    assert (answer["payment"]["refunded"], answer["payment"]["unallocated"], answer["freed"]) == ("70", "30", [])
    assert await desk.told() == ["payment.recorded", "invoice.paid", "invoice.paid", "payment.refunded"]


async def test_facts_of_the_log(desk: Desk) -> None:
    payment_id = await desk.pay(100)
    await desk.do("refundPayment", paymentId=payment_id, amount="30", **GIVEN)
    *_, (refunded, facts), (reopened, invoice) = await desk.events()
    assert (refunded, reopened, invoice["number"]) == ("payment.refunded", "invoice.updated", "F-1")
    assert facts == {
        "matricule": desk.matricule,
        "payment_provider": "wave",
        "payment_reference": "P-1",
        "provider": "orange_money",
        "reference": "OM-R-1",
        "amount": 30,
        "currency": "XOF",
        "reason": "Trop perçu",
        "refunded_at": "2025-01-13T07:00:00+00:00",
        "freed": 30,
    }


async def test_what_it_settled_is_owed_again_last_due_first(desk: Desk) -> None:
    payment_id = await desk.pay(150)
    answer = await desk.do("refundPayment", paymentId=payment_id, amount="70", **GIVEN)
    assert shares(answer) == [("F-2", 1, "50"), ("F-1", 2, "20")]
    assert shares(answer["payment"]) == [("F-1", 1, "60"), ("F-1", 2, "20")]
    assert await desk.standing("F-1") == ("80", "0", "20", "late")


async def test_the_whole_of_it(desk: Desk) -> None:
    payment_id = await desk.pay(400)
    await desk.do("refundPayment", paymentId=payment_id, amount="70", **GIVEN)
    answer = await desk.do("refundPayment", paymentId=payment_id, **{**GIVEN, "reference": "OM-R-2"})
    assert (answer["refund"]["amount"], answer["payment"]["unallocated"]) == ("330", "0")
    assert await desk.standing("F-2") == ("0", "0", "200", "open")
    again = {**GIVEN, "reference": "OM-R-3", "paymentId": payment_id}
    assert await desk.refused("refundPayment", **again) == ("RefundTooLarge", "amount")


async def test_an_operators_callback_twice_is_one_refund(desk: Desk) -> None:
    payment_id = await desk.pay(150)
    first = await desk.do("refundPayment", paymentId=payment_id, amount="70", **GIVEN)
    again = await desk.do("refundPayment", paymentId=payment_id, amount="70", **GIVEN)
    assert (again["refund"], again["payment"], again["freed"]) == (first["refund"], first["payment"], [])
    assert await desk.do("refundPayment", paymentId=payment_id, **GIVEN) == again
    assert (await desk.told()).count("payment.refunded") == 1


async def test_callbacks_at_once_are_one_refund(desk: Desk) -> None:
    payment_id = await desk.pay(150)
    answers = await asyncio.gather(
        *(desk.do("refundPayment", paymentId=payment_id, amount="70", **GIVEN) for _ in range(8))
    )
    assert {answer["refund"]["id"] for answer in answers} == {answers[0]["refund"]["id"]}
    assert await desk.fetch("SELECT refunded FROM payment") == 70
    assert (await desk.told()).count("payment.refunded") == 1


async def test_refunds_at_once_never_give_back_more_than_there_was(desk: Desk) -> None:
    payment_id = await desk.pay(150)

    async def refund(nth: int) -> str:
        given: dict[str, Any] = {**GIVEN, "reference": f"OM-R-{nth}", "paymentId": payment_id, "amount": "60"}
        return str((await desk.do("refundPayment", **given))["__typename"])

    answers = await asyncio.gather(*(refund(nth) for nth in range(6)))
    assert sorted(answers) == ["RefundTooLarge"] * 4 + ["RefundedPayment"] * 2
    assert await desk.fetch("SELECT refunded FROM payment") == 120


async def test_a_reference_of_another_refund_is_a_conflict(desk: Desk) -> None:
    payment_id, other = await desk.pay(150), await desk.pay(50, reference="P-2")
    await desk.do("refundPayment", paymentId=payment_id, amount="70", **GIVEN)
    conflict = ("RefundConflict", "reference")
    assert await desk.refused("refundPayment", paymentId=payment_id, amount="71", **GIVEN) == conflict
    assert await desk.refused("refundPayment", paymentId=other, **GIVEN) == conflict


@pytest.mark.parametrize(
    ("changed", "failure", "field"),
    [
        ({"paymentId": "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"}, "PaymentNotFound", "paymentId"),
        ({"currency": "EUR", "amount": "1"}, "CurrencyMismatch", "currency"),
        ({"amount": "151"}, "RefundTooLarge", "amount"),
        ({"amount": "0"}, "InvalidInput", "amount"),
        ({"reference": ""}, "InvalidInput", "reference"),
        ({"reason": " "}, "InvalidInput", "reason"),
        ({"refundedAt": "2025-01-13T08:00:00"}, "InvalidInput", "refundedAt"),
    ],
)
async def test_refusals_change_nothing(desk: Desk, changed: dict[str, Any], failure: str, field: str) -> None:
    given = {"paymentId": await desk.pay(150), **GIVEN, **changed}
    assert await desk.refused("refundPayment", **given) == (failure, field)
    assert await desk.fetch("SELECT allocated FROM payment") == 150


async def test_a_refunded_payment_settles_no_more_than_is_left(desk: Desk) -> None:
    payment_id = await desk.pay(150)
    await desk.do("refundPayment", paymentId=payment_id, amount="70", **GIVEN)
    given = {"paymentId": payment_id, "currency": "XOF", "allocations": [{"invoiceNumber": "F-2", "amount": "81"}]}
    assert await desk.refused("allocatePayment", **given) == ("AllocationTooLarge", "allocations")
