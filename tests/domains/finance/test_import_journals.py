"""`import journals`: entries that balance, and stay."""

from pathlib import Path

import pytest

from app.core.database import Database
from app.core.importing import Applied
from app.domains.finance.imports import Journals
from tests.support.clock import FixedClock
from tests.support.importing import Bench, make_bench

JOURNALS = Journals()
FILE = (
    "Journal;N° écriture;Date;Compte;Compte auxiliaire;Pièce;Libellé;Débit;Crédit\r\n"
    "VT;1;31/12/2024;4111;2024/inf/1;F-1;Scolarité;150 000;\r\n"
    "VT;1;31/12/2024;7061;;F-1;Scolarité;;150 000,00\r\n"
    "OM;1;31/12/2024;552;;P-1;Règlement;100000;0\r\n"
    "OM;1;31/12/2024;4111;2024/INF/1;P-1;Règlement;0;60000\r\n"
    "OM;1;31/12/2024;4191;2024/INF/2;P-1;Recharge;;40000\r\n"
)
FEC = (
    "JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum|CompteLib|CompAuxNum|CompAuxLib|PieceRef|PieceDate|"
    "EcritureLib|Debit|Credit|EcritureLet|DateLet|ValidDate\r\n"
    "VT|Ventes|12|20241231|4111|Étudiants|2024/INF/1|Sow Awa|F-1|20241230|Scol.|1500,50|0,00|A|20250102|20241231\r\n"
    "VT|Ventes|12|20241231|7061|Scolarité|||F-1|20241230|Scol.|0,00|1500,50||||\r\n"
)


@pytest.fixture
async def bench(database: Database, clock: FixedClock, tmp_path: Path) -> Bench:
    return await make_bench(database, clock, tmp_path)


async def entries(bench: Bench) -> list[tuple[object, ...]]:
    return await bench.rows(
        "SELECT j.code, e.number, e.status, count(*), sum(l.debit)::bigint FROM journal_entry e "
        "JOIN journal j ON j.id = e.journal_id JOIN journal_line l ON l.entry_id = e.id "
        "GROUP BY 1, 2, 3, e.entry_date ORDER BY 1, 2, e.entry_date"
    )


async def test_entries_with_their_lines(bench: Bench) -> None:
    assert await bench.done(JOURNALS, FILE) == Applied(2, 0, 0, {"fiscal_years": 1, "journals": 2}, 2)
    assert await entries(bench) == [("OM", 1, "validated", 3, 100_000), ("VT", 1, "validated", 2, 150_000)]
    assert await bench.rows("SELECT line_no, account, aux_account FROM journal_line ORDER BY debit DESC LIMIT 1") == [
        (1, "4111", "2024/INF/1")
    ]
    assert (await bench.events())[0] == (
        "journal_entry.validated",
        {
            "journal": "VT",
            "number": 1,
            "entry_date": "2024-12-31",
            "piece_ref": "F-1",
            "currency": "XOF",
            "total": 150_000,
        },
    )


async def test_running_it_twice_changes_nothing(bench: Bench) -> None:
    await bench.done(JOURNALS, FILE)
    assert await bench.done(JOURNALS, FILE) == Applied(0, 0, 2, {}, 0)


async def test_lines_need_not_lie_together(bench: Bench) -> None:
    head, *lines = FILE.splitlines(keepends=True)
    await bench.done(JOURNALS, head + "".join(lines[i] for i in (0, 2, 1, 3, 4)))
    assert await bench.done(JOURNALS, FILE) == Applied(0, 0, 2, {}, 0)


async def test_a_validated_entry_does_not_change(bench: Bench) -> None:
    await bench.done(JOURNALS, FILE)
    for before, after in (("150 000", "150 001"), ("Règlement", "Virement"), ("7061", "7062"), ("F-1", "F-2")):
        (refused,) = await bench.refused(JOURNALS, FILE.replace(before, after))
        assert refused[1:] == ("N° écriture", "ENTRY_VALIDATED")


async def test_a_file_as_accounting_programs_write_it(database: Database, clock: FixedClock, tmp_path: Path) -> None:
    bench = await make_bench(database, clock, tmp_path, currency="EUR")
    content = FEC.replace("||||\r\n", "|||20241231\r\n").encode("cp1252")
    assert (await bench.done(JOURNALS, content)).new == 1
    assert await bench.rows(
        "SELECT j.label, e.piece_date::text, e.validated_at::date::text FROM journal_entry e "
        "JOIN journal j ON j.id = e.journal_id"
    ) == [("Ventes", "2024-12-30", "2024-12-31")]
    assert await bench.rows("SELECT debit, lettering, lettered_at::text FROM journal_line WHERE line_no = 1") == [
        (150_050, "A", "2025-01-02")
    ]
    assert (await bench.done(JOURNALS, content)).unchanged == 1


