"""Random lives of a school's books: whatever is invoiced, paid, typed in, reversed and closed, they add up.

Every entry balances, the trial balance is zero, numbers have no gap; the receivable account says of a student what the
invoices say, and the wallet account what the wallet holds.
"""

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.errors import SkoolyError
from app.domains.finance.journal_records import DraftLine
from app.domains.finance.records import Due
from app.domains.finance.service import (
    cancel_invoice,
    choose_chart,
    close_period,
    correct_wallet,
    credit_invoice,
    debit_wallet,
    delete_entry,
    issue_invoice,
    open_fiscal_year,
    post_draft,
    record_payment,
    refund_payment,
    reopen_period,
    reverse_entry,
    top_up_wallet,
    trial_balance,
    validate_draft,
)
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student

NOW = datetime(2025, 1, 13, 9, tzinfo=UTC)
MONTHS = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]

amounts = st.integers(1, 400)
currencies = st.sampled_from(["XOF", "XOF", "EUR"])
nth = st.integers(0, 5)
days = st.dates(date(2024, 1, 1), date(2025, 12, 31))
steps = st.one_of(
    st.tuples(st.just("issue"), currencies, st.sampled_from(["tuition", "canteen", "other"]), amounts, days),
    st.tuples(st.just("pay"), currencies, st.sampled_from(["wave", "bank", "cash"]), amounts, days),
    st.tuples(st.just("credit"), nth, amounts, days),
    st.tuples(st.just("cancel"), nth),
    st.tuples(st.just("refund"), nth, amounts, days),
    st.tuples(st.just("top_up"), amounts, days),
    st.tuples(st.just("debit"), amounts, days),
    st.tuples(st.just("correct"), st.integers(-200, 200).filter(bool), days),
    st.tuples(st.just("draft"), currencies, amounts, days),
    st.tuples(st.just("validate"), nth),
    st.tuples(st.just("delete"), nth),
    st.tuples(st.just("reverse"), nth, days),
    st.tuples(st.just("close")),
    st.tuples(st.just("reopen")),
)


class Books:
    """A school, one student, and what has been made so far."""

    def __init__(self, database: Database, actor: Actor, student_id: UUID) -> None:
        self.database, self.actor, self.student_id = database, actor, student_id
        self.made: dict[str, list[tuple[Any, str]]] = defaultdict(list)
        self.closed = 0

    async def run(self, name: str, *arguments: Any) -> None:
        """Each step in a transaction of its own; a refusal, which undoes it whole, is as good an answer."""
        try:
            async with self.database.transaction(Wall.app(self.actor.school_id)) as session:
                await getattr(self, name)(session, *arguments)
        except SkoolyError:
            pass

    def pick(self, kind: str, number: int) -> tuple[Any, str]:
        """One of what was made; something that does not exist where nothing was."""
        made = self.made[kind] or [(uuid4() if kind != "invoice" else "NONE", "XOF")]
        return made[number % len(made)]

    async def issue(self, session: AsyncSession, currency: str, kind: str, amount: int, day: date) -> None:
        values = {"kind": kind, "label": "Frais", "currency": currency, "issued_on": day}
        made = await issue_invoice(session, matricule="ONE", instalments=[Due(day, amount)], **values)
        self.made["invoice"].append((made.number, currency))

    async def pay(self, session: AsyncSession, currency: str, provider: str, amount: int, day: date) -> None:
        values = {"provider": provider, "reference": uuid4().hex, "amount": amount, "currency": currency}
        made = await record_payment(session, self.actor, matricule="ONE", received_at=noon(day), **values)
        self.made["payment"].append((made.id, currency))

    async def credit(self, session: AsyncSession, number: int, amount: int, day: date) -> None:
        invoice, currency = self.pick("invoice", number)
        values = {"reason": "Bourse", "issued_on": day, "currency": currency, "amount": amount}
        await credit_invoice(session, invoice_number=invoice, allocations="free", **values)

    async def cancel(self, session: AsyncSession, number: int) -> None:
        await cancel_invoice(
            session, number=self.pick("invoice", number)[0], reason="Erreur", allocations="free", now=NOW
        )

    async def refund(self, session: AsyncSession, number: int, amount: int, day: date) -> None:
        payment, currency = self.pick("payment", number)
        values = {"provider": "bank", "reference": uuid4().hex, "reason": "Départ", "currency": currency}
        await refund_payment(session, payment_id=payment, refunded_at=noon(day), amount=amount, **values)

    async def top_up(self, session: AsyncSession, amount: int, day: date) -> None:
        values = {"amount": amount, "currency": "XOF", "reference": uuid4().hex, "occurred_at": noon(day)}
        await top_up_wallet(session, self.actor, matricule="ONE", **values)

    async def debit(self, session: AsyncSession, amount: int, day: date) -> None:
        values = {"amount": amount, "currency": "XOF", "reference": uuid4().hex, "occurred_at": noon(day)}
        await debit_wallet(session, matricule="ONE", **values)

    async def correct(self, session: AsyncSession, amount: int, day: date) -> None:
        values = {"amount": amount, "currency": "XOF", "reference": uuid4().hex, "occurred_at": noon(day)}
        await correct_wallet(session, matricule="ONE", reason="Erreur", **values)

    async def draft(self, session: AsyncSession, currency: str, amount: int, day: date) -> None:
        lines = [DraftLine("6588", debit=amount), DraftLine("521", credit=amount)]
        values = {"piece_ref": "OD", "piece_date": day, "label": "OD", "currency": currency}
        made = await post_draft(session, journal_code="OD", entry_date=day, lines=lines, **values)
        self.made["entry"].append((made.id, currency))

    async def validate(self, session: AsyncSession, number: int) -> None:
        await validate_draft(session, self.pick("entry", number)[0], now=NOW)

    async def delete(self, session: AsyncSession, number: int) -> None:
        await delete_entry(session, self.pick("entry", number)[0])

    async def reverse(self, session: AsyncSession, number: int, day: date) -> None:
        await reverse_entry(session, self.pick("entry", number)[0], entry_date=day, now=NOW)

    async def close(self, session: AsyncSession) -> None:
        await close_period(session, MONTHS[self.closed], now=NOW)
        self.closed += 1

    async def reopen(self, session: AsyncSession) -> None:
        await reopen_period(session, MONTHS[max(self.closed - 1, 0)], reason="Oubli")
        self.closed -= 1


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


