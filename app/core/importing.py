"""Importing a file: every row or none.

Rows are read in a stream and judged one by one; the good ones are staged; then statements judge them as a set; then
one transaction makes them count, with their events. A kind of file says what its columns are and what its rows mean.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import UUID

from app.core.clock import Clock
from app.core.database import Database, RawConnection
from app.core.errors import SkoolyError
from app.core.staging import Staging, open_staging
from app.core.tabular import Columns, Problems, Table, open_table

BATCH = 5_000
NOTICEABLE = 500
Phase = Literal["reading", "checking", "applying"]


@dataclass(frozen=True, slots=True)
class School:
    """The school a file is about. `currency` is that of rows that name none."""

    id: UUID
    code: str
    timezone: str
    currency: str


@dataclass(frozen=True, slots=True)
class Importing:
    """One import under way: what its statements may need to know."""

    school: School
    clock: Clock
    table: Table
    present: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row as a whole; `column` is a column's name, or None."""

    column: str | None
    error: SkoolyError


@dataclass(frozen=True, slots=True)
class Check:
    """A statement that gives a row per fault: `line`, then the facts of the error's message by name."""

    error: type[SkoolyError]
    column: str | None
    sql: str


@dataclass(frozen=True, slots=True)
class Written:
    """What changed. `made` counts what the file named and did not exist: programmes, classes, journals."""

    new: int
    changed: int
    unchanged: int
    made: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Applied(Written):
    """What changed, and how many events say so."""

    events: int = 0


class Kind(Protocol):
    """A kind of file. `tables` are its temporary tables, columns as in CREATE TABLE; rows go to the first one."""

    name: str
    columns: Columns
    tables: Mapping[str, str]
    checks: Sequence[Check]
    filled: Sequence[str]
    """The tables it writes: their statistics are refreshed, or look-ups in a new school would be misplanned."""

    def stage(self, values: list[Any], importing: Importing) -> tuple[Any, ...] | list[Fault]:
        """A row's values in the order of the first table, after its `line`, or what is wrong with them together."""
        ...

    async def prepare(self, connection: RawConnection, importing: Importing) -> Mapping[str, int]:
        """Works out, inside the one transaction, what the checks look at; says what had to be made for that."""
        ...

    async def write(self, connection: RawConnection, importing: Importing) -> Written:
        """Makes the staged rows count, inside the one transaction."""
        ...

    async def record(self, connection: RawConnection, importing: Importing) -> int:
        """Appends an event per change to the log, as the last statement, and says how many."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """Either problems and nothing changed, or what was applied (or would be, in a dry run)."""

    rows: int
    problems: Problems
    applied: Applied | None
    encoding: str
    separator: str


Progress = Callable[[Phase, int, int], None]
"""Told the phase, and how much of how much is done: bytes while reading, steps afterwards."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to read the file, and whether to keep the result."""

    encoding: str | None = None
    separator: str | None = None
    dry_run: bool = False


async def import_file(
    kind: Kind,
    path: Path,
    *,
    database: Database,
    school: School,
    clock: Clock,
    options: Options = Options(),
    progress: Progress = lambda phase, done, total: None,
) -> Outcome:
    """Imports a file into one school, as the application's walled role.

    Raises FileRefused for a file of which nothing can be used, ImportRunning, SessionLost and Unavailable.
    """
    with open_table(path, kind.columns, encoding=options.encoding, separator=options.separator) as table:
        importing = Importing(school, clock, table, table.present)
        async with open_staging(database, school.id) as staging:
            problems = Problems()
            rows = await _stage(kind, importing, staging, problems, progress)
            applied = None
            if not problems:
                applied = await _apply(kind, importing, staging, problems, options, progress)
        return Outcome(rows, problems, applied, table.encoding, table.separator)


async def _stage(kind: Kind, importing: Importing, staging: Staging, problems: Problems, progress: Progress) -> int:
    for table, columns in kind.tables.items():
        await staging.make(table, columns)
    target = next(iter(kind.tables))
    rows = 0
    for batch in _batches(_good_rows(kind, importing, problems)):
        rows += len(batch)
        if not problems:
            await staging.copy(target, batch)
        progress("reading", importing.table.position, importing.table.size)
    await staging.analyse(target)
    return rows


def _good_rows(kind: Kind, importing: Importing, problems: Problems) -> Iterator[tuple[Any, ...]]:
    for line, values in importing.table.rows(problems):
        staged = kind.stage(values, importing)
        if isinstance(staged, tuple):
            yield (line, *staged)
            continue
        for fault in staged:
            _add(problems, importing, line, fault.column, fault.error)


def _batches(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


async def _apply(
    kind: Kind, importing: Importing, staging: Staging, problems: Problems, options: Options, progress: Progress
) -> Applied | None:
    """Judging and applying see one state of the school: both happen in the transaction that counts."""
    async with staging.apply() as applying:
        connection = applying.connection
        progress("checking", 0, len(kind.checks))
        made = await kind.prepare(connection, importing)
        for done, check in enumerate(kind.checks, start=1):
            await _judge(check, connection, importing, problems)
            progress("checking", done, len(kind.checks))
        if problems:
            return None
        progress("applying", 0, 1)
        written = await kind.write(connection, importing)
        if written.new + written.changed >= NOTICEABLE:
            await connection.execute("SELECT refresh_statistics($1)", list(kind.filled))
        # Now rather than at COMMIT, where what is deferred would be judged under the lock of the event log.
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        events = await kind.record(connection, importing) if written.new + written.changed else 0
        applying.keep = not options.dry_run
    progress("applying", 1, 1)
    every = {what: count for what, count in {**made, **written.made}.items() if count}
    return Applied(written.new, written.changed, written.unchanged, every, events)


def affected(status: str) -> int:
    """How many rows a statement wrote: "INSERT 0 3" → 3."""
    return int(status.rpartition(" ")[2])


async def _judge(check: Check, connection: RawConnection, importing: Importing, problems: Problems) -> None:
    counted = f"SELECT fault.*, count(*) OVER () AS total FROM ({check.sql}) fault"  # noqa: S608  # from the code
    faults = await connection.fetch(f"{counted} ORDER BY line LIMIT {problems.kept}")
    for fault in faults:
        facts = {name: value for name, value in fault.items() if name not in ("line", "total")}
        _add(problems, importing, fault["line"], check.column, check.error(**facts))
    if faults:
        problems.count += faults[0]["total"] - len(faults)


def _add(problems: Problems, importing: Importing, line: int, column: str | None, error: SkoolyError) -> None:
    problems.add(line, importing.table.title(column) if column else None, error)
