"""A school that the statistics have never seen is looked up as fast as the others, once it was imported."""

from pathlib import Path

from app.core.database import Database, Wall
from app.domains.students.imports import Students
from tests.support.clock import FixedClock
from tests.support.importing import make_bench

FILE = "Matricule;Nom;Prénom;Classe\n" + "".join(f"{n};A;B;C\n" for n in range(500))


async def test_a_look_up_in_a_new_school_uses_the_index_that_narrows(
    fresh_database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    known = await make_bench(fresh_database, clock, tmp_path)
    await known.done(Students(), FILE)
    async with fresh_database.raw(Wall.owner()) as connection:
        await connection.execute("ANALYZE student")
    new = await make_bench(fresh_database, clock, tmp_path)
    await new.done(Students(), FILE)
    for condition in ("matricule_key = '7'", f"id = '{new.school.id}'"):
        plan = await new.rows(f"EXPLAIN SELECT FROM student WHERE {condition}")
        assert not any("Filter" in line for (line,) in plan), plan
