"""A small table and the means to write it as a school would."""

from pathlib import Path

from app.core.tabular import Column, Columns, Problems, Row, amount, day, identifier, open_table, text

PEOPLE = Columns(
    Column("matricule", "Matricule", "Student number", identifier(str.upper), required=True, filled=True),
    Column("last_name", "Nom", "Last name", text(20), aliases=("nom de famille",), required=True, filled=True),
    Column("first_name", "Prénom", "First name", text(20), aliases=("prénoms",)),
    Column("born", "Date de naissance", "Birth date", day),
    Column("fee", "Montant", "Amount", amount("XOF")),
)


def write(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "fichier.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def read(path: Path, columns: Columns = PEOPLE, **options: str | None) -> list[Row]:
    """Every row of a file without problems."""
    problems = Problems()
    with open_table(path, columns, **options) as table:
        rows = list(table.rows(problems))
    assert not problems, [problem.as_dict() for problem in problems.first]
    return rows


def problems_in(path: Path, columns: Columns = PEOPLE) -> list[tuple[int, str | None, str]]:
    """(line, column, code) of each problem."""
    problems = Problems()
    with open_table(path, columns) as table:
        list(table.rows(problems))
    return [(problem.line, problem.column, problem.error.code) for problem in problems.first]
