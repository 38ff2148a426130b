"""The guide for schools says what is: its examples go in, and it names every column."""

import re
from pathlib import Path

import pytest

from app.cli.data_directory import CHECKOUT
from app.core.database import Database
from app.core.importing import Kind
from app.domains.finance.imports import Invoices, Journals, Payments
from app.domains.students.imports import Badges, Students
from tests.support.clock import FixedClock
from tests.support.importing import make_bench

GUIDE = (CHECKOUT / "docs" / "import.md").read_text(encoding="utf-8")
SECTIONS: dict[str, Kind] = {
    "Étudiants": Students(),
    "Badges": Badges(),
    "Factures": Invoices(),
    "Paiements": Payments(),
    "Écritures comptables": Journals(),
}


def section(title: str) -> str:
    return GUIDE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


async def test_the_examples_go_in_and_change_nothing_the_second_time(
    database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    bench = await make_bench(database, clock, tmp_path)
    for title, kind in SECTIONS.items():
        example = section(title).split("```csv\n", 1)[1].split("```", 1)[0]
        assert (await bench.done(kind, example)).new > 0
        again = await bench.done(kind, example)
        assert (again.new, again.changed, again.events) == (0, 0, 0)


@pytest.mark.parametrize("title", SECTIONS)
def test_every_column_is_named_in_order_and_required_ones_as_such(title: str) -> None:
    table = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ?(obligatoire)?", section(title), re.MULTILINE)[1:]
    columns = SECTIONS[title].columns.all
    assert sorted((fr, en, bool(must)) for fr, en, must in table) == sorted(
        (column.fr, column.en, column.filled) for column in columns
    )
