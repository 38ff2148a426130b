"""Cancelling an invoice: nothing is owed on it, and money that settled it is never lost from sight."""

from tests.domains.finance.desk import Desk, shares


async def test_cancel_invoice(desk: Desk) -> None:
    answer = await desk.do("cancelInvoice", number="F-2", reason="Émise deux fois")
    assert answer["freed"] == []
    assert answer["invoice"] == {
        "number": "F-2",
        "matricule": desk.matricule,
        "kind": "tuition",
        "label": "Scolarité",
        "currency": "XOF",
        "total": "200",
        "paid": "0",
        "credited": "0",
        "owed": "0",
        "status": "cancelled",
        "issuedOn": "2024-10-01",
        "nextDueOn": None,
        "cancelledBecause": "Émise deux fois",
        "instalments": [
            {"number": 1, "dueOn": "2025-04-05", "amount": "200", "paid": "0", "credited": "0", "owed": "0"}
        ],
    }
    [(topic, facts)] = await desk.events()
    assert (topic, facts["number"], facts["reason"], facts["freed"]) == (
        "invoice.cancelled",
        "F-2",
        "Émise deux fois",
        0,
    )


async def test_what_is_settled_is_not_cancelled_unless_its_money_is_freed(desk: Desk) -> None:
    payment_id = await desk.pay(130)
    asked = {"number": "F-1", "reason": "Erreur"}
    assert await desk.refused("cancelInvoice", **asked) == ("InvoiceSettled", "allocations")
    answer = await desk.do("cancelInvoice", allocations="free", **asked)
    assert shares(answer) == [("F-1", 2, "40"), ("F-1", 1, "60")]
    assert {each["paymentId"] for each in answer["freed"]} == {payment_id}
    assert await desk.fetch("SELECT amount - allocated FROM payment") == 100
    assert await desk.standing("F-2") == ("30", "0", "170", "open")


async def test_a_cancelled_invoice_stays_cancelled(desk: Desk) -> None:
    await desk.do("cancelInvoice", number="F-2", reason="Erreur")
    assert await desk.refused("cancelInvoice", number="F-2", reason="Erreur") == ("InvoiceCancelled", "number")
    credit = {"invoiceNumber": "F-2", "reason": "Bourse", "currency": "XOF"}
    assert await desk.refused("creditInvoice", **credit) == ("InvoiceCancelled", "invoiceNumber")
    payment_id = await desk.pay(10)
    given = [{"invoiceNumber": "F-2", "amount": "1"}]
    refusal = await desk.refused("allocatePayment", paymentId=payment_id, currency="XOF", allocations=given)
    assert refusal == ("InvoiceCancelled", "allocations.0.invoiceNumber")


async def test_a_credited_invoice_is_cancelled_for_the_rest(desk: Desk) -> None:
    await desk.do("creditInvoice", invoiceNumber="F-2", amount="50", reason="Bourse", currency="XOF")
    await desk.do("cancelInvoice", number="F-2", reason="Erreur")
    assert await desk.standing("F-2") == ("0", "50", "0", "cancelled")


async def test_an_invoice_that_is_not_there(desk: Desk) -> None:
    assert await desk.refused("cancelInvoice", number="F-9", reason="Erreur") == ("InvoiceNotFound", "number")
    assert await desk.refused("cancelInvoice", number="F-2", reason="") == ("InvalidInput", "reason")
