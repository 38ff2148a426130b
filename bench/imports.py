"""How fast a school's files go in, beside a bare COPY of the same file, and how much memory that takes.

    python -m bench.imports [--rows 10000,100000]

Each import runs in a process of its own, on servers of its own with fsync on; `again` is the same file once more.
The ratio is the time of the import over that of `COPY FROM STDIN` into a table of texts without a key, wall or event.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg

from app.core.clock import SystemClock
from app.core.database import Database
from app.core.importing import School, import_file
from app.core.migrate import upgrade
from app.core.roles import bootstrap_roles
from app.domains.finance.imports import Invoices, Journals, Payments
from app.domains.partners.service import create_school, find_school
from app.domains.students.imports import Badges, Students
from app.embedded import Embedded

KINDS = {kind.name: kind for kind in (Students(), Badges(), Invoices(), Payments(), Journals())}
DATABASE = "bench"


def students(rows: int) -> Iterator[str]:
    yield "Matricule;Nom;Prénom;Date de naissance;E-mail;Filière;Classe;Année scolaire"
    for n in range(rows):
        born = f"{n % 28 + 1:02}/{n % 12 + 1:02}/{2000 + n % 8}"
        yield f"2024/INF/{n:06};N'Diaye {n % 977};Aïssatou;{born};e{n}@ecole.sn;P{n % 20};P{n % 20} L{n % 3};2024-2025"


def badges(rows: int) -> Iterator[str]:
    yield "N° de badge;Matricule"
    yield from (f"04A2{n:010X};2024/INF/{n:06}" for n in range(rows))


def invoices(rows: int) -> Iterator[str]:
    yield "N° facture;Matricule;Échéance;Montant;Type"
    for n in range(rows):
        yield f"F-{n // 3:06};2024/INF/{n // 3:06};15/{n % 3 + 10}/2024;150 000;scolarité"


def payments(rows: int) -> Iterator[str]:
    yield "Moyen de paiement;Référence;Matricule;Montant;Date"
    yield from (f"Wave;W-{n:08};2024/INF/{n % (rows // 3):06};75000;02/10/2024 14:05" for n in range(rows))


def journals(rows: int) -> Iterator[str]:
    yield "Journal;N° écriture;Date;Compte;Compte auxiliaire;Pièce;Libellé;Débit;Crédit"
    for n in range(rows):
        entry, side = n // 2 + 1, "150 000;" if n % 2 else ";150 000"
        yield f"VT;{entry};31/12/2024;{'4111' if n % 2 else '7061'};2024/INF/{n // 2:06};F-{entry};Scolarité;{side}"


FILES: dict[str, Callable[[int], Iterator[str]]] = {
    "students": students,
    "badges": badges,
    "invoices": invoices,
    "payments": payments,
    "journals": journals,
}


def write(path: Path, lines: Iterator[str]) -> int:
    with path.open("w", encoding="utf-8-sig", newline="\r\n") as file:
        return sum(bool(file.write(line + "\n")) for line in lines) - 1


async def bare_copy(dsn: str, path: Path) -> float:
    """Seconds that PostgreSQL itself takes to swallow the file."""
    with path.open(encoding="utf-8-sig") as file:
        columns = ", ".join(f"c{n} text" for n in range(len(file.readline().split(";"))))
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"CREATE TABLE bare ({columns})")
        started = time.perf_counter()
        await connection.copy_to_table("bare", source=path, format="csv", header=True, delimiter=";")
        taken = time.perf_counter() - started
        await connection.execute("DROP TABLE bare")
        return taken
    finally:
        await connection.close()


async def run_import(url: str, school_code: str, kind: str, path: Path) -> dict[str, float]:
    async with Database(url) as database:
        row = await find_school(database, school_code)
        school = School(row.id, row.code, row.timezone, row.currency)
        started = time.perf_counter()
        outcome = await import_file(KINDS[kind], path, database=database, school=school, clock=SystemClock())
        taken = time.perf_counter() - started
    assert outcome.applied is not None, [problem.as_dict() for problem in outcome.problems.first]
    return {
        "seconds": taken,
        "new": outcome.applied.new,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def import_in_a_process(url: str, school: str, kind: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.imports", "--child", url, school, kind, str(path)]
    answer: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return answer


async def make_schools(servers: Embedded, sizes: list[int]) -> None:
    await bootstrap_roles(servers.superuser_dsn(), DATABASE)
    await upgrade(servers.database_url(DATABASE))
    async with Database(servers.database_url(DATABASE)) as database:
        for size in sizes:
            await create_school(database, code=f"B{size}", name="Mesure", timezone="Africa/Dakar", currency="XOF")


def measure(servers: Embedded, folder: Path, size: int) -> None:
    url = servers.database_url(DATABASE)
    for kind, lines in FILES.items():
        path = folder / f"{kind}.csv"
        rows = write(path, lines(size))
        bare = asyncio.run(bare_copy(servers.superuser_dsn(DATABASE), path))
        first = import_in_a_process(url, f"B{size}", kind, path)
        again = import_in_a_process(url, f"B{size}", kind, path)
        assert first["new"] > 0 == again["new"]
        print(
            f"{kind:10}{rows:>9,}{first['seconds']:>9.2f}{rows / first['seconds']:>10,.0f}{rows / bare:>12,.0f}"
            f"{first['seconds'] / bare:>8.1f}{again['seconds']:>9.2f}{first['megabytes']:>9.0f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="10000,100000")
    parser.add_argument("--child", nargs=4, metavar=("URL", "SCHOOL", "KIND", "FILE"))
    given = parser.parse_args()
    if given.child:
        url, school, kind, path = given.child
        print(json.dumps(asyncio.run(run_import(url, school, kind, Path(path)))))
        return
    sizes = [int(size) for size in given.rows.split(",")]
    with tempfile.TemporaryDirectory() as root, Embedded(Path(root) / "data") as servers:
        asyncio.run(make_schools(servers, sizes))
        print("file           rows  seconds    rows/s  COPY rows/s  ratio    again  peak MB")
        for size in sizes:
            measure(servers, Path(root), size)


if __name__ == "__main__":
    main()
