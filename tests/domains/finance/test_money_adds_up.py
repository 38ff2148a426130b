"""Random lives of a student's money, beside a model small enough to be believed.

Whatever is issued, credited, cancelled, paid, settled anew, refunded, put into a wallet, eaten, debited and corrected:
what the database keeps is what the model counts, and every refusal is the one that the model foresees.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.events.service import read_events
from app.domains.finance.errors import FinanceError
from app.domains.finance.invoice_records import FreeingRule, Share
from app.domains.finance.service import (
    allocate_payment,
    cancel_invoice,
    correct_wallet,
    credit_invoice,
    debit_meal,
    debit_wallet,
    financial_status,
    refund_payment,
)
from app.domains.finance.service.settling import require_invoices
from app.domains.students.records import StudentIdentity
from tests.domains.finance.money_model import Bill, Model, Money
from tests.support.clock import A_MONDAY_MORNING
from tests.support.factories.finance import make_invoice, make_payment, make_top_up
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student

TODAY = A_MONDAY_MORNING.date()
RULES: dict[bool, FreeingRule] = {True: "free", False: "refuse"}

amounts = st.integers(1, 500)
currencies = st.sampled_from(["XOF", "XOF", "EUR"])
parts = st.lists(st.tuples(st.integers(-40, 40), amounts), min_size=1, max_size=3)
which = st.integers(0, 3)
shares = st.lists(st.tuples(which, st.none() | st.integers(0, 2), st.integers(1, 200)), max_size=3)
steps = st.one_of(
    st.tuples(st.just("issue"), st.sampled_from(["tuition", "tuition", "canteen"]), currencies, parts),
    st.tuples(st.just("pay"), st.integers(0, 9), amounts, currencies, st.none() | which),
    st.tuples(st.just("credit"), which, st.none() | amounts, st.booleans()),
    st.tuples(st.just("credit_part"), which, st.integers(0, 2), amounts, st.booleans()),
    st.tuples(st.just("cancel"), which, st.booleans()),
    st.tuples(st.just("allocate"), which, shares),
    st.tuples(st.just("refund"), st.integers(0, 4), which, st.none() | amounts),
    st.tuples(st.just("top_up"), amounts),
    st.tuples(st.just("eat"), st.integers(0, 4), st.sampled_from([100, 200]), st.booleans()),
    st.tuples(st.just("debit"), st.integers(0, 4), amounts, st.booleans()),
    st.tuples(st.just("correct"), st.integers(0, 4), amounts | amounts.map(lambda amount: -amount)),
)


@dataclass
class Life:
    """One student, in the database and in the model."""

    session: AsyncSession
    actor: Actor
    student: StudentIdentity
    model: Model

    def bill(self, nth: int) -> Bill | None:
        return self.model.bills[nth % len(self.model.bills)] if self.model.bills else None

    async def payment(self, nth: int) -> tuple[Any, Money] | None:
        if not self.model.payments:
            return None
        reference = list(self.model.payments)[nth % len(self.model.payments)]
        payment_id = await self._scalar("SELECT id FROM payment WHERE reference = $1", reference)
        return payment_id, self.model.payments[reference]

    async def _scalar(self, query: str, *args: Any) -> Any:
        connection = await (await self.session.connection()).get_raw_connection()
        return await connection.driver_connection.fetchval(query, *args)  # type: ignore[union-attr]

    def _named(self, reference: int) -> str:
        return f"{self.student.matricule}-{reference}"

    async def issue(self, kind: str, currency: str, parts: list[tuple[int, int]]) -> None:
        number = f"{self.student.matricule}-{len(self.model.bills):03}"
        dues = [(TODAY + timedelta(days=days), amount) for days, amount in parts]
        await make_invoice(self.session, self.student.matricule, *dues, number=number, kind=kind, currency=currency)
        self.model.issue(number, kind, currency, dues)

    async def pay(self, reference: int, amount: int, currency: str, nth: int | None) -> None:
        bill = None if nth is None else self.bill(nth)
        refusal = self.model.pay(self._named(reference), amount, currency, bill)
        paying = make_payment(
            self.session,
            self.actor,
            self.student.matricule,
            amount,
            reference=self._named(reference),
            currency=currency,
            invoice_number=bill.number if bill else None,
        )
        assert await refused(paying) is refusal

    async def credit(self, nth: int, amount: int | None, free: bool) -> None:
        if (bill := self.bill(nth)) is not None:
            refusal = self.model.credit(bill, amount, free=free)
            assert await refused(self._credit(bill, free, amount=amount)) is refusal

    async def credit_part(self, nth: int, part: int, amount: int, free: bool) -> None:
        if (bill := self.bill(nth)) is not None:
            refusal = self.model.credit_part(bill, part, amount, free=free)
            shares = [Share(amount, instalment=part % len(bill.parts) + 1)]
            assert await refused(self._credit(bill, free, shares=shares)) is refusal

    def _credit(self, bill: Bill, free: bool, **how: Any) -> Awaitable[Any]:
        given = {"invoice_number": bill.number, "reason": "Bourse", "currency": bill.currency, "issued_on": TODAY}
        return credit_invoice(self.session, allocations=RULES[free], **given, **how)

    async def cancel(self, nth: int, free: bool) -> None:
        if (bill := self.bill(nth)) is not None:
            refusal = self.model.cancel(bill, free=free)
            cancelling = cancel_invoice(
                self.session, number=bill.number, reason="Erreur", allocations=RULES[free], now=A_MONDAY_MORNING
            )
            assert await refused(cancelling) is refusal

    async def allocate(self, nth: int, shares: list[tuple[int, int | None, int]]) -> None:
        if (found := await self.payment(nth)) is None or not self.model.bills:
            return
        payment_id, money = found
        named = [(self.model.bills[bill % len(self.model.bills)], part, amount) for bill, part, amount in shares]
        refusal = self.model.allocate(money, named)
        given = [
            Share(amount, bill.number, None if part is None else part % len(bill.parts) + 1)
            for bill, part, amount in named
        ]
        allocating = allocate_payment(self.session, payment_id=payment_id, currency=money.currency, shares=given)
        assert await refused(allocating) is refusal

    async def refund(self, reference: int, nth: int, amount: int | None) -> None:
        if (found := await self.payment(nth)) is None:
            return
        payment_id, money = found
        refusal = self.model.refund(self._named(reference), money, amount)
        refunding = refund_payment(
            self.session,
            payment_id=payment_id,
            provider="wave",
            reference=self._named(reference),
            reason="Trop perçu",
            currency=money.currency,
            refunded_at=A_MONDAY_MORNING,
            amount=amount,
        )
        assert await refused(refunding) is refusal

    async def top_up(self, amount: int) -> None:
        self.model.top_up(amount)
        made = await make_top_up(self.session, self.actor, self.student.matricule, amount)
        assert made.balance == self.model.balance

    async def eat(self, reference: int, price: int, offline: bool) -> None:
        refusal = self.model.eat(self._named(reference), price, offline=offline)
        eating = debit_meal(
            self.session,
            student_id=self.student.id,
            amount=price,
            currency="XOF",
            reference=self._named(reference),
            occurred_at=A_MONDAY_MORNING,
            offline=offline,
        )
        assert await refused(eating) is refusal

    async def debit(self, reference: int, amount: int, forced: bool) -> None:
        refusal = self.model.move("debit", self._named(reference), -amount, may_overdraw=forced)
        debiting = debit_wallet(self.session, amount=amount, forced=forced, **self._line(reference))
        assert await refused(debiting) is refusal

    async def correct(self, reference: int, amount: int) -> None:
        refusal = self.model.move("correction", self._named(reference), amount, may_overdraw=True)
        assert await refused(correct_wallet(self.session, amount=amount, **self._line(reference))) is refusal

    def _line(self, reference: int) -> dict[str, Any]:
        return {
            "matricule": self.student.matricule,
            "currency": "XOF",
            "reference": self._named(reference),
            "reason": "Erreur de caisse",
            "occurred_at": A_MONDAY_MORNING,
        }


async def refused(doing: Awaitable[Any]) -> type[Exception] | None:
    try:
        await doing
    except FinanceError as error:
        return type(error)
    return None


async def check(database: Database, life: Life) -> None:
    model, student = life.model, life.student
    async with database.transaction(Wall.app(life.actor.school_id)) as session:
        status = await financial_status(session, student.matricule, today=TODAY)
        events = [event.type for event in await read_events(session, 0, 1_000)]
    assert status is not None
    assert (status.status, status.since) == ("red" if model.late_since else "green", model.late_since)
    assert sorted(events) == sorted(model.events)
    await check_invoices(database, life)
    await check_sums(database, life)


async def check_invoices(database: Database, life: Life) -> None:
    """paid + left = amount − credited, for each instalment and each invoice."""
    async with database.raw(Wall.app(life.actor.school_id)) as connection:
        ids = [row[0] for row in await connection.fetch("SELECT id FROM invoice ORDER BY number")]
    async with database.transaction(Wall.app(life.actor.school_id)) as session:
        found = await require_invoices(session, ids)
    for bill, invoice in zip(life.model.bills, (found[one] for one in ids), strict=True):
        assert (invoice.number, invoice.status(TODAY)) == (bill.number, life.model.status(bill))
        assert invoice.paid == sum(part.paid for part in bill.parts)
        assert invoice.credited == sum(part.credited for part in bill.parts)
        assert [(one.paid, one.credited, one.owed) for one in invoice.instalments] == [
            (part.paid, part.credited, part.owed) for part in bill.parts
        ]
        if not bill.cancelled:
            assert invoice.paid + invoice.owed == invoice.total - invoice.credited


async def check_sums(database: Database, life: Life) -> None:
    """What the database keeps on a row is the sum of the rows below it, and the model's."""
    model = life.model
    async with database.raw(Wall.app(life.actor.school_id)) as connection:
        astray = await connection.fetchval(
            "SELECT count(*) FROM instalment i WHERE paid <> (SELECT coalesce(sum(amount), 0) FROM allocation a "
            "WHERE a.instalment_id = i.id) OR credited <> (SELECT coalesce(sum(amount), 0) FROM credit_line l "
            "WHERE l.instalment_id = i.id)"
        )
        payments = await connection.fetch(
            "SELECT reference, amount, currency, allocated, refunded, (SELECT coalesce(sum(a.amount), 0)::bigint "
            "FROM allocation a WHERE a.payment_id = p.id), (SELECT coalesce(sum(r.amount), 0)::bigint "
            "FROM refund r WHERE r.payment_id = p.id) FROM payment p"
        )
        held = await connection.fetchrow(
            "SELECT balance, (SELECT coalesce(sum(amount), 0)::bigint FROM wallet_entry e WHERE e.wallet_id = w.id) "
            "FROM wallet w"
        )
    assert astray == 0
    assert {row[0]: tuple(row)[1:] for row in payments} == {
        reference: (money.amount, money.currency, *(model.allocated(money), money.refunded) * 2)
        for reference, money in model.payments.items()
    }
    assert (tuple(held) if held else None) == (None if model.balance is None else (model.balance, model.balance))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=20))
async def test_money_adds_up(database: Database, plan: list[tuple[Any, ...]]) -> None:
    actor = await make_actor(database)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        student = await make_student(session, actor.school_id, enrolled_in=None)
        life = Life(session, actor, student, Model(TODAY))
        for name, *arguments in plan:
            await getattr(life, name)(*arguments)
    await check(database, life)
