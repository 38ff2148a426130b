"""`import students`: who becomes a student, and what happens when the file comes again."""

from pathlib import Path

import pytest

from app.core.database import Database
from app.core.importing import Applied
from app.domains.students.imports import Students
from tests.support.clock import FixedClock
from tests.support.importing import Bench, make_bench

STUDENTS = Students()
FILE = (
    "\ufeffMatricule;Nom;Prénom;Date de naissance;Filière;Classe\r\n"
    "2024/INF/0123;N'Diaye;Aïssatou;31/12/2004;INF;L1 Info\r\n"
    "2024-eco 7;Ba;Moussa;;ECO;L1 Eco\r\n"
    "2024/INF/9;Ba;Moussa;;INF;L1 Info\r\n"
)


@pytest.fixture
async def bench(database: Database, clock: FixedClock, tmp_path: Path) -> Bench:
    return await make_bench(database, clock, tmp_path)


async def people(bench: Bench) -> list[tuple[object, ...]]:
    return await bench.rows("SELECT matricule_key, last_name, first_name FROM student ORDER BY matricule_key")


async def studies(bench: Bench) -> list[tuple[object, ...]]:
    return await bench.rows(
        "SELECT s.matricule, p.code, c.code, y.code FROM enrolment e JOIN student s ON s.id = e.student_id "
        "JOIN programme p ON p.id = e.programme_id JOIN school_class c ON c.id = e.class_id "
        "JOIN school_year y ON y.id = e.school_year_id ORDER BY 1, 2"
    )


async def test_students_with_their_studies(bench: Bench) -> None:
    applied = await bench.done(STUDENTS, FILE)
    assert applied == Applied(3, 0, 0, {"programmes": 2, "classes": 2, "school_years": 1}, 3)
    assert await people(bench) == [
        ("2024-ECO 7", "Ba", "Moussa"),
        ("2024/INF/0123", "N'Diaye", "Aïssatou"),
        ("2024/INF/9", "Ba", "Moussa"),
    ]
    assert ("2024/INF/0123", "INF", "L1 INFO", "2024-2025") in await studies(bench)
    assert [type_ for type_, _ in await bench.events()] == ["student.created"] * 3


async def test_running_it_twice_changes_nothing(bench: Bench) -> None:
    await bench.done(STUDENTS, FILE)
    assert await bench.done(STUDENTS, FILE) == Applied(0, 0, 3, {}, 0)
    assert len(await bench.events()) == 3


async def test_the_matricule_in_another_spelling_is_the_same_student(bench: Bench) -> None:
    await bench.done(STUDENTS, FILE)
    applied = await bench.done(STUDENTS, "matricule,nom,prenom\n 2024/inf/0123 ,N'Diaye,Aïssatou\n")
    assert (applied.new, applied.unchanged) == (0, 1)


async def test_a_changed_name_updates(bench: Bench) -> None:
    await bench.done(STUDENTS, FILE)
    applied = await bench.done(STUDENTS, FILE.replace("N'Diaye;Aïssatou", "Ndiaye Sow;Aïssatou"))
    assert (applied.new, applied.changed, applied.unchanged) == (0, 1, 2)
    assert (await bench.events())[-1] == (
        "student.updated",
        {"matricule": "2024/INF/0123", "last_name": "Ndiaye Sow", "first_name": "Aïssatou", "status": "active"},
    )


async def test_an_absent_column_changes_nothing_and_an_empty_cell_clears(bench: Bench) -> None:
    await bench.done(STUDENTS, FILE)
    born = "SELECT birth_date::text FROM student WHERE matricule_key = '2024/INF/0123'"
    await bench.done(STUDENTS, "Matricule;Nom;Prénom\n2024/INF/0123;N'Diaye;Aïssatou\n")
    assert await bench.rows(born) == [("2004-12-31",)]
    await bench.done(STUDENTS, "Matricule;Nom;Prénom;Né le\n2024/INF/0123;N'Diaye;Aïssatou;\n")
    assert await bench.rows(born) == [(None,)]


async def test_a_change_of_class_is_a_change_of_the_student(bench: Bench) -> None:
    await bench.done(STUDENTS, FILE)
    applied = await bench.done(STUDENTS, FILE.replace("ECO;L1 Eco", "ECO;L2 Eco"))
    assert (applied.changed, applied.made) == (1, {"classes": 1})
    assert ("2024-eco 7", "ECO", "L2 ECO", "2024-2025") in await studies(bench)


async def test_a_student_in_two_programmes(bench: Bench) -> None:
    two = FILE + "2024/INF/9;Ba;Moussa;;ECO;L1 Eco\r\n"
    applied = await bench.done(STUDENTS, two)
    assert (applied.new, applied.events) == (3, 3)
    assert [row[1] for row in await studies(bench) if row[0] == "2024/INF/9"] == ["ECO", "INF"]
    assert await bench.done(STUDENTS, two) == Applied(0, 0, 3, {}, 0)


async def test_a_class_alone_and_a_programme_alone(bench: Bench) -> None:
    await bench.done(STUDENTS, "Matricule;Nom;Prénom;Classe\n1;A;B;6e A\n")
    await bench.done(STUDENTS, "Matricule;Nom;Prénom;Programme\n2;A;B;Droit\n1;A;B;6E A\n")
    assert await studies(bench) == [("1", "6E A", "6E A", "2024-2025"), ("2", "DROIT", "DROIT", "2024-2025")]


