"""How the events of invoices, payments and wallets come about."""

from datetime import date
from typing import Any

from app.domains.events.topics import Topic
from app.domains.finance.invoice_records import Share
from app.domains.finance.records import Due, PaymentRecord
from app.domains.finance.service import (
    allocate_payment,
    cancel_invoice,
    correct_wallet,
    credit_invoice,
    debit_meal,
    debit_wallet,
    refund_payment,
)
from app.domains.finance.service.fees import create_fee_schedule, retire_fee_schedule
from tests.catalogue.world import MATRICULE, NOW, TODAY, Happenings, World
from tests.support.factories.finance import make_invoice, make_payment, make_top_up

HERE: dict[str, Any] = {"matricule": MATRICULE, "currency": "XOF", "occurred_at": NOW}


async def issue(world: World) -> None:
    async with world.write() as session:
        await make_invoice(session, MATRICULE, (date(2025, 1, 5), 300), (date(2025, 2, 5), 200), number="F-1")


async def cancel(world: World) -> None:
    await issue(world)
    async with world.write() as session:
        await cancel_invoice(session, number="F-1", reason="Facturée deux fois", now=NOW)


async def credit(world: World) -> None:
    await issue(world)
    async with world.write() as session:
        await credit_invoice(
            session, invoice_number="F-1", reason="Bourse", issued_on=TODAY, currency="XOF", amount=150
        )


async def pay(world: World) -> PaymentRecord:
    """All of the invoice."""
    await issue(world)
    async with world.write() as session:
        return await make_payment(session, world.actor, MATRICULE, 500)


async def refund(world: World) -> None:
    """The invoice is open again."""
    payment = await pay(world)
    given: dict[str, Any] = {"provider": "cash", "reference": "R-1", "reason": "Départ", "currency": "XOF"}
    async with world.write() as session:
        await refund_payment(session, payment_id=payment.id, refunded_at=NOW, **given)


async def allocate(world: World) -> None:
    payment = await pay(world)
    async with world.write() as session:
        shares = [Share(100, "F-1", 2)]
        await allocate_payment(session, payment_id=payment.id, currency="XOF", shares=shares)


async def top_up(world: World) -> None:
    async with world.write() as session:
        await make_top_up(session, world.actor, MATRICULE, 700)


async def debit(world: World) -> None:
    await top_up(world)
    async with world.write() as session:
        await debit_wallet(session, amount=100, reference="D-1", **HERE)
        await debit_wallet(session, amount=5_000, reference="D-2", reason="Repas du personnel", forced=True, **HERE)


async def correct(world: World) -> None:
    await top_up(world)
    async with world.write() as session:
        await correct_wallet(session, amount=-50, reference="C-1", reason="Erreur de caisse", **HERE)


async def eat(world: World) -> None:
    """What is left does not reach for another meal."""
    await top_up(world)
    [student] = [event.subject for event in await world.log() if event.type == Topic.STUDENT_CREATED]
    meal = {"amount": 500, "currency": "XOF", "reference": "M-1", "occurred_at": NOW, "offline": False}
    async with world.write() as session:
        await debit_meal(session, student_id=student, **meal)


async def retire(world: World) -> None:
    """It was made for anybody."""
    given: dict[str, Any] = {"label": "Scolarité", "kind": "tuition", "currency": "XOF"}
    async with world.write() as session:
        await create_fee_schedule(session, code="FRAIS", instalments=[Due(TODAY, 500)], **given)
    async with world.write() as session:
        await retire_fee_schedule(session, code="FRAIS")


MONEY: Happenings = {
    Topic.FEE_SCHEDULE_CREATED: retire,
    Topic.FEE_SCHEDULE_RETIRED: retire,
    Topic.INVOICE_ISSUED: issue,
    Topic.INVOICE_UPDATED: refund,
    Topic.INVOICE_CANCELLED: cancel,
    Topic.INVOICE_CREDITED: credit,
    Topic.INVOICE_PAID: pay,
    Topic.PAYMENT_RECORDED: pay,
    Topic.PAYMENT_ALLOCATED: allocate,
    Topic.PAYMENT_REFUNDED: refund,
    Topic.WALLET_TOPPED_UP: top_up,
    Topic.WALLET_DEBITED: debit,
    Topic.WALLET_CORRECTED: correct,
    Topic.WALLET_LOW: eat,
}
