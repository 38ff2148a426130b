"""What is invoiced, paid and put into wallets is in the books once committed: one entry, in an open period."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.events.service import read_events
from app.domains.finance.service import (
    change_account_map,
    choose_chart,
    create_account,
    open_fiscal_year,
    post_waiting_everywhere,
    record_payment,
    top_up_wallet,
)
from app.domains.students.records import StudentIdentity
from tests.support.factories.finance import make_invoice, make_payment
from tests.support.factories.partners import make_actor, make_school
from tests.support.factories.students import make_student

LINES = """
SELECT j.code, e.number, e.entry_date::text, e.piece_date::text, l.account, coalesce(l.aux_account, ''), l.debit,
    l.credit
FROM journal_entry e JOIN journal j ON j.id = e.journal_id JOIN journal_line l ON l.entry_id = e.id
WHERE e.status = 'validated' ORDER BY e.id, l.line_no
"""
SEEN = datetime(2025, 1, 13, 9, tzinfo=UTC)


@pytest.fixture
async def core(database: Database) -> Actor:
    """A school with a chart and the calendar years 2024 and 2025."""
    actor = await make_actor(database)
    await open_books(database, actor)
    return actor


async def open_books(database: Database, actor: Actor, chart: str = "syscohada") -> None:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await choose_chart(session, chart)
        for year in (2024, 2025):
            await open_fiscal_year(session, code=f"{year}", starts_on=date(year, 1, 1), ends_on=date(year, 12, 31))


@pytest.fixture
async def student(database: Database, core: Actor) -> StudentIdentity:
    return await enrol(database, core)


async def enrol(database: Database, actor: Actor) -> StudentIdentity:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        return await make_student(session, actor.school_id, matricule="ONE")


async def lines(database: Database, actor: Actor) -> list[tuple[Any, ...]]:
    async with database.raw(Wall.app(actor.school_id)) as connection:
        return [tuple(row) for row in await connection.fetch(LINES)]


async def count(database: Database, actor: Actor, table: str) -> int:
    async with database.raw(Wall.app(actor.school_id)) as connection:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))


async def test_an_invoice_is_owed_by_instalments_and_earned_by_kind(
    database: Database, core: Actor, student: StudentIdentity
) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await make_invoice(session, "ONE", (date(2024, 11, 5), 60), (date(2024, 12, 5), 40), number="F-1")
        await make_invoice(session, "ONE", (date(2024, 11, 5), 10_50), number="F-2", kind="canteen", currency="EUR")
    assert await lines(database, core) == [
        ("VT", 1, "2024-10-01", "2024-10-01", "4111", "ONE", 60, 0),
        ("VT", 1, "2024-10-01", "2024-10-01", "4111", "ONE", 40, 0),
        ("VT", 1, "2024-10-01", "2024-10-01", "7061", "", 0, 100),
        ("VT", 2, "2024-10-01", "2024-10-01", "4111", "ONE", 1050, 0),
        ("VT", 2, "2024-10-01", "2024-10-01", "7078", "", 0, 1050),
    ]
    async with database.raw(Wall.app(core.school_id)) as connection:
        told = await connection.fetch("SELECT source_type, piece_ref, currency FROM journal_entry ORDER BY number")
        dues = await connection.fetch(
            "SELECT due_date::text FROM journal_line WHERE debit < 100 AND debit > 0 ORDER BY 1"
        )
    assert [tuple(row) for row in told] == [
        ("invoice", "F-1", "XOF"),
        ("invoice", "F-2", "EUR"),
    ]
    assert [row[0] for row in dues] == ["2024-11-05", "2024-12-05"]


@pytest.mark.parametrize(
    ("provider", "journal", "account"),
    [("wave", "MM", "552"), ("mtn", "MM", "552"), ("bank", "BQ", "521"), ("cash", "CA", "571")],
)
async def test_money_goes_where_its_provider_says(
    database: Database, core: Actor, student: StudentIdentity, provider: str, journal: str, account: str
) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await pay(session, core, provider=provider)
    assert await lines(database, core) == [
        (journal, 1, "2025-01-13", "2025-01-13", account, "", 500, 0),
        (journal, 1, "2025-01-13", "2025-01-13", "4111", "ONE", 0, 500),
    ]


async def pay(session: Any, actor: Actor, **others: Any) -> Any:
    values = {"provider": "wave", "reference": "R-1", "amount": 500, "currency": "XOF", "received_at": SEEN, **others}
    return await record_payment(session, actor, matricule="ONE", **values)


async def test_a_top_up_is_a_debt_and_never_revenue(database: Database, core: Actor, student: StudentIdentity) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await top_up_wallet(
            session, core, matricule="ONE", amount=700, currency="XOF", reference="T-1", occurred_at=SEEN
        )
    assert [line[4:] for line in await lines(database, core)] == [("571", "", 700, 0), ("4191", "ONE", 0, 700)]


async def test_a_school_that_chose_no_chart_posts_nothing(database: Database) -> None:
    actor = await make_actor(database)
    await enrol(database, actor)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await make_payment(session, actor, "ONE", 500)
    assert await count(database, actor, "journal_entry") == 0
    await open_books(database, actor)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await make_payment(session, actor, "ONE", 300)
    assert [line[6:] for line in await lines(database, actor)] == [(300, 0), (0, 300)]


async def test_the_schools_own_accounts_are_used(database: Database, core: Actor, student: StudentIdentity) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await create_account(session, code="55210", label="Wave Sénégal")
        await change_account_map(session, accounts={"mobile_money": "55210"}, journals={"mobile_money": "OD"})
        await pay(session, core)
    assert [line[0:1] + line[4:5] for line in await lines(database, core)] == [("OD", "55210"), ("OD", "4111")]


async def test_the_same_payment_twice_is_one_entry(database: Database, core: Actor, student: StudentIdentity) -> None:
    async def once() -> None:
        async with database.transaction(Wall.app(core.school_id)) as session:
            await pay(session, core)

    await asyncio.gather(*(once() for _ in range(8)))
    assert await count(database, core, "journal_entry") == 1


async def test_writers_of_one_journal_leave_no_gap(database: Database, core: Actor, student: StudentIdentity) -> None:
    async def once(n: int) -> None:
        async with database.transaction(Wall.app(core.school_id)) as session:
            await pay(session, core, reference=f"R-{n}")
            if n % 3 == 0:
                raise _Undone

    outcomes = await asyncio.gather(*(once(n) for n in range(24)), return_exceptions=True)
    assert sum(isinstance(outcome, _Undone) for outcome in outcomes) == 8
    async with database.raw(Wall.app(core.school_id)) as connection:
        numbers = await connection.fetch("SELECT number FROM journal_entry ORDER BY number")
    assert [row[0] for row in numbers] == list(range(1, 17))


class _Undone(Exception):
    pass


async def test_what_a_savepoint_takes_back_is_not_posted(
    database: Database, core: Actor, student: StudentIdentity
) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await pay(session, core, reference="R-1", amount=1)
        with pytest.raises(_Undone):
            async with session.begin_nested():
                await pay(session, core, reference="R-2", amount=2)
                raise _Undone
    assert [line[6:] for line in await lines(database, core)] == [(1, 0), (0, 1)]


async def test_an_entry_is_told_to_the_log_after_its_fact(
    database: Database, core: Actor, student: StudentIdentity
) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await pay(session, core)
    async with database.transaction(Wall.app(core.school_id)) as session:
        recorded, validated = (await read_events(session, 0, 100))[-2:]
    assert (recorded.type, validated.type) == ("payment.recorded", "journal_entry.validated")
    assert validated.facts == {
        "journal": "MM",
        "number": 1,
        "entry_date": "2025-01-13",
        "piece_ref": "R-1",
        "currency": "XOF",
        "total": 500,
    }


async def test_a_piece_is_dated_by_the_schools_clock(database: Database) -> None:
    """Half past eleven at night in Fort-de-France is another day, month and fiscal year in UTC."""
    actor = await make_actor(database, await make_school(database, timezone="America/Martinique"))
    await open_books(database, actor, "pcg")
    await enrol(database, actor)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await pay(session, actor, received_at=datetime(2025, 1, 1, 3, 30, tzinfo=UTC))
    assert {line[2] for line in await lines(database, actor)} == {"2024-12-31"}


async def close(database: Database, actor: Actor, until: str) -> None:
    async with database.raw(Wall.app(actor.school_id)) as connection:
        await connection.execute("UPDATE fiscal_period SET closed_at = now() WHERE code <= $1", until)


async def test_a_fact_of_a_closed_period_goes_into_the_next_open_one(
    database: Database, core: Actor, student: StudentIdentity
) -> None:
    await close(database, core, "2025-01")
    async with database.transaction(Wall.app(core.school_id)) as session:
        await pay(session, core)
    assert {line[2:4] for line in await lines(database, core)} == {("2025-02-01", "2025-01-13")}


async def test_where_no_period_is_open_the_fact_waits_and_the_cash_desk_does_not(
    database: Database, core: Actor, student: StudentIdentity
) -> None:
    await close(database, core, "2025-12")
    async with database.transaction(Wall.app(core.school_id)) as session:
        await pay(session, core)
    assert await count(database, core, "payment") == 1
    assert (await lines(database, core), await count(database, core, "waiting_fact")) == ([], 1)
    assert await post_waiting_everywhere(database) == 0
    async with database.transaction(Wall.app(core.school_id)) as session:
        await open_fiscal_year(session, code="2026", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31))
    assert await post_waiting_everywhere(database) == 1
    assert {line[2:4] for line in await lines(database, core)} == {("2026-01-01", "2025-01-13")}
    assert await count(database, core, "waiting_fact") == 0
    assert await post_waiting_everywhere(database) == 0


async def test_a_year_may_end_in_the_middle_of_a_month(database: Database) -> None:
    actor = await make_actor(database)
    await enrol(database, actor)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await choose_chart(session, "syscohada")
        await open_fiscal_year(session, code="A", starts_on=date(2024, 1, 16), ends_on=date(2025, 1, 15))
        await open_fiscal_year(session, code="B", starts_on=date(2025, 1, 16), ends_on=date(2026, 1, 15))
        await pay(session, actor, received_at=datetime(2025, 1, 15, 23, 59, tzinfo=UTC))
        await pay(session, actor, reference="R-2", received_at=datetime(2025, 1, 16, tzinfo=UTC))
    async with database.raw(Wall.app(actor.school_id)) as connection:
        found = await connection.fetch(
            "SELECT y.code, p.code, e.number FROM journal_entry e JOIN fiscal_year y ON y.id = e.fiscal_year_id "
            "JOIN fiscal_period p ON p.id = e.period_id ORDER BY e.entry_date"
        )
    assert [tuple(row) for row in found] == [("A", "2025-01", 1), ("B", "2025-01-16", 1)]
