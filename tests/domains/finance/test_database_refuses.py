"""What no code can do to money and books: the database says no to the application's own role."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from app.core.actor import Actor
from app.core.database import Database, RawConnection, Wall
from app.domains.finance.journal_records import PostedEntry
from app.domains.finance.records import IssuedInvoice, PaymentRecord
from tests.support.factories.finance import make_books, make_draft, make_entry, make_invoice, make_payment, make_top_up
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student

IMMUTABLE = "journal_entry_immutable"
BALANCED = "journal_entry_balanced"
ONE_SIDE = "ck_journal_line_one_side"
FORBIDDEN = None
"""No constraint is needed: the role has no such right."""


@dataclass(frozen=True)
class Books:
    """A school with a validated entry, a draft, an unpaid invoice, a payment without use and a wallet."""

    actor: Actor
    entry: PostedEntry
    draft: PostedEntry
    invoice: IssuedInvoice
    payment: PaymentRecord


@pytest.fixture
async def books(database: Database) -> Books:
    actor = await make_actor(database)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        student = await make_student(session, actor.school_id, matricule="ONE")
        await make_student(session, actor.school_id, matricule="TWO")
        await make_books(session)
        payment = await make_payment(session, actor, student.matricule, 100)
        invoice = await make_invoice(session, student.matricule, (date(2025, 1, 5), 150))
        await make_top_up(session, actor, student.matricule, 500)
        return Books(actor, await make_entry(session), await make_draft(session), invoice, payment)


async def refused(database: Database, books: Books, constraint: str | None, *statements: str) -> None:
    """The transaction of `statements` fails, at the latest when it commits, by that constraint or for lack of a right.

    `$1` of a statement is the validated entry, `$2` the draft.
    """
    with pytest.raises((asyncpg.CheckViolationError, asyncpg.InsufficientPrivilegeError)) as refusal:
        async with database.raw(Wall.app(books.actor.school_id)) as connection:
            for statement in statements:
                await run(connection, statement, [books.entry.id, books.draft.id])
    assert getattr(refusal.value, "constraint_name", None) == constraint
    if constraint is FORBIDDEN:
        assert isinstance(refusal.value, asyncpg.InsufficientPrivilegeError)


async def run(connection: RawConnection, statement: str, entries: Sequence[UUID]) -> None:
    for number, entry in enumerate(entries, start=1):
        statement = statement.replace(f"${number}", f"'{entry}'::uuid")
    await connection.execute(statement)


def lines(entry: str, *sides: tuple[int, int]) -> str:
    """Lines 3, 4 … of an entry, which has two already."""
    values = ", ".join(
        f"(current_setting('app.school')::uuid, {entry}, {number}, '1', 'Un', 'Un', {debit}, {credit})"
        for number, (debit, credit) in enumerate(sides, start=3)
    )
    return (
        "INSERT INTO journal_line (school_id, entry_id, line_no, account, account_label, label, debit, credit) "
        f"VALUES {values}"
    )


def entry(columns: str = "'draft', NULL::timestamptz", *, entry_date: str = "entry_date") -> str:
    """Another entry like the draft."""
    return (
        "INSERT INTO journal_entry (school_id, journal_id, fiscal_year_id, period_id, number, entry_date, piece_ref, "
        "piece_date, label, currency, status, validated_at) SELECT school_id, journal_id, fiscal_year_id, period_id, "
        f"99, {entry_date}, piece_ref, piece_date, label, currency, {columns} FROM journal_entry WHERE id = $2"
    )


VALIDATE = "UPDATE journal_entry SET status = 'validated', validated_at = now() WHERE id = $2"
CLOSE = "UPDATE fiscal_period SET closed_at = now() WHERE code {codes}"
CLOSE_ALL = CLOSE.format(codes="<= '2024-12'")
OPEN = "UPDATE fiscal_period SET closed_at = NULL WHERE code = '{code}'"
CLOSE_YEAR = "UPDATE fiscal_year SET closed_at = now()"
ALLOCATE = (
    "INSERT INTO allocation (school_id, payment_id, instalment_id, amount) "
    "SELECT p.school_id, p.id, i.id, {amount} FROM payment p, instalment i"
)
CREDIT = (
    "INSERT INTO credit_note (school_id, number, invoice_id, amount, reason, issued_on) "
    "SELECT school_id, 'A-1', id, {amount}, 'Bourse', '2025-01-13' FROM invoice"
)
CREDIT_LINE = (
    "INSERT INTO credit_line (school_id, credit_note_id, instalment_id, amount) "
    "SELECT i.school_id, n.id, i.id, {amount} FROM credit_note n, instalment i"
)
REFUND = (
    "INSERT INTO refund (school_id, payment_id, provider, reference, amount, reason, refunded_at) "
    "SELECT school_id, id, 'wave', 'R-1', {amount}, 'Erreur', now() FROM payment"
)
LEDGER = (
    "INSERT INTO wallet_entry (school_id, wallet_id, kind, amount, reference, reason, forced) "
    "SELECT school_id, id, '{kind}', {amount}, 'W-1', {reason}, {forced} FROM wallet"
)


@pytest.mark.parametrize(
    ("constraint", "statements"),
    [
        (BALANCED, [lines("$2", (5, 0))]),
        (BALANCED, [lines("$2", (5, 0), (0, 6))]),
        (BALANCED, [entry()]),
        (BALANCED, ["DELETE FROM journal_line WHERE entry_id = $2"]),
        (BALANCED, ["DELETE FROM journal_line WHERE entry_id = $2 AND line_no = 1"]),
        (ONE_SIDE, [lines("$2", (5, 5))]),
        (ONE_SIDE, [lines("$2", (0, 0), (5, 0), (0, 5))]),
        (ONE_SIDE, [lines("$2", (-5, 0), (0, -5))]),
        (IMMUTABLE, [lines("$1", (5, 0), (0, 5))]),
        (IMMUTABLE, ["DELETE FROM journal_line WHERE entry_id = $1"]),
        (FORBIDDEN, ["UPDATE journal_line SET debit = debit + 1 WHERE entry_id = $1 AND debit > 0"]),
        (FORBIDDEN, ["UPDATE journal_line SET entry_id = $1 WHERE entry_id = $2"]),
        (IMMUTABLE, ["UPDATE journal_entry SET label = 'Autre' WHERE id = $1"]),
        (IMMUTABLE, ["UPDATE journal_entry SET status = 'draft', validated_at = NULL WHERE id = $1"]),
        (IMMUTABLE, ["DELETE FROM journal_entry WHERE id = $1"]),
        ("journal_entry_starts_as_draft", [entry("'validated', now()")]),
        ("journal_entry_open_period", [entry(entry_date="date '2024-11-30'")]),
        ("journal_entry_open_period", [VALIDATE, CLOSE_ALL, entry()]),
        ("ck_journal_entry_numbered", ["UPDATE journal_entry SET number = NULL WHERE id = $2", VALIDATE]),
        ("journal_entry_gapless", [entry(), "DELETE FROM journal_entry WHERE id = $2"]),
        ("journal_entry_gapless", [entry(), "UPDATE journal_entry SET number = 100 WHERE id = $2"]),
        ("fiscal_period_drafts", [CLOSE_ALL]),
        ("fiscal_period_in_order", [CLOSE.format(codes="= '2024-11'")]),
        ("fiscal_period_in_order", [CLOSE.format(codes="<= '2024-11'"), OPEN.format(code="2024-10")]),
        ("fiscal_year_periods_closed", [CLOSE_YEAR]),
        ("fiscal_period_year_open", [VALIDATE, CLOSE_ALL, CLOSE_YEAR, OPEN.format(code="2024-12")]),
        (
            "fiscal_year_overlap",
            [
                "INSERT INTO fiscal_year (school_id, code, starts_on, ends_on) "
                "VALUES (current_setting('app.school')::uuid, 'X', '2024-12-31', '2025-12-30')"
            ],
        ),
        ("ck_journal_entry_validated_at", ["UPDATE journal_entry SET validated_at = now() WHERE id = $2"]),
    ],
)
async def test_books(database: Database, books: Books, constraint: str | None, statements: list[str]) -> None:
    await refused(database, books, constraint, *statements)


@pytest.mark.parametrize(
    ("constraint", "statements"),
    [
        ("ck_payment_allocated", [ALLOCATE.format(amount=101)]),
        ("ck_allocation_amount", [ALLOCATE.format(amount=0)]),
        ("ck_allocation_amount", [ALLOCATE.format(amount=-1)]),
        (FORBIDDEN, ["UPDATE instalment SET paid = amount"]),
        (FORBIDDEN, ["UPDATE instalment SET paid = -1"]),
        (FORBIDDEN, ["UPDATE instalment SET amount = 1"]),
        (FORBIDDEN, ["UPDATE invoice SET total = 1"]),
        (FORBIDDEN, ["UPDATE payment SET allocated = 0"]),
        (FORBIDDEN, ["UPDATE allocation SET amount = 1"]),
        (FORBIDDEN, ["UPDATE wallet SET balance = 1000000"]),
        ("credit_note_adds_up", [CREDIT.format(amount=10)]),
        ("credit_note_adds_up", [CREDIT.format(amount=10), CREDIT_LINE.format(amount=9)]),
        ("ck_instalment_paid", [CREDIT.format(amount=151), CREDIT_LINE.format(amount=151)]),
        ("ck_instalment_paid", [CREDIT.format(amount=60), CREDIT_LINE.format(amount=60), ALLOCATE.format(amount=100)]),
        ("ck_instalment_cancelled", [ALLOCATE.format(amount=1), "UPDATE invoice SET cancelled_at = now()"]),
        ("ck_instalment_cancelled", ["UPDATE invoice SET cancelled_at = now()", ALLOCATE.format(amount=1)]),
        ("ck_payment_allocated", [REFUND.format(amount=101)]),
        ("ck_payment_allocated", [REFUND.format(amount=1), ALLOCATE.format(amount=100)]),
        ("ck_refund_amount", [REFUND.format(amount=0)]),
        ("wallet_entry_overdraws", [LEDGER.format(kind="debit", amount=-501, reason="NULL", forced=False)]),
        ("ck_wallet_entry_reason", [LEDGER.format(kind="debit", amount=-501, reason="NULL", forced=True)]),
        ("ck_wallet_entry_reason", [LEDGER.format(kind="correction", amount=1, reason="NULL", forced=False)]),
        ("ck_wallet_entry_forced", [LEDGER.format(kind="correction", amount=1, reason="'x'", forced=True)]),
        ("ck_wallet_entry_sign", [LEDGER.format(kind="debit", amount=1, reason="NULL", forced=False)]),
        ("ck_wallet_entry_sign", [LEDGER.format(kind="top_up", amount=-1, reason="NULL", forced=False)]),
        (FORBIDDEN, ["UPDATE instalment SET credited = 1"]),
        (FORBIDDEN, ["UPDATE invoice SET next_due_on = NULL"]),
        (FORBIDDEN, ["UPDATE payment SET refunded = 0"]),
        (FORBIDDEN, ["UPDATE credit_note SET amount = 1"]),
        (FORBIDDEN, ["DELETE FROM credit_line"]),
        (FORBIDDEN, ["DELETE FROM refund"]),
        (FORBIDDEN, ["UPDATE fee_part SET amount = 1"]),
        (FORBIDDEN, ["UPDATE wallet_entry SET amount = 1"]),
        (FORBIDDEN, ["DELETE FROM wallet_entry"]),
        (FORBIDDEN, ["DELETE FROM payment"]),
        (FORBIDDEN, ["DELETE FROM invoice"]),
        (FORBIDDEN, ["TRUNCATE journal_line"]),
    ],
)
async def test_money(database: Database, books: Books, constraint: str | None, statements: list[str]) -> None:
    await refused(database, books, constraint, *statements)


async def test_an_instalment_is_not_paid_twice(database: Database, books: Books) -> None:
    async with database.transaction(Wall.app(books.actor.school_id)) as session:
        await make_payment(session, books.actor, "ONE", 100)
    await refused(
        database, books, "ck_instalment_paid", ALLOCATE.format(amount=100) + " WHERE p.allocated = 0 AND i.paid > 0"
    )


@pytest.mark.parametrize(("matricule", "currency"), [("TWO", "XOF"), ("ONE", "EUR")])
async def test_a_payment_settles_its_own_student_in_its_currency(
    database: Database, books: Books, matricule: str, currency: str
) -> None:
    async with database.transaction(Wall.app(books.actor.school_id)) as session:
        await make_invoice(session, matricule, (date(2025, 1, 5), 10), number="OTHER", currency=currency)
    await refused(
        database,
        books,
        "allocation_same_student_and_currency",
        ALLOCATE.format(amount=10) + " JOIN invoice v ON v.id = i.invoice_id WHERE v.number = 'OTHER'",
    )


async def test_taking_an_allocation_back_frees_both_sides(database: Database, books: Books) -> None:
    async with database.raw(Wall.app(books.actor.school_id)) as connection:
        await connection.execute(ALLOCATE.format(amount=60))
        sums = "SELECT (SELECT sum(paid)::int FROM instalment), (SELECT sum(allocated)::int FROM payment)"
        assert tuple(await connection.fetchrow(sums)) == (60, 60)
        await connection.execute("DELETE FROM allocation")
        assert tuple(await connection.fetchrow(sums)) == (0, 0)


async def test_a_credit_takes_from_its_own_invoice(database: Database, books: Books) -> None:
    async with database.transaction(Wall.app(books.actor.school_id)) as session:
        other = await make_invoice(session, "ONE", (date(2025, 1, 5), 10))
    await refused(
        database,
        books,
        "credit_line_same_invoice",
        CREDIT.format(amount=5) + f" WHERE id <> '{other.id}'",
        CREDIT_LINE.format(amount=5) + f" WHERE i.invoice_id = '{other.id}'",
    )


async def test_an_invoice_keeps_the_sums_of_its_instalments(database: Database, books: Books) -> None:
    sums = "SELECT paid, credited, next_due_on, (SELECT owed FROM instalment) FROM invoice"
    due_on = date(2025, 1, 5)
    async with database.raw(Wall.app(books.actor.school_id)) as connection:
        assert tuple(await connection.fetchrow(sums)) == (0, 0, due_on, 150)
        await connection.execute(ALLOCATE.format(amount=90))
        assert tuple(await connection.fetchrow(sums)) == (90, 0, due_on, 60)
        await connection.execute(CREDIT.format(amount=60))
        await connection.execute(CREDIT_LINE.format(amount=60))
        assert tuple(await connection.fetchrow(sums)) == (90, 60, None, 0)
        await connection.execute("DELETE FROM allocation")
        assert tuple(await connection.fetchrow(sums)) == (0, 60, due_on, 90)
        await connection.execute("UPDATE invoice SET cancelled_at = now()")
        assert tuple(await connection.fetchrow(sums)) == (0, 60, None, 0)
