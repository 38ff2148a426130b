"""What an import leaves behind when it ends badly, and who can see its rows meanwhile: nothing, and nobody."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from app.core.database import Database, Wall
from app.core.importing import Phase, import_file
from app.core.staging import ImportRunning, StagingForbidden, open_staging
from app.domains.students.imports import Students
from tests.support.clock import FixedClock
from tests.support.importing import Bench, make_bench

FILE = "Matricule;Nom;Prénom;Classe\n" + "".join(f"{n};A;B;C\n" for n in range(20))


@pytest.fixture
async def bench(fresh_database: Database, clock: FixedClock, tmp_path: Path) -> Bench:
    return await make_bench(fresh_database, clock, tmp_path)


async def temporary_tables(database: Database) -> int:
    async with database.raw(Wall.owner()) as connection:
        count = await connection.fetchval("SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'")
        return int(count)


async def test_an_import_that_is_interrupted_leaves_nothing(bench: Bench) -> None:
    path = bench.folder / "students.csv"
    path.write_text(FILE)
    seen: list[int] = []

    def interrupt(phase: Phase, done: int, total: int) -> None:
        if phase == "applying":
            seen.append(done)
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await import_file(
            Students(), path, database=bench.database, school=bench.school, clock=bench.clock, progress=interrupt
        )
    assert seen == [0]
    assert await bench.rows("SELECT FROM student") == []
    assert await bench.rows("SELECT FROM programme") == []
    assert (await bench.done(Students(), FILE)).new == 20


async def test_rows_are_seen_by_their_own_session_alone(bench: Bench) -> None:
    async with open_staging(bench.database, bench.school.id) as staging:
        await staging.make("staged", "line integer")
        await staging.copy("staged", [(1,), (2,)])
        with pytest.raises(asyncpg.UndefinedTableError):
            await bench.rows("SELECT FROM staged")
        async with staging.apply() as applying:
            assert await applying.connection.fetchval("SELECT count(*) FROM staged") == 2
        assert await temporary_tables(bench.database) == 1
    assert await temporary_tables(bench.database) == 0


async def test_what_nobody_keeps_is_rolled_back(bench: Bench) -> None:
    async with open_staging(bench.database, bench.school.id) as staging, staging.apply() as applying:
        await applying.connection.execute(
            "INSERT INTO programme (school_id, code, label) VALUES ($1, 'P', 'P')", bench.school.id
        )
    assert await bench.rows("SELECT FROM programme") == []


async def test_a_school_is_imported_into_once_at_a_time(bench: Bench) -> None:
    async with open_staging(bench.database, bench.school.id) as first, first.apply():
        with pytest.raises(ImportRunning):
            await bench.done(Students(), FILE)


async def test_staging_is_behind_the_wall(bench: Bench, clock: FixedClock, tmp_path: Path) -> None:
    other = await make_bench(bench.database, clock, tmp_path)
    await other.done(Students(), FILE)
    async with open_staging(bench.database, bench.school.id) as staging, staging.apply() as applying:
        assert await applying.connection.fetchval("SELECT current_user::text") == "skooly_app"
        assert await applying.connection.fetchval("SELECT count(*) FROM student") == 0


async def test_roles_that_are_older_than_imports(bench: Bench) -> None:
    name = make_url(bench.database.url).database
    async with bench.database.raw(Wall.owner()) as connection:
        await connection.execute(f'REVOKE TEMPORARY ON DATABASE "{name}" FROM skooly_app')
    with pytest.raises(StagingForbidden, match="bootstrap"):
        await bench.done(Students(), FILE)
