"""`import payments`: money by reference, and what it settles."""

from pathlib import Path

import pytest

from app.core.database import Database
from app.core.importing import Applied
from app.domains.finance.imports import Invoices, Payments
from app.domains.students.imports import Students
from tests.support.clock import FixedClock
from tests.support.importing import Bench, make_bench

PAYMENTS = Payments()
PEOPLE = "Matricule;Nom;Prénom\n2024/INF/1;Sow;Awa\n2024/INF/2;Ba;Moussa\n"
BILLS = (
    "Facture;Matricule;Échéance;Montant\n"
    "F-1;2024/INF/1;15/10/2024;100000\nF-1;2024/INF/1;15/01/2025;100000\n"
    "F-2;2024/INF/1;15/11/2024;50000\n"
    "F-3;2024/INF/2;15/11/2024;30000\n"
)
HEAD = "Moyen de paiement;Référence;Matricule;Montant;Date;Facture\r\n"


@pytest.fixture
async def bench(database: Database, clock: FixedClock, tmp_path: Path) -> Bench:
    bench = await make_bench(database, clock, tmp_path)
    await bench.done(Students(), PEOPLE)
    await bench.done(Invoices(), BILLS)
    return bench


async def paid(bench: Bench) -> list[tuple[object, ...]]:
    return await bench.rows(
        "SELECT v.number, i.number, i.paid FROM instalment i JOIN invoice v ON v.id = i.invoice_id ORDER BY 1, 2"
    )


async def test_oldest_due_first(bench: Bench) -> None:
    applied = await bench.done(PAYMENTS, HEAD + "Orange Money;OM-1;2024/inf/1;120 000;02/10/2024 14:05;\r\n")
    assert applied == Applied(1, 0, 0, {}, 1)
    assert await paid(bench) == [("F-1", 1, 100_000), ("F-1", 2, 0), ("F-2", 1, 20_000), ("F-3", 1, 0)]
    assert (await bench.events())[-1] == (
        "payment.recorded",
        {
            "matricule": "2024/INF/1",
            "provider": "orange_money",
            "reference": "OM-1",
            "amount": 120_000,
            "currency": "XOF",
            "received_at": "2024-10-02T14:05:00+00:00",
        },
    )


async def test_several_payments_and_several_instalments(bench: Bench) -> None:
    money = HEAD + "".join(f"cash;C-{n};2024/INF/1;70000;0{n}/10/2024;\r\n" for n in range(1, 5))
    applied = await bench.done(PAYMENTS, money)
    assert applied == Applied(4, 0, 0, {}, 6)
    assert await paid(bench) == [("F-1", 1, 100_000), ("F-1", 2, 100_000), ("F-2", 1, 50_000), ("F-3", 1, 0)]
    assert await bench.rows("SELECT reference, allocated FROM payment ORDER BY 1") == [
        ("C-1", 70_000),
        ("C-2", 70_000),
        ("C-3", 70_000),
        ("C-4", 40_000),
    ]
    assert [(type_, facts["number"]) for type_, facts in (await bench.events())[-2:]] == [
        ("invoice.paid", "F-1"),
        ("invoice.paid", "F-2"),
    ]


async def test_one_payment_for_several_invoices_and_half_of_one(bench: Bench) -> None:
    split = HEAD + "wave;W-1;2024/INF/1;50000;02/10/2024;F-2\r\nwave;W-1;2024/INF/1;60000;02/10/2024;F-1\r\n"
    assert await bench.done(PAYMENTS, split) == Applied(1, 0, 0, {}, 2)
    assert await paid(bench) == [("F-1", 1, 60_000), ("F-1", 2, 0), ("F-2", 1, 50_000), ("F-3", 1, 0)]
    assert await bench.rows("SELECT amount, allocated FROM payment") == [(110_000, 110_000)]
    assert await bench.done(PAYMENTS, split) == Applied(0, 0, 1, {}, 0)


async def test_named_invoices_come_before_the_oldest(bench: Bench) -> None:
    money = HEAD + "cash;C-1;2024/INF/1;100000;01/10/2024;\r\ncash;C-2;2024/INF/1;30000;02/10/2024;F-2\r\n"
    await bench.done(PAYMENTS, money)
    assert await paid(bench) == [("F-1", 1, 100_000), ("F-1", 2, 0), ("F-2", 1, 30_000), ("F-3", 1, 0)]


async def test_what_a_named_invoice_has_no_use_for_stays_free(bench: Bench) -> None:
    await bench.done(PAYMENTS, HEAD + "cash;C-1;2024/INF/1;80000;01/10/2024;F-2\r\n")
    assert await paid(bench) == [("F-1", 1, 0), ("F-1", 2, 0), ("F-2", 1, 50_000), ("F-3", 1, 0)]
    assert await bench.rows("SELECT amount, allocated FROM payment") == [(80_000, 50_000)]