BALANCED = """
SELECT count(*) FROM (SELECT e.id FROM journal_entry e LEFT JOIN journal_line l ON l.entry_id = e.id
    GROUP BY e.id HAVING count(l.line_no) < 2 OR sum(l.debit) <> sum(l.credit)) odd
"""
NUMBERS = """
SELECT count(*) FROM (SELECT count(*) AS entries, max(number) AS last FROM journal_entry
    WHERE status = 'validated' GROUP BY journal_id, fiscal_year_id) of_one WHERE entries <> last
"""
RECEIVABLE = """
SELECT e.currency, sum(l.debit - l.credit)::bigint FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id
WHERE l.account = $1 AND l.aux_account = 'ONE' AND e.status = 'validated' GROUP BY e.currency
"""
OWED = """
SELECT currency, sum(amount)::bigint FROM (
    SELECT currency, total - credited AS amount FROM invoice WHERE cancelled_at IS NULL
    UNION ALL SELECT currency, refunded - amount FROM payment) said GROUP BY currency
"""


async def check(books: Books) -> None:
    wall = Wall.app(books.actor.school_id)
    async with books.database.raw(wall) as connection:
        assert await connection.fetchval(BALANCED) == 0
        assert await connection.fetchval(NUMBERS) == 0
        assert await connection.fetchval("SELECT count(*) FROM waiting_fact") == 0
        receivable = {row[0]: row[1] for row in await connection.fetch(RECEIVABLE, "4111") if row[1]}
        assert receivable == {row[0]: row[1] for row in await connection.fetch(OWED) if row[1]}
        wallet = {row[0]: -row[1] for row in await connection.fetch(RECEIVABLE, "4191") if row[1]}
        held = await connection.fetch("SELECT currency, balance FROM wallet WHERE balance <> 0")
        assert wallet == {row[0]: row[1] for row in held}
    async with books.database.transaction(wall) as session:
        for month in ("2024-12", "2025-12"):
            closings: dict[str, int] = defaultdict(int)
            for line in await trial_balance(session, month):
                closings[line.currency] += line.closing
            assert not any(closings.values())


DAY = date(2024, 11, 5)
A_FULL_LIFE: list[tuple[Any, ...]] = [
    ("issue", "XOF", "tuition", 300, DAY),
    ("issue", "EUR", "other", 200, DAY),
    ("issue", "XOF", "canteen", 50, DAY),
    ("pay", "XOF", "wave", 320, DAY),
    ("credit", 0, 40, DAY),
    ("cancel", 2),
    ("refund", 0, 60, DAY),
    ("top_up", 400, DAY),
    ("debit", 150, DAY),
    ("correct", -30, DAY),
    *[("draft", "XOF", 70, DAY)] * 3,
    ("delete", 0),
    ("validate", 1),
    ("reverse", 1, DAY),
    ("validate", 2),
    *[("close",)] * 11,
    ("pay", "EUR", "bank", 90, DAY),
    ("reopen",),
]


async def test_a_full_life_is_what_it_seems(database: Database) -> None:
    """The control: these steps are not refused, and what they make is in the books."""
    books = await begin(database)
    for name, *arguments in A_FULL_LIFE:
        await books.run(name, *arguments)
    await check(books)
    async with database.raw(Wall.app(books.actor.school_id)) as connection:
        entries = await connection.fetch(
            "SELECT coalesce(source_type, 'none'), count(*) FROM journal_entry WHERE status = 'validated' GROUP BY 1"
        )
        moved = await connection.fetchval(
            "SELECT entry_date::text FROM journal_entry WHERE currency = 'EUR' AND source_type = 'payment'"
        )
        open_until = await connection.fetchval("SELECT max(code) FROM fiscal_period WHERE closed_at IS NOT NULL")
    assert dict(map(tuple, entries)) == {
        "invoice": 3,
        "payment": 2,
        "credit_note": 1,
        "cancellation": 1,
        "refund": 1,
        "top_up": 1,
        "wallet_debit": 1,
        "wallet_correction": 1,
        "none": 3,
    }
    assert (moved, open_until) == ("2024-12-01", "2024-10")


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=24))
async def test_books_add_up(database: Database, plan: list[tuple[Any, ...]]) -> None:
    books = await begin(database)
    for name, *arguments in plan:
        await books.run(name, *arguments)
    await check(books)


async def begin(database: Database) -> Books:
    """A school with a chart, the years 2024 and 2025, and a student."""
    actor = await make_actor(database)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        student = await make_student(session, actor.school_id, matricule="ONE", enrolled_in=None)
        await choose_chart(session, "syscohada")
        for year in (2024, 2025):
            await open_fiscal_year(session, code=f"{year}", starts_on=date(year, 1, 1), ends_on=date(year, 12, 31))
    return Books(database, actor, student.id)
