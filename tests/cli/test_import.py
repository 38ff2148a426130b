"""`skooly import`, run for real as a school runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.data_directory import CHECKOUT
from app.core.database import Database, Wall
from app.domains.partners.service import create_school

STUDENTS = "Matricule;Nom;Prénom;Classe\r\n2024/INF/0123;N'Diaye;Aïssatou;L1\r\n2024/INF/0124;Ba;Moussa;L1\r\n"

Skooly = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
async def skooly(fresh_database: Database, fresh_database_url: str) -> Skooly:
    """Runs a command against a production database with one school."""
    await create_school(fresh_database, code="LYCEE", name="Lycée", timezone="Africa/Dakar", currency="XOF")
    environment = {
        **os.environ,
        "SKOOLY_DATABASE_URL": fresh_database_url,
        "SKOOLY_REDIS_URL": "redis://unused",
        "SKOOLY_KEY_PEPPERS": json.dumps({"1": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}),
        "SKOOLY_SECRET_KEYS": json.dumps({"1": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}),
        "SKOOLY_CURSOR_SECRET": "c" * 32,
    }

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app.cli", "import", *map(str, arguments)]
        return subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True)

    return run


@pytest.fixture
def students(tmp_path: Path) -> Path:
    path = tmp_path / "étudiants.csv"
    path.write_bytes(STUDENTS.encode("cp1252"))
    return path


def test_a_file_goes_in_once(skooly: Skooly, students: Path) -> None:
    first = skooly("students", students, "--json")
    assert (first.returncode, first.stderr) == (0, "")
    assert json.loads(first.stdout) == {
        "kind": "students",
        "school": "LYCEE",
        "dry_run": False,
        "rows": 2,
        "encoding": "cp1252",
        "separator": ";",
        "new": 2,
        "changed": 0,
        "unchanged": 0,
        "made": {"programmes": 1, "classes": 1, "school_years": 1},
        "events": 2,
    }
    again = skooly("students", students)
    assert (again.returncode, again.stdout) == (0, "0 nouveaux, 0 modifiés, 2 inchangés\n")


def test_errors_by_line_and_column(skooly: Skooly, students: Path) -> None:
    students.write_text(STUDENTS + "1E+15;Sow;\r\n")
    shown = skooly("students", students)
    assert shown.returncode == 1
    assert [line.split()[:2] for line in shown.stdout.splitlines()[2:]] == [["4", "Matricule"], ["4", "Prénom"]]
    assert "2 erreur(s). Rien n'a été importé" in shown.stderr
    told = json.loads(skooly("students", students, "--json", "--language", "en").stdout)
    assert told["error_count"] == 2
    assert told["errors"][1] == {
        "line": 4,
        "column": "Prénom",
        "code": "CELL_MISSING",
        "message": "Empty cell: a value is required.",
    }


def test_a_workbook_given_by_mistake(skooly: Skooly, students: Path) -> None:
    students.write_bytes(b"PK\x03\x04")
    refused = skooly("students", students, "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["errors"][0]["code"] == "FILE_NOT_CSV"


def test_a_dry_run(skooly: Skooly, students: Path) -> None:
    tried = skooly("students", students, "--dry-run")
    assert tried.stdout.startswith("2 nouveaux")
    assert "rien n'a été enregistré" in tried.stderr
    assert json.loads(skooly("students", students, "--json").stdout)["new"] == 2


def test_what_is_found_out_may_be_said(skooly: Skooly, students: Path) -> None:
    students.write_bytes(STUDENTS.replace(";", "|").encode("mac-roman"))
    told = json.loads(skooly("students", students, "--json", "--separator", "|", "--encoding", "mac-roman").stdout)
    assert (told["encoding"], told["separator"]) == ("mac-roman", "|")


def test_a_wrong_command_line(skooly: Skooly, students: Path) -> None:
    assert skooly("teachers", students).returncode == 2
    assert skooly("students").returncode == 2
    assert skooly("students", students, "--school", "AUTRE").returncode == 1


async def test_two_imports_at_once(skooly: Skooly, students: Path, fresh_database: Database) -> None:
    async with fresh_database.raw(Wall.auth()) as connection:
        school = await connection.fetchval("SELECT id FROM school")
    async with fresh_database.raw(Wall.app(school)) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"import {school}")
        busy = skooly("students", students)
    assert busy.returncode == os.EX_TEMPFAIL
    assert "Un autre import" in busy.stderr
