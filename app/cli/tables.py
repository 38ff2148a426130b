"""Lists for people: a plain table on standard output, one row a line, never cut short in a pipe."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 1000


def print_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """The named `columns` of `rows`; None and empty lists are shown as a dash."""
    table = Table(*columns, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for row in rows:
        table.add_row(*(_text(row[column]) for column in columns))
    Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value is None else str(value)