async def test_a_programme_without_a_class_keeps_the_class(bench: Bench) -> None:
    await bench.done(STUDENTS, "Matricule;Nom;Prénom;Programme;Classe\n1;A;B;INF;L1\n")
    applied = await bench.done(STUDENTS, "Matricule;Nom;Prénom;Programme\n1;A;B;INF\n")
    assert applied == Applied(0, 0, 1, {}, 0)


async def test_the_year_is_the_one_that_runs_or_the_one_named(bench: Bench) -> None:
    await bench.execute(
        "INSERT INTO school_year (school_id, code, starts_on, ends_on) "
        "VALUES ($1, 'AN 24', '2024-10-15', '2025-07-18')",
        bench.school.id,
    )
    await bench.done(STUDENTS, "Matricule;Nom;Prénom;Classe;Année\n1;A;B;L1;\n2;A;C;L1;2025/2026\n3;A;D;L1;an 24\n")
    assert [row[3] for row in await studies(bench)] == ["AN 24", "2025-2026", "AN 24"]


async def test_enrolment_dates(bench: Bench) -> None:
    head = "Matricule;Nom;Prénom;Classe;Inscrit du;Inscrit au\n"
    await bench.done(STUDENTS, head + "1;A;B;L1;02/10/2024;\n")
    await bench.done(STUDENTS, head + "1;A;B;L1;;15/03/2025\n")
    assert await bench.rows("SELECT starts_on::text, ends_on::text FROM enrolment") == [("2024-10-02", "2025-03-15")]
    assert await bench.refused(STUDENTS, head + "1;A;B;L1;02/10/2024;01/10/2024\n") == [
        (2, "Inscrit au", "ENROLMENT_ENDS_BEFORE_IT_STARTS")
    ]


async def test_graduation_has_its_event(bench: Bench) -> None:
    await bench.done(STUDENTS, FILE)
    await bench.done(STUDENTS, "Matricule;Nom;Prénom;Statut\n2024/INF/9;Ba;Moussa;Diplômé\n")
    assert (await bench.events())[-1][0] == "student.graduated"


async def test_errors_by_line_and_column_and_nothing_kept(bench: Bench) -> None:
    wrong = FILE + "1E+15;A;B;;INF;L1 Info\r\n;A;B;31/02/2000;INF;L1 Info\r\n"
    assert await bench.refused(STUDENTS, wrong) == [
        (5, "Matricule", "CELL_SCIENTIFIC_NOTATION"),
        (6, "Matricule", "CELL_MISSING"),
        (6, "Date de naissance", "CELL_NOT_A_DATE"),
    ]
    assert await people(bench) == []


async def test_errors_that_only_the_whole_file_shows(bench: Bench) -> None:
    await bench.done(STUDENTS, FILE)
    wrong = (
        "Matricule;Nom;Prénom;Programme;Classe;Année\n"
        "1;A;B;INF;L1 Info;\n"
        "1;A;Autre;ECO;L1 Eco;\n"
        "2;C;D;INF;L1 Info;\n"
        "2;C;D;INF;L9;\n"
        "3;E;F;ECO;L1 Info;\n"
        "4;G;H;INF;NEUF;\n"
        "5;G;H;ECO;neuf;\n"
        "6;G;H;ECO;L1 Eco;l'an passé\n"
    )
    assert sorted(await bench.refused(STUDENTS, wrong)) == [
        (3, "Matricule", "MATRICULE_TWICE"),
        (5, "Matricule", "ENROLMENT_TWICE"),
        (6, "Classe", "CLASS_OF_OTHER_PROGRAMME"),
        (8, "Classe", "CLASS_OF_OTHER_PROGRAMME"),
        (9, "Année", "SCHOOL_YEAR_UNKNOWN"),
    ]
    assert len(await people(bench)) == 3


async def test_a_dry_run_says_what_would_change_and_keeps_nothing(bench: Bench) -> None:
    applied = await bench.done(STUDENTS, FILE, dry_run=True)
    assert (applied.new, applied.events) == (3, 3)
    assert await people(bench) == []
    assert await bench.events() == []


async def test_another_school_is_not_seen(bench: Bench, database: Database, clock: FixedClock, tmp_path: Path) -> None:
    other = await make_bench(database, clock, tmp_path)
    await bench.done(STUDENTS, FILE)
    assert (await other.done(STUDENTS, FILE)).new == 3
    assert len(await people(bench)) == len(await people(other)) == 3


async def test_the_same_file_as_windows_writes_it(bench: Bench) -> None:
    await bench.done(STUDENTS, FILE)
    excel = FILE.removeprefix("\ufeff").replace(";", "\t").encode("cp1252")
    assert (await bench.done(STUDENTS, excel)).unchanged == 3


async def test_titles_alone_are_a_file_of_nobody(bench: Bench) -> None:
    assert await bench.done(STUDENTS, FILE.splitlines()[0]) == Applied(0, 0, 0, {}, 0)


async def test_imported_names_are_folded_as_any_other(bench: Bench) -> None:
    await bench.done(STUDENTS, FILE)
    assert await bench.rows("SELECT name_key FROM student ORDER BY name_key") == [
        ("ba moussa",),
        ("ba moussa",),
        ("ndiaye aissatou",),
    ]
    await bench.done(STUDENTS, FILE.replace("N'Diaye;Aïssatou", "Ndiaye-Sow;Aïssatou"))
    assert ("ndiaye sow aissatou",) in await bench.rows("SELECT name_key FROM student")
