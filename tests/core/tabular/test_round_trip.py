"""Whatever a spreadsheet writes is read back: separators × encodings × quoting × line ends."""

import csv
import io
import string
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.core.tabular import Column, Columns, Problems, open_table, text
from app.core.tabular.errors import FileRefused

TEXTS = Columns(*(Column(name, name, f"{name} en", text(200)) for name in ("alpha", "beta", "gamma")))
LETTERS = string.ascii_letters + string.digits + "éèçàÉïôœŒ€'’«»-./;,|\"#=+*()@ "

cells = st.text(LETTERS, max_size=30)
tables = st.lists(st.lists(cells, min_size=3, max_size=3), max_size=30)
ways = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(";,\t|"),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        "lineterminator": st.sampled_from(["\r\n", "\n", "\r"]),
    }
)
encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])


def spreadsheet(table: list[list[str]], way: dict[str, object], encoding: str) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, **way).writerows([["Alpha", "BETA", "gamma"], *table])
    return written.getvalue().encode(encoding)


def expected(table: list[list[str]]) -> list[list[str | None]]:
    meant = [[" ".join(cell.split()) or None for cell in row] for row in table]
    return [row for row in meant if any(row)]


def read(content: bytes) -> tuple[list[list[str | None]], Problems]:
    problems = Problems()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(content)
        with open_table(path, TEXTS) as table:
            return [row.values for row in table.rows(problems)], problems


def meant_otherwise(cell: str, encoding: str) -> bool:
    """What stands for another thing; and Windows text that is UTF-8 as well, as "ÉŒ" is, and read as such."""
    continued = encoding == "cp1252" and any(0x80 <= byte < 0xC0 for byte in cell.encode("cp1252"))
    return continued or cell.strip().startswith(("#", '="'))


@given(tables, ways, encodings)
def test_a_table_is_read_back(table: list[list[str]], way: dict[str, object], encoding: str) -> None:
    table = [row for row in table if not any(meant_otherwise(cell, encoding) for cell in row)]
    rows, problems = read(spreadsheet(table, way, encoding))
    assert not problems
    assert rows == expected(table)


@given(st.binary(max_size=400))
def test_any_bytes_at_all_are_read_or_refused_by_name(garbage: bytes) -> None:
    """No file, however damaged, ends in anything but rows, problems or a named refusal."""
    for content in (garbage, b"alpha;beta;gamma\n" + garbage, b"\xff\xfe" + garbage):
        try:
            read(content)
        except FileRefused as refused:
            assert refused.message("fr")
            assert refused.message("en")
