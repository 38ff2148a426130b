"""`import invoices`: a line per instalment, an invoice per number."""

from pathlib import Path

import pytest

from app.core.database import Database
from app.core.importing import Applied
from app.domains.finance.imports import Invoices, Payments
from app.domains.students.imports import Students
from tests.support.clock import FixedClock
from tests.support.importing import Bench, make_bench

INVOICES = Invoices()
PEOPLE = "Matricule;Nom;Prénom\n2024/INF/1;Sow;Awa\n2024/INF/2;Ba;Moussa\n"
FILE = (
    "N° facture;Matricule;Échéance;Montant;Type;Libellé;Date de facture\r\n"
    "F-1;2024/INF/1;15/10/2024;150 000;Scolarité;Scolarité 2024-2025;01/09/2024\r\n"
    "F-1;2024/INF/1;15/01/2025;150.000;Scolarité;Scolarité 2024-2025;01/09/2024\r\n"
    "F-1;2024/INF/1;15/04/2025;100000 F CFA;Scolarité;Scolarité 2024-2025;01/09/2024\r\n"
    "F-2;2024/inf/2;31/12/2024;20000;cantine;;\r\n"
)


@pytest.fixture
async def bench(database: Database, clock: FixedClock, tmp_path: Path) -> Bench:
    bench = await make_bench(database, clock, tmp_path)
    await bench.done(Students(), PEOPLE)
    return bench


async def instalments(bench: Bench) -> list[tuple[object, ...]]:
    return await bench.rows(
        "SELECT v.number, i.number, i.due_on::text, i.amount, i.paid, i.tuition "
        "FROM instalment i JOIN invoice v ON v.id = i.invoice_id ORDER BY 1, 2"
    )


async def test_invoices_with_their_instalments(bench: Bench) -> None:
    assert await bench.done(INVOICES, FILE) == Applied(2, 0, 0, {}, 2)
    assert await instalments(bench) == [
        ("F-1", 1, "2024-10-15", 150_000, 0, True),
        ("F-1", 2, "2025-01-15", 150_000, 0, True),
        ("F-1", 3, "2025-04-15", 100_000, 0, True),
        ("F-2", 1, "2024-12-31", 20_000, 0, False),
    ]
    assert (await bench.events())[-2:] == [
        (
            "invoice.issued",
            {
                "number": "F-1",
                "matricule": "2024/INF/1",
                "kind": "tuition",
                "label": "Scolarité 2024-2025",
                "currency": "XOF",
                "total": 400_000,
                "issued_on": "2024-09-01",
            },
        ),
        (
            "invoice.issued",
            {
                "number": "F-2",
                "matricule": "2024/INF/2",
                "kind": "canteen",
                "label": "Cantine",
                "currency": "XOF",
                "total": 20_000,
                "issued_on": "2025-01-13",
            },
        ),
    ]


async def test_running_it_twice_changes_nothing_not_even_later(bench: Bench, clock: FixedClock) -> None:
    await bench.done(INVOICES, FILE)
    later = FixedClock(clock.now().replace(year=2026))
    assert await Bench(bench.database, bench.school, later, bench.folder).done(INVOICES, FILE) == Applied(
        0, 0, 2, {}, 0
    )


async def test_a_due_date_and_a_label_may_change(bench: Bench) -> None:
    await bench.done(INVOICES, FILE)
    applied = await bench.done(INVOICES, FILE.replace("15/04/2025", "30/04/2025"))
    assert applied == Applied(0, 1, 1, {}, 1)
    assert (await instalments(bench))[2][2] == "2025-04-30"
    applied = await bench.done(INVOICES, FILE.replace("15/04/2025", "30/04/2025").replace("2024-2025", "24-25"))
    assert applied == Applied(0, 1, 1, {}, 1)
    assert (await bench.events())[-1][0] == "invoice.updated"


@pytest.mark.parametrize(
    ("before", "after"),
    [("150 000", "160 000"), ("2024/inf/2", "2024/INF/1"), ("cantine", "autre"), (";;\r\n", ";;01/01/2024\r\n")],
)
async def test_what_an_issued_invoice_says_stays(bench: Bench, before: str, after: str) -> None:
    await bench.done(INVOICES, FILE)
    (refused,) = await bench.refused(INVOICES, FILE.replace(before, after))
    assert refused[1:] == ("N° facture", "INVOICE_DIFFERS")


async def test_a_cancelled_invoice_is_left_alone(bench: Bench) -> None:
    await bench.done(INVOICES, FILE)
    await bench.execute("UPDATE invoice SET cancelled_at = now() WHERE number = 'F-2'")
    assert await bench.done(INVOICES, FILE.replace("31/12/2024", "31/01/2025")) == Applied(0, 0, 2, {}, 0)


async def test_money_that_came_first_settles_the_invoice(bench: Bench) -> None:
    money = "Mode;Référence;Matricule;Montant;Date\nWave;W-1;2024/INF/2;25000;10/12/2024\n"
    await bench.done(Payments(), money)
    assert await bench.done(INVOICES, FILE) == Applied(2, 0, 0, {}, 3)
    assert (await instalments(bench))[-1][4] == 20_000
    last = (await bench.events())[-1]
    assert (last[0], last[1]["number"]) == ("invoice.paid", "F-2")


async def test_other_currencies(bench: Bench) -> None:
    head = "Facture;Matricule;Échéance;Montant;Devise\n"
    await bench.done(INVOICES, head + "F-9;2024/INF/1;15/10/2024;1 234,56;€\nF-8;2024/INF/1;15/10/2024;5;f cfa\n")
    assert await bench.rows("SELECT number, total, currency FROM invoice ORDER BY 1") == [
        ("F-8", 5, "XOF"),
        ("F-9", 123_456, "EUR"),
    ]
    assert await bench.refused(
        INVOICES, head + "F-7;2024/INF/1;15/10/2024;5;ZWL\nF-6;2024/INF/1;15/10/2024;5,5;\n"
    ) == [
        (2, "Devise", "INVALID_INPUT"),
        (3, "Montant", "CELL_TOO_MANY_DECIMALS"),
    ]


async def test_errors_that_only_the_whole_file_shows(bench: Bench) -> None:
    wrong = (
        FILE
        + "F-3;2024/INF/77;31/12/2024;20000;cantine;;\r\n"
        + "F-1;2024/INF/2;31/12/2024;20000;cantine;;\r\n"
        + "F-4;2024/INF/1;31/12/2024;999999999999999;cantine;;\r\n"
        + "F-4;2024/INF/1;31/12/2024;999999999999999;cantine;;\r\n"
    )
    assert await bench.refused(INVOICES, wrong) == [
        (6, "Matricule", "MATRICULE_UNKNOWN"),
        (7, "N° facture", "INVOICE_LINES_DISAGREE"),
        (8, "Montant", "SUM_TOO_LARGE"),
    ]
    assert await instalments(bench) == []
