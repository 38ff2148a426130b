"""The demo school as a whole: its size, its events, and that it is made once and always alike."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.database import Database
from app.demo import fill
from app.demo.filling import CODE, draw
from app.domains.partners.service import create_school
from app.domains.students.tables import Student
from tests.demo.conftest import Filled
from tests.support.clock import FixedClock
from tests.support.published import faults


async def ask(filled: Filled, sql: str) -> Any:
    async with filled.database.raw(filled.wall) as connection:
        return await connection.fetchval(sql)


@pytest.mark.parametrize(
    ("table", "count"),
    [
        *[("student", 1_200), ("school_class", 40), ("school_year", 3), ("programme", 5), ("zone", 8), ("journal", 4)],
        *[("fee_schedule", 5), ("fee_part", 15), ("credit_note", 4), ("refund", 3)],
    ],
)
async def test_its_size(filled: Filled, table: str, count: int) -> None:
    assert await ask(filled, f"SELECT count(*) FROM {table}") == count


@pytest.mark.parametrize(
    ("what", "sql"),
    [
        ("two currencies", "SELECT count(DISTINCT currency) = 2 FROM invoice"),
        ("every way to pay", "SELECT count(DISTINCT provider) = 5 FROM payment"),
        ("three instalments an invoice", "SELECT 3 * (SELECT count(*) FROM invoice) = count(*) FROM instalment"),
        (
            "instalments add up to invoices",
            "SELECT bool_and(total = (SELECT sum(amount) FROM instalment p WHERE p.invoice_id = i.id)) FROM invoice i",
        ),
        ("payments are settled whole or given back", "SELECT bool_and(allocated + refunded = amount) FROM payment"),
        ("credits leave something to pay", "SELECT bool_and(paid + credited < total) FROM invoice WHERE credited > 0"),
        (
            "the current year is billed by its schedules",
            "SELECT bool_and((fee_schedule_id IS NULL) = (issued_on < '2024-09-01')) FROM invoice",
        ),
        (
            "invoices have the total of their schedule",
            "SELECT bool_and(total = (SELECT sum(amount) FROM fee_part p WHERE p.fee_schedule_id = i.fee_schedule_id))"
            " FROM invoice i WHERE fee_schedule_id IS NOT NULL",
        ),
        ("wallets put right", "SELECT count(*) = 6 FROM wallet_entry WHERE kind IN ('debit', 'correction')"),
        ("nobody's wallet is below zero", "SELECT min(balance) = 0 FROM wallet"),
        ("every meal was paid", "SELECT count(*) = (SELECT count(*) FROM meal) FROM wallet_entry WHERE kind = 'meal'"),
        ("absences", "SELECT count(*) > 100 FROM absence"),
        ("every status", "SELECT count(DISTINCT status) = 4 FROM student"),
        ("no draft in the books", "SELECT bool_and(status = 'validated') FROM journal_entry"),
        (
            "one active badge a student at most",
            "SELECT count(*) = count(DISTINCT student_id) FROM badge WHERE revoked_at IS NULL",
        ),
    ],
)
async def test_what_holds(filled: Filled, what: str, sql: str) -> None:
    assert await ask(filled, sql), what


@pytest.mark.parametrize(
    ("topic", "sql"),
    [
        ("student.created", "student"),
        ("student.graduated", "student WHERE status = 'graduated'"),
        ("badge.assigned", "badge"),
        ("badge.revoked", "badge WHERE revoked_at IS NOT NULL"),
        ("invoice.issued", "invoice"),
        ("payment.recorded", "payment"),
        ("invoice.credited", "invoice WHERE credited > 0"),
        ("payment.refunded", "refund"),
        ("wallet.topped_up", "wallet"),
        ("wallet.corrected", "wallet_entry WHERE kind = 'correction'"),
        ("wallet.debited", "wallet_entry WHERE kind = 'debit'"),
        ("absence.recorded", "absence"),
        (
            "invoice.paid",
            "invoice i WHERE NOT EXISTS (SELECT FROM instalment p WHERE p.invoice_id = i.id AND p.paid < p.amount)",
        ),
        ("wallet.low", "wallet WHERE balance < 1000"),
    ],
)
async def test_facts_have_their_events(filled: Filled, topic: str, sql: str) -> None:
    told = await ask(filled, f"SELECT count(*) FROM event WHERE type = '{topic}'")
    assert told == await ask(filled, f"SELECT count(*) FROM {sql}") > 0


async def test_the_log_has_no_gap_and_follows_time(filled: Filled) -> None:
    assert await ask(filled, "SELECT count(*) = max(position) AND min(position) = 1 FROM event")
    assert await ask(
        filled,
        "SELECT bool_and(later) FROM (SELECT occurred_at >= lag(occurred_at, 1, occurred_at) OVER (ORDER BY position)"
        " AS later FROM event) events",
    )
    assert await ask(filled, "SELECT max(occurred_at) < '2025-01-13T09:00:00Z' FROM event")


async def test_an_announcement_that_came_twice_is_one_payment(filled: Filled) -> None:
    assert (
        await ask(
            filled,
            "SELECT count(*) FROM payment p JOIN student s ON s.id = p.student_id"
            " WHERE s.matricule = '2024/INF/0123' AND p.received_at > '2024-09-01'",
        )
        == 2
    )


async def test_progress_ends_at_the_total(filled: Filled) -> None:
    done, totals = zip(*filled.told, strict=True)
    assert list(done) == sorted(done)
    assert set(totals) == {done[-1]}


async def test_a_second_start_fills_nothing(filled: Filled) -> None:
    before = await ask(filled, "SELECT max(position) FROM event")
    again = await fill(filled.database, FixedClock(datetime(2026, 3, 1, tzinfo=UTC)))
    assert (again.filled, again.school.id) == (False, filled.demo.school.id)
    assert await ask(filled, "SELECT max(position) FROM event") == before


async def test_two_starts_at_once_fill_one(fresh_database: Database, clock: FixedClock) -> None:
    first, second = await asyncio.gather(fill(fresh_database, clock), fill(fresh_database, clock))
    assert sorted([first.filled, second.filled]) == [False, True]


async def test_an_empty_school_is_filled_on_a_leap_day(fresh_database: Database) -> None:
    await create_school(fresh_database, code=CODE, name="Vide", timezone="Africa/Dakar", currency="XOF")
    assert (await fill(fresh_database, FixedClock(datetime(2028, 2, 29, 23, 59, tzinfo=UTC)))).filled


def people(now: datetime) -> list[tuple[str, str, str]]:
    rows = draw(FixedClock(now)).rows[Student]
    return [(row["first_name"], row["last_name"], row["status"]) for row in rows]


def test_the_same_day_gives_the_same_school_and_every_day_the_same_people(clock: FixedClock) -> None:
    once, again = draw(clock), draw(clock)
    assert (once.rows, once.events) == (again.rows, again.events)
    assert people(datetime(2031, 8, 15, tzinfo=UTC)) == people(clock.now())


def test_its_events_tell_what_is_published(clock: FixedClock) -> None:
    assert [(told.topic, fault) for told in draw(clock).events for fault in faults(told.topic, told.facts)] == []
