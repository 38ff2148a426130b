"""A real school: its CSV files go in, and the turnstile, the library and Sage get right answers."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.e2e.conftest import School
from tests.e2e.skooly import skooly

TODAY = date.today()  # noqa: DTZ011 - the platform runs on the same day
YEAR = f"{TODAY.year - (TODAY.month < 9)}-{TODAY.year + (TODAY.month >= 9)}"
STUDENTS = f"""Matricule;Nom;Prénom;Programme;Classe;Année scolaire
A/1;Koné;Éléonore;SCI;SCI-1;{YEAR}
A/2;N’Diaye;Aïssatou;SCI;SCI-1;{YEAR}
"""
BADGES = "Badge;Matricule\n70001;A/1\n70002;A/2\n"
INVOICES = f"""Numéro;Matricule;Libellé;Montant;Devise;Date;Échéance
F-1;A/1;Scolarité;100 000;XOF;{TODAY - timedelta(days=90):%d/%m/%Y};{TODAY - timedelta(days=30):%d/%m/%Y}
F-2;A/2;Scolarité;100 000;XOF;{TODAY - timedelta(days=90):%d/%m/%Y};{TODAY - timedelta(days=30):%d/%m/%Y}
"""
PAYMENTS = f"""Référence;Matricule;Opérateur;Montant;Devise;Date
P-1;A/1;wave;100 000;XOF;{TODAY - timedelta(days=40):%d/%m/%Y}
"""
FILES = {"students": STUDENTS, "badges": BADGES, "invoices": INVOICES, "payments": PAYMENTS}


@pytest.fixture(scope="module")
def keys(school: School, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Opens the school, its canteen and its keys; imports its files, twice."""
    words = ["--name", "Lycée", "--timezone", "Africa/Dakar", "--currency", "XOF"]
    skooly(school, "schools", "create", "LYCEE", *words)
    folder = tmp_path_factory.mktemp("files")
    for kind, text in FILES.items():
        file = _excel(folder / f"{kind}.csv", text)
        first, again = [skooly(school, "import", kind, str(file), "--school", "LYCEE") for _ in range(2)]
        assert first["new"] > 0
        assert (again["new"], again["changed"], again["events"]) == (0, 0, 0)
    zone = ["--label", "Cantine", "--price", "500", "--programme", "SCI"]
    skooly(school, "zones", "create", "CANTINE", *zone, "--school", "LYCEE")
    return {preset: _key(school, preset) for preset in ("tourniquet", "bibliotheque", "scolarite", "core")}


def _excel(file: Path, text: str) -> Path:
    file.write_bytes(text.replace("\n", "\r\n").encode("cp1252"))
    return file


def _key(school: School, preset: str) -> str:
    issued = skooly(school, "keys", "issue", "--school", "LYCEE", "--partner", preset, "--preset", preset)
    return str(issued["key"])


def test_the_turnstile_the_registry_and_the_library_get_right_answers(school: School, keys: dict[str, str]) -> None:
    reasons = [
        school.check(badge, "CANTINE", preset=keys["tourniquet"]).json()["reason"] for badge in ("70001", "70002")
    ]
    assert reasons == ["INSUFFICIENT_BALANCE", "TUITION_UNPAID"]
    standing = [school.get(keys["scolarite"], f"/financial/status/A%2F{n}").json()["status"] for n in (1, 2)]
    assert standing == ["green", "red"]
    student = school.get(keys["bibliotheque"], "/students/a%2F2").json()
    assert (student["firstName"], student["lastName"], student["enrolled"]) == ("Aïssatou", "N’Diaye", True)


def test_the_demo_schools_people_are_nobody_here(school: School, keys: dict[str, str]) -> None:
    assert school.check("12345", "CANTINE", preset=keys["tourniquet"]).json()["reason"] == "UNKNOWN_BADGE"
    assert school.check("12345", "RESTAURANT", preset=keys["tourniquet"]).status_code == 404
    assert school.get(keys["bibliotheque"], "/students/2024%2FINF%2F0123").status_code == 404
