"""What a file brings is in the books of a school that has chosen its accounts, as if it had been typed in."""

from datetime import date
from pathlib import Path

import pytest

from app.core.database import Database, Wall
from app.domains.finance.imports import Invoices, Payments
from app.domains.finance.service import choose_chart, open_fiscal_year
from app.domains.students.imports import Students
from tests.domains.finance.test_import_payments import BILLS, HEAD, PEOPLE
from tests.support.clock import FixedClock
from tests.support.importing import Bench, make_bench

MONEY = HEAD + "Wave;W-1;2024/INF/1;120000;02/10/2024 14:05;\r\nbanque;B-1;2024/INF/2;30000;03/10/2024;\r\n"
ENTRIES = """
SELECT j.code, e.number, e.piece_ref, e.status, string_agg(
    l.account || coalesce('/' || l.aux_account, '') || ' ' || l.debit || '-' || l.credit, ', ' ORDER BY l.line_no)
FROM journal_entry e JOIN journal j ON j.id = e.journal_id JOIN journal_line l ON l.entry_id = e.id
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2
"""


@pytest.fixture
async def bench(database: Database, clock: FixedClock, tmp_path: Path) -> Bench:
    bench = await make_bench(database, clock, tmp_path)
    await bench.done(Students(), PEOPLE)
    return bench


async def open_books(database: Database, bench: Bench) -> None:
    async with database.transaction(Wall.app(bench.school.id)) as session:
        await choose_chart(session, "syscohada")
        for year in (2024, 2025):
            await open_fiscal_year(session, code=f"{year}", starts_on=date(year, 1, 1), ends_on=date(year, 12, 31))


async def test_invoices_and_payments_of_files_are_posted_once(database: Database, bench: Bench) -> None:
    await open_books(database, bench)
    for _ in range(2):
        await bench.done(Invoices(), BILLS)
        await bench.done(Payments(), MONEY)
    assert await bench.rows(ENTRIES) == [
        ("BQ", 1, "B-1", "validated", "521 30000-0, 4111/2024/INF/2 0-30000"),
        ("MM", 1, "W-1", "validated", "552 120000-0, 4111/2024/INF/1 0-120000"),
        ("VT", 1, "F-1", "validated", "4111/2024/INF/1 100000-0, 4111/2024/INF/1 100000-0, 7061 0-200000"),
        ("VT", 2, "F-2", "validated", "4111/2024/INF/1 50000-0, 7061 0-50000"),
        ("VT", 3, "F-3", "validated", "4111/2024/INF/2 30000-0, 7061 0-30000"),
    ]
    told = [kind for kind, _ in await bench.events() if kind == "journal_entry.validated"]
    assert len(told) == 5


async def test_a_school_without_a_chart_posts_nothing(bench: Bench) -> None:
    await bench.done(Invoices(), BILLS)
    assert await bench.rows("SELECT id FROM journal_entry") == []
