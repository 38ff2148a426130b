"""`import badges`: who carries which badge after a file, after the same file, and after an old one."""

from pathlib import Path

import pytest

from app.core.database import Database
from app.core.importing import Applied
from app.domains.students.imports import Badges, Students
from tests.support.clock import FixedClock
from tests.support.importing import Bench, make_bench

BADGES = Badges()
PEOPLE = "Matricule;Nom;Prénom\n2024/INF/1;Sow;Awa\n2024/INF/2;Ba;Moussa\n"
FILE = "N° de badge;Matricule\r\n04a2b3c4;2024/inf/1\r\n12345;2024/INF/2\r\n"


@pytest.fixture
async def bench(database: Database, clock: FixedClock, tmp_path: Path) -> Bench:
    bench = await make_bench(database, clock, tmp_path)
    await bench.done(Students(), PEOPLE)
    return bench


async def carried(bench: Bench) -> dict[str, str]:
    """Badge → matricule, of the badges that are not revoked."""
    rows = await bench.rows(
        "SELECT b.uid, s.matricule FROM badge b JOIN student s ON s.id = b.student_id WHERE b.revoked_at IS NULL"
    )
    return {row[0]: row[1] for row in rows}


async def badge_events(bench: Bench) -> list[tuple[str, str, str]]:
    return [
        (type_, facts["badge"], facts["matricule"])
        for type_, facts in await bench.events()
        if type_.startswith("badge")
    ]


async def test_badges_are_assigned(bench: Bench) -> None:
    assert await bench.done(BADGES, FILE) == Applied(2, 0, 0, {}, 2)
    assert await carried(bench) == {"04A2B3C4": "2024/INF/1", "12345": "2024/INF/2"}
    assert await badge_events(bench) == [
        ("badge.assigned", "04A2B3C4", "2024/INF/1"),
        ("badge.assigned", "12345", "2024/INF/2"),
    ]


async def test_running_it_twice_changes_nothing(bench: Bench) -> None:
    await bench.done(BADGES, FILE)
    assert await bench.done(BADGES, FILE) == Applied(0, 0, 2, {}, 0)


async def test_a_badge_given_to_someone_else(bench: Bench) -> None:
    await bench.done(BADGES, FILE)
    assert await bench.done(BADGES, "badge;matricule\n12345;2024/INF/1\n") == Applied(0, 1, 0, {}, 2)
    assert (await carried(bench))["12345"] == "2024/INF/1"
    assert (await badge_events(bench))[-2:] == [
        ("badge.revoked", "12345", "2024/INF/2"),
        ("badge.assigned", "12345", "2024/INF/1"),
    ]


async def test_two_students_swap_their_badges(bench: Bench) -> None:
    await bench.done(BADGES, FILE)
    applied = await bench.done(BADGES, "badge;matricule\n12345;2024/INF/1\n04A2B3C4;2024/INF/2\n")
    assert applied == Applied(0, 2, 0, {}, 4)
    assert await carried(bench) == {"04A2B3C4": "2024/INF/2", "12345": "2024/INF/1"}


async def test_a_badge_taken_back(bench: Bench) -> None:
    await bench.done(BADGES, FILE)
    gone = "badge;matricule;actif\n12345;2024/INF/2;non\n"
    assert await bench.done(BADGES, gone) == Applied(0, 1, 0, {}, 1)
    assert await bench.done(BADGES, gone) == Applied(0, 0, 1, {}, 0)
    assert await carried(bench) == {"04A2B3C4": "2024/INF/1"}


async def test_an_old_file_does_not_bring_a_lost_badge_back(bench: Bench) -> None:
    await bench.done(BADGES, FILE)
    await bench.done(BADGES, "badge;matricule;actif\n12345;2024/INF/2;non\n")
    assert await bench.done(BADGES, FILE) == Applied(0, 0, 2, {}, 0)
    assert await bench.done(BADGES, "badge;matricule;actif\n12345;2024/INF/2;oui\n") == Applied(1, 0, 0, {}, 1)
    assert "12345" in await carried(bench)


async def test_someone_elses_badge_is_not_taken_back_by_mistake(bench: Bench) -> None:
    await bench.done(BADGES, FILE)
    assert (await bench.done(BADGES, "badge;matricule;actif\n12345;2024/INF/1;non\n")).unchanged == 1
    assert (await carried(bench))["12345"] == "2024/INF/2"


async def test_unknown_students_and_badges_named_twice(bench: Bench) -> None:
    wrong = FILE + "999;2024/INF/77\r\n 12345 ;2024/INF/1\r\n1,23E+15;2024/INF/1\r\n"
    assert await bench.refused(BADGES, wrong) == [(6, "N° de badge", "CELL_SCIENTIFIC_NOTATION")]
    assert await bench.refused(BADGES, wrong.replace("1,23E+15", "777")) == [
        (4, "Matricule", "MATRICULE_UNKNOWN"),
        (5, "N° de badge", "BADGE_TWICE"),
    ]
    assert await carried(bench) == {}