async def test_running_it_twice_changes_nothing(bench: Bench) -> None:
    money = HEAD + "cash;C-1;2024/INF/1;10000;01/10/2024;\r\nMTN MoMo;M-1;2024/INF/2;30000;01/10/2024;F-3\r\n"
    assert await bench.done(PAYMENTS, money) == Applied(2, 0, 0, {}, 3)
    before = await paid(bench)
    assert await bench.done(PAYMENTS, money) == Applied(0, 0, 2, {}, 0)
    assert await paid(bench) == before


async def test_an_operators_line_that_comes_twice_counts_once(bench: Bench) -> None:
    line = "OM;OM-7;2024/INF/2;30000;01/10/2024;\r\n"
    assert await bench.done(PAYMENTS, HEAD + line + line) == Applied(1, 0, 0, {}, 2)
    assert await bench.rows("SELECT amount FROM payment") == [(30_000,)]


async def test_one_reference_at_two_operators_is_two_payments(bench: Bench) -> None:
    money = HEAD + "OM;1;2024/INF/2;10000;01/10/2024;\r\nwave;1;2024/INF/2;10000;01/10/2024;\r\n"
    assert (await bench.done(PAYMENTS, money)).new == 2


async def test_a_reference_with_other_content_is_refused(bench: Bench) -> None:
    await bench.done(PAYMENTS, HEAD + "OM;OM-7;2024/INF/2;30000;01/10/2024;\r\n")
    for line in ("OM;OM-7;2024/INF/2;31000;01/10/2024;", "OM;OM-7;2024/INF/1;30000;01/10/2024;"):
        assert await bench.refused(PAYMENTS, HEAD + line) == [(2, "Référence", "PAYMENT_DIFFERS")]


async def test_errors_that_only_the_whole_file_shows(bench: Bench) -> None:
    await bench.execute("UPDATE invoice SET cancelled_at = now() WHERE number = 'F-3'")
    wrong = HEAD + "".join(
        f"{line}\r\n"
        for line in (
            "cash;A;2024/INF/77;1000;01/10/2024;",
            "cash;B;2024/INF/1;1000;01/10/2024;F-77",
            "cash;C;2024/INF/2;1000;01/10/2024;F-1",
            "cash;D;2024/INF/1;1000;01/10/2024;",
            "cash;D;2024/INF/1;2000;01/10/2024;",
            "cash;E;2024/INF/1;1000;01/10/2024;F-1",
            "cash;E;2024/INF/2;1000;01/10/2024;F-2",
            "cash;G;2024/INF/2;1000;01/10/2024;F-3",
        )
    )
    assert sorted(await bench.refused(PAYMENTS, wrong)) == [
        (2, "Matricule", "MATRICULE_UNKNOWN"),
        (3, "Facture", "INVOICE_UNKNOWN"),
        (4, "Facture", "INVOICE_OF_ANOTHER"),
        (6, "Référence", "PAYMENT_TWICE"),
        (8, "Facture", "INVOICE_OF_ANOTHER"),
        (8, "Référence", "PAYMENT_LINES_DISAGREE"),
        (9, "Facture", "INVOICE_IS_CANCELLED"),
    ]
    assert await bench.rows("SELECT FROM payment") == []


async def test_a_payment_in_the_wrong_currency_for_its_invoice(bench: Bench) -> None:
    wrong = "Moyen;Réf;Matricule;Montant;Date;Facture;Devise\nbanque;V-1;2024/INF/1;10,50;01/10/2024;F-1;EUR\n"
    assert await bench.refused(PAYMENTS, wrong) == [(2, "Facture", "INVOICE_IN_OTHER_CURRENCY")]


async def test_a_refund_is_not_a_payment(bench: Bench) -> None:
    assert await bench.refused(PAYMENTS, HEAD + "cash;R-1;2024/INF/1;-5000;01/10/2024;\r\n") == [
        (2, "Montant", "CELL_NOT_POSITIVE")
    ]


async def test_the_hour_is_the_schools(database: Database, clock: FixedClock, tmp_path: Path) -> None:
    bench = await make_bench(database, clock, tmp_path, timezone="Indian/Reunion")
    await bench.done(Students(), PEOPLE)
    await bench.done(PAYMENTS, HEAD + "cash;C-1;2024/INF/1;80000;01/01/2025 02:30;\r\n")
    assert (await bench.events())[-1][1]["received_at"] == "2024-12-31T22:30:00+00:00"