async def test_drafts_change_and_are_validated_in_the_end(bench: Bench) -> None:
    def file(label: str, date: str) -> str:
        return (
            "Journal;N° écriture;Date;Compte;Libellé;Débit;Crédit;Validée le\n"
            f"OD;5;15/01/2025;4111;{label};500;;{date}\nOD;5;15/01/2025;7061;{label};;500;{date}\n"
        )

    assert await bench.done(JOURNALS, file("un", "")) == Applied(1, 0, 0, {"fiscal_years": 1, "journals": 1}, 0)
    assert await bench.done(JOURNALS, file("un", "")) == Applied(0, 0, 1, {}, 0)
    assert await bench.done(JOURNALS, file("deux", "")) == Applied(0, 1, 0, {}, 0)
    assert await entries(bench) == [("OD", 5, "draft", 2, 500)]
    assert await bench.done(JOURNALS, file("deux", "31/01/2025")) == Applied(0, 1, 0, {}, 1)
    assert await bench.done(JOURNALS, file("deux", "31/01/2025")) == Applied(0, 0, 1, {}, 0)
    assert await entries(bench) == [("OD", 5, "validated", 2, 500)]


async def test_entries_that_do_not_balance_name_the_piece_and_its_first_line(bench: Bench) -> None:
    wrong = FILE.replace("40000\r\n", "30000\r\n")
    outcome = await bench.run(JOURNALS, wrong)
    (problem,) = outcome.problems.first
    assert (problem.line, problem.error.code) == (4, "ENTRY_UNBALANCED")
    assert problem.error.message("fr") == (
        "L'écriture 1 du journal OM (pièce P-1) n'est pas équilibrée : débit 100000, crédit 90000, écart 10000 XOF."
    )
    assert await entries(bench) == []
    assert await bench.rows("SELECT FROM fiscal_year") == []


async def test_lines_with_one_side_only(bench: Bench) -> None:
    head = FILE.splitlines()[0]
    for sides in (";", "0;0", "5;5", "-5;"):
        assert [
            problem[:2] for problem in await bench.refused(JOURNALS, f"{head}\nVT;1;31/12/2024;1;;;x;{sides}\n")
        ] == [(2, "Débit")]


async def test_errors_that_only_the_whole_file_shows(bench: Bench) -> None:
    wrong = FILE + ("OD;7;31/12/2024;4111;;;seule;5;\r\nOD;8;31/12/2024;4111;;;x;5;\r\nOD;8;30/12/2024;7061;;;x;;5\r\n")
    assert await bench.refused(JOURNALS, wrong) == [
        (9, "N° écriture", "ENTRY_LINES_DISAGREE"),
        (7, "N° écriture", "ENTRY_TOO_SHORT"),
    ]


async def test_a_closed_period_takes_nothing_new_but_knows_its_own(bench: Bench) -> None:
    await bench.done(JOURNALS, FILE)
    await bench.execute("UPDATE fiscal_period SET closed_at = now()")
    assert (await bench.done(JOURNALS, FILE)).unchanged == 2
    assert await bench.refused(JOURNALS, FILE.replace("OM;1", "OM;2")) == [(4, "Date", "PERIOD_CLOSED")]


async def test_the_schools_own_fiscal_year_is_not_second_guessed(bench: Bench) -> None:
    await bench.execute(
        "INSERT INTO fiscal_year (school_id, code, starts_on, ends_on) "
        "VALUES ($1, '24-25', '2024-09-01', '2025-08-31')",
        bench.school.id,
    )
    await bench.done(JOURNALS, FILE)
    assert await bench.refused(JOURNALS, FILE.replace("31/12/2024", "31/08/2024")) == [
        (2, "Date", "NO_FISCAL_PERIOD"),
        (4, "Date", "NO_FISCAL_PERIOD"),
    ]


async def test_one_number_in_two_fiscal_years_is_two_entries(bench: Bench) -> None:
    assert (await bench.done(JOURNALS, FILE + FILE.split("\r\n", 1)[1].replace("2024;", "2023;"))).new == 4
