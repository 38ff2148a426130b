"""Reading a table from a CSV file, row by row, with memory that does not grow with the file."""

import csv
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from app.core.errors import SkoolyError
from app.core.tabular.cells import shown
from app.core.tabular.columns import Column, Columns
from app.core.tabular.encodings import CHUNK, find_encoding
from app.core.tabular.errors import (
    BrokenQuoting,
    EmptyFile,
    FileChanged,
    NotReadable,
    TooManyCells,
    Unnamed,
)
from app.core.tabular.problems import Problems
from app.core.tabular.separators import declared_separator, find_separator, named_separator

HEAD_LINES = 50
LONGEST_CELL = 100_000


class Row(NamedTuple):
    """`line` is where the row starts; `values` follow the order of the Columns, None where nothing is given."""

    line: int
    values: list[Any]


class Table:
    """An open file whose titles have been understood. `rows` may be read once."""

    def __init__(
        self, file: "io.BufferedReader[io.FileIO]", columns: Columns, encoding: str, separator: str | None
    ) -> None:
        self._raw = file.raw
        self.size = os.fstat(file.fileno()).st_size
        self.encoding = encoding
        # Kept, because a collected wrapper closes the file under it.
        self._lines = lines = io.TextIOWrapper(file, encoding=encoding, newline="")
        self._skipped, head = _head(lines)
        declared = declared_separator(head[0])
        if declared:
            self._skipped, head = self._skipped + 1, head[1:]
        self.separator = separator or declared or find_separator(head, lambda title: bool(columns.find(title)))
        self._records = csv.reader(chain(head, lines), delimiter=self.separator, strict=True)
        self._columns = columns
        self._read_titles()

    @property
    def present(self) -> frozenset[str]:
        """Names of the columns that the file has."""
        return frozenset(column.name for column in self._matched if column)

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._raw.tell()

    def title(self, name: str) -> str:
        """A column's title as the file writes it; its French title where the file has none."""
        for title, column in zip(self._titles, self._matched, strict=True):
            if column and column.name == name:
                return title
        return next(column.fr for column in self._columns.all if column.name == name)

    def rows(self, problems: Problems) -> Iterator[Row]:
        """Every good row; what is wrong with the others is added to `problems`. Raises FileRefused."""
        absent = [column for column in self._columns.all if column.filled and column.name not in self.present]
        assert not absent, "a filled column must be required"
        for line, record in self._numbered():
            if not "".join(record).strip():
                continue
            before = problems.count
            row = self._row(line, record, problems)
            if problems.count == before:
                yield row

    def _row(self, line: int, record: list[str], problems: Problems) -> Row:
        values: list[Any] = [None] * len(self._columns)
        width = len(record)
        for at, slot, column in self._plan:
            try:
                # Excel drops trailing empty cells of some rows: what is missing there is empty.
                values[slot] = column.read(record[at] if at < width else "")
            except SkoolyError as refusal:
                problems.add(line, self._titles[at], refusal)
        if self._strays or width > len(self._titles):
            self._look_for_strays(line, record, problems)
        return Row(line, values)

    def _look_for_strays(self, line: int, record: list[str], problems: Problems) -> None:
        if any(cell.strip() for cell in record[len(self._titles) :]):
            problems.add(line, None, TooManyCells(found=len(record), expected=len(self._titles)))
        for at in self._strays:
            if at < len(record) and record[at].strip():
                problems.add(line, None, Unnamed(position=at + 1, text=shown(record[at].strip())))

    def _read_titles(self) -> None:
        titled = (numbered for numbered in self._numbered() if "".join(numbered[1]).strip())
        line, record = next(titled, (0, []))
        if not record:
            raise EmptyFile
        while not record[-1].strip():
            record.pop()
        self._titles = [shown(title.strip()) for title in record]
        self._matched = self._columns.match(self._titles, line)
        slots = {column: slot for slot, column in enumerate(self._columns.all)}
        self._plan: list[tuple[int, int, Column]] = [
            (at, slots[column], column) for at, column in enumerate(self._matched) if column
        ]
        self._strays = [at for at, column in enumerate(self._matched) if column is None]

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        """Records with the physical line each starts on. Raises BrokenQuoting, FileChanged."""
        while True:
            line = self._skipped + self._records.line_num + 1
            try:
                record = next(self._records)
            except StopIteration:
                return
            except csv.Error:
                raise BrokenQuoting(line=line) from None
            except UnicodeDecodeError:
                raise FileChanged from None
            yield line, record


def _head(lines: io.TextIOWrapper) -> tuple[int, list[str]]:
    """How many blank lines come first, and the lines that follow: enough to recognise the titles."""
    head: list[str] = []
    blank = 0
    for line in lines:
        if head or line.strip(' \r\n\t;,|"'):
            head.append(line)
        else:
            blank += 1
        if len(head) == HEAD_LINES:
            break
    if not head:
        raise EmptyFile
    return blank, head


@contextmanager
def open_table(
    path: Path, columns: Columns, *, encoding: str | None = None, separator: str | None = None
) -> Iterator[Table]:
    """Opens a CSV file. What is not given is found out.

    Raises FileRefused: the file is missing, is not a CSV, cannot be decoded, or has other columns.
    """
    csv.field_size_limit(LONGEST_CELL)
    wanted = named_separator(separator) if separator else None
    try:
        found = find_encoding(path, encoding)
        file = io.BufferedReader(io.FileIO(path), CHUNK)
    except OSError as error:
        raise _not_readable(path, error) from None
    with file:
        yield Table(file, columns, found, wanted)


def _not_readable(path: Path, error: OSError) -> NotReadable:
    reasons = {
        FileNotFoundError: ("aucun fichier de ce nom", "no such file"),
        IsADirectoryError: ("c'est un dossier", "it is a folder"),
        PermissionError: ("accès refusé", "permission denied"),
    }
    other = error.strerror or str(error)
    reason_fr, reason_en = reasons.get(type(error), (other, other))
    return NotReadable(path=path, reason_fr=reason_fr, reason_en=reason_en)
