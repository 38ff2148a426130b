"""Random lives of a student's money, beside a model small enough to be believed.

Whatever is issued, paid, paid again, put into a wallet and eaten: what the database keeps is what the model counts.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.events.service import read_events
from app.domains.finance.errors import CurrencyMismatch, InsufficientBalance, PaymentConflict, WalletConflict
from app.domains.finance.service import debit_meal, financial_status
from app.domains.students.records import StudentIdentity
from tests.support.clock import A_MONDAY_MORNING
from tests.support.factories.finance import make_invoice, make_payment, make_top_up
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student

TODAY = A_MONDAY_MORNING.date()


@dataclass
class Part:
    """An instalment."""

    due_on: date
    amount: int
    paid: int = 0

    @property
    def left(self) -> int:
        return self.amount - self.paid


@dataclass
class Bill:
    number: str
    kind: str
    currency: str
    parts: list[Part]
    told: bool = False


@dataclass
class Model:
    """What ought to be."""

    bills: list[Bill] = field(default_factory=list)
    payments: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    """reference → (amount, currency, allocated)"""
    balance: int | None = None
    meals: dict[str, int] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)

    def issue(self, bill: Bill) -> None:
        self.bills.append(bill)
        self.events.append("invoice.issued")

    def pay(self, reference: str, amount: int, currency: str, bill: Bill | None) -> type[Exception] | None:
        if bill is not None and bill.currency != currency:
            return CurrencyMismatch
        if reference in self.payments:
            return None if self.payments[reference][:2] == (amount, currency) else PaymentConflict
        self.events.append("payment.recorded")
        open_parts = sorted(
            (part.due_on, one.number, number, part)
            for one in ([bill] if bill else self.bills)
            if one.currency == currency
            for number, part in enumerate(one.parts)
            if part.left
        )
        left = amount
        for *_, part in open_parts:
            share = min(left, part.left)
            part.paid += share
            left -= share
        self.payments[reference] = (amount, currency, amount - left)
        self._tell_paid()
        return None

    def _tell_paid(self) -> None:
        for bill in self.bills:
            if not bill.told and not any(part.left for part in bill.parts):
                bill.told = True
                self.events.append("invoice.paid")

    def top_up(self, amount: int) -> None:
        self.balance = (self.balance or 0) + amount
        self.events.append("wallet.topped_up")

    def eat(self, reference: str, price: int, *, offline: bool) -> type[Exception] | None:
        if reference in self.meals:
            return None if self.meals[reference] == price else WalletConflict
        balance = (self.balance or 0) - price
        if balance < 0 and not offline:
            return InsufficientBalance
        self.balance, self.meals[reference] = balance, price
        if 0 <= balance < price:
            self.events.append("wallet.low")
        return None

    @property
    def late_since(self) -> date | None:
        late = [
            part.due_on
            for bill in self.bills
            for part in bill.parts
            if bill.kind == "tuition" and part.left and part.due_on < TODAY
        ]
        return min(late) + timedelta(days=1) if late else None


amounts = st.integers(1, 500)
currencies = st.sampled_from(["XOF", "XOF", "EUR"])
parts = st.lists(st.tuples(st.integers(-40, 40), amounts), min_size=1, max_size=3)
steps = st.one_of(
    st.tuples(st.just("issue"), st.sampled_from(["tuition", "tuition", "canteen"]), currencies, parts),
    st.tuples(st.just("pay"), st.integers(0, 9), amounts, currencies, st.none() | st.integers(0, 3)),
    st.tuples(st.just("top_up"), amounts),
    st.tuples(st.just("eat"), st.integers(0, 4), st.sampled_from([100, 200]), st.booleans()),
)


@dataclass
class Life:
    """One student, in the database and in the model."""

    session: AsyncSession
    actor: Actor
    student: StudentIdentity
    model: Model = field(default_factory=Model)

    async def issue(self, kind: str, currency: str, parts: list[tuple[int, int]]) -> None:
        number = f"{self.student.matricule}-{len(self.model.bills):03}"
        dues = [(TODAY + timedelta(days=days), amount) for days, amount in parts]
        await make_invoice(self.session, self.student.matricule, *dues, number=number, kind=kind, currency=currency)
        self.model.issue(Bill(number, kind, currency, [Part(*due) for due in dues]))

    async def pay(self, reference: int, amount: int, currency: str, named: int | None) -> None:
        bill = None if named is None or not self.model.bills else self.model.bills[named % len(self.model.bills)]
        name = f"{self.student.matricule}-{reference}"
        refusal = self.model.pay(name, amount, currency, bill)
        paying = make_payment(
            self.session,
            self.actor,
            self.student.matricule,
            amount,
            reference=name,
            currency=currency,
            invoice_number=bill.number if bill else None,
        )
        assert await refused(paying) is refusal

    async def top_up(self, amount: int) -> None:
        self.model.top_up(amount)
        made = await make_top_up(self.session, self.actor, self.student.matricule, amount)
        assert made.balance == self.model.balance

    async def eat(self, reference: int, price: int, offline: bool) -> None:
        name = f"{self.student.matricule}-{reference}"
        refusal = self.model.eat(name, price, offline=offline)
        eating = debit_meal(
            self.session,
            student_id=self.student.id,
            amount=price,
            currency="XOF",
            reference=name,
            occurred_at=A_MONDAY_MORNING,
            offline=offline,
        )
        assert await refused(eating) is refusal


async def refused(doing: Any) -> type[Exception] | None:
    try:
        await doing
    except (CurrencyMismatch, InsufficientBalance, PaymentConflict, WalletConflict) as error:
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
    async with database.raw(Wall.app(life.actor.school_id)) as connection:
        owed = await connection.fetch(
            "SELECT v.number, i.number, i.amount, i.paid, (SELECT coalesce(sum(a.amount), 0)::bigint FROM allocation a "
            "WHERE a.instalment_id = i.id) FROM instalment i JOIN invoice v ON v.id = i.invoice_id "
            "WHERE i.student_id = $1 ORDER BY 1, 2",
            student.id,
        )
        paid = await connection.fetch(
            "SELECT reference, amount, currency, allocated, (SELECT coalesce(sum(a.amount), 0)::bigint "
            "FROM allocation a WHERE a.payment_id = payment.id) FROM payment WHERE student_id = $1",
            student.id,
        )
        held = await connection.fetchrow(
            "SELECT balance, (SELECT coalesce(sum(amount), 0)::bigint FROM wallet_entry e WHERE e.wallet_id = w.id) "
            "FROM wallet w WHERE student_id = $1",
            student.id,
        )
    assert [tuple(row) for row in owed] == [
        (bill.number, number, part.amount, part.paid, part.paid)
        for bill in model.bills
        for number, part in enumerate(bill.parts, start=1)
    ]
    assert {row[0]: (row[1], row[2], row[3]) for row in paid} == model.payments
    assert all(row[3] == row[4] for row in paid)
    assert (tuple(held) if held else None) == (None if model.balance is None else (model.balance, model.balance))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=14))
async def test_money_adds_up(database: Database, plan: list[tuple[Any, ...]]) -> None:
    actor = await make_actor(database)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        student = await make_student(session, actor.school_id, enrolled_in=None)
        life = Life(session, actor, student)
        for name, *arguments in plan:
            await getattr(life, name)(*arguments)
    await check(database, life)
