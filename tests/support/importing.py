"""A school to import files into, and the means to look at what came of them."""

import json
from pathlib import Path
from typing import Any

from app.core.clock import Clock
from app.core.database import Database, Wall
from app.core.importing import Applied, Kind, Options, Outcome, School, import_file
from tests.support.factories.partners import make_school
from tests.support.published import faults


class Bench:
    """One school, and files that go into it."""

    def __init__(self, database: Database, school: School, clock: Clock, folder: Path) -> None:
        self.database, self.school, self.clock, self.folder = database, school, clock, folder

    async def run(self, kind: Kind, content: str | bytes, **options: Any) -> Outcome:
        path = self.folder / "import.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return await import_file(
            kind, path, database=self.database, school=self.school, clock=self.clock, options=Options(**options)
        )

    async def done(self, kind: Kind, content: str | bytes, **options: Any) -> Applied:
        """What was applied; fails the test where the file has problems."""
        outcome = await self.run(kind, content, **options)
        assert outcome.applied is not None, [problem.as_dict() for problem in outcome.problems.first]
        return outcome.applied

    async def refused(self, kind: Kind, content: str | bytes) -> list[tuple[int, str | None, str]]:
        """(line, column, code) of each problem; fails the test where nothing is wrong or anything was kept."""
        before = await self.events()
        outcome = await self.run(kind, content)
        assert outcome.applied is None
        assert await self.events() == before
        return [(problem.line, problem.column, problem.error.code) for problem in outcome.problems.first]

    async def rows(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        """What a statement finds, as the application in this school."""
        async with self.database.raw(Wall.app(self.school.id)) as connection:
            return [tuple(row) for row in await connection.fetch(sql, *args)]

    async def execute(self, sql: str, *args: Any) -> None:
        async with self.database.raw(Wall.app(self.school.id)) as connection:
            await connection.execute(sql, *args)

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        """The log, whose positions must have no gap and whose facts must be as published."""
        found = await self.rows("SELECT position, type, facts FROM event ORDER BY position")
        assert [position for position, _, _ in found] == list(range(1, len(found) + 1))
        told = [(type_, json.loads(facts)) for _, type_, facts in found]
        assert [fault for type_, facts in told for fault in faults(type_, facts)] == []
        return told


async def make_bench(database: Database, clock: Clock, folder: Path, **school: str) -> Bench:
    """`school` may set its `currency` and `timezone`."""
    made = await make_school(database, **school)
    return Bench(database, School(made.id, made.code, made.timezone, made.currency), clock, folder)
