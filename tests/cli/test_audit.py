"""`skooly audit`, run for real as an operator runs it."""

import json
from datetime import timedelta
from uuid import uuid4

from app.core.database import Database, Wall
from app.domains.audit.sealing import seal_audit
from app.domains.audit.verifying import verify_chain
from tests.cli.test_keys import Skooly, answer, skooly
from tests.support.factories.audit import make_entry
from tests.support.factories.partners import make_actor, make_school
from tests.support.factories.students import make_student

__all__ = ["skooly"]

AT_ONCE = timedelta(seconds=-1)


async def test_an_untouched_audit_holds(skooly: Skooly, fresh_database: Database) -> None:
    actor = await make_actor(fresh_database, await make_school(fresh_database, code="LYCEE"))
    await make_entry(fresh_database, actor, [uuid4()])
    await seal_audit(fresh_database, settled=AT_ONCE)
    [school] = answer(skooly("audit", "verify", "--json"))["schools"]
    link = (await verify_chain(fresh_database, actor.school_id)).link.hex()
    assert school == {
        "school": "LYCEE",
        "entries": 1,
        "end": f"1:{link}",
        "forgotten": 0,
        "unsealed": 0,
        "broken": None,
    }
    assert skooly("audit", "verify", "--anchor", f"1:{link}").stdout == f"LYCEE: 1 entries hold, end 1:{link}\n"


async def test_a_broken_link_is_named_and_ends_with_an_error(skooly: Skooly, fresh_database: Database) -> None:
    schools = [await make_school(fresh_database, code=code) for code in ("A", "B")]
    for school in schools:
        request = await make_entry(fresh_database, await make_actor(fresh_database, school), [uuid4()])
    await seal_audit(fresh_database, settled=AT_ONCE)
    async with fresh_database.raw(Wall.owner(school.id)) as connection:
        await connection.execute("UPDATE audit_entry SET channel = 'cli'")
    told = skooly("audit", "verify")
    assert told.returncode == 1
    assert told.stdout.startswith("A: 1 entries hold, end 1:")
    assert f"B: BROKEN at link 1, request {request} (student): the entry was changed" in told.stdout
    assert "backup" in told.stderr
    found = json.loads(skooly("audit", "verify", "--school", "b", "--json").stdout)["schools"]
    assert [(each["school"], each["broken"]["position"]) for each in found] == [("B", 1)]


def test_an_unreadable_anchor_says_how_one_looks(skooly: Skooly) -> None:
    refused = skooly("audit", "verify", "--anchor", "yesterday")
    assert refused.returncode == 1
    assert "./skooly audit verify" in refused.stderr


async def test_who_saw_a_student_is_told_and_recorded(skooly: Skooly, fresh_database: Database) -> None:
    school = await make_school(fresh_database, code="LYCEE")
    actor = await make_actor(fresh_database, school, "bibliotheque", partner="Koha")
    async with fresh_database.transaction(Wall.app(school.id)) as session:
        student = await make_student(session, school.id, matricule="2024/1")
    request = await make_entry(fresh_database, actor, [student.id], operation="Student", channel="rest")
    await make_entry(fresh_database, actor, [uuid4()])
    told = skooly("audit", "search", "--matricule", "2024/1")
    assert told.returncode == 0, told.stderr
    assert "Koha" in told.stdout
    assert str(request) in told.stdout
    by_student = answer(skooly("audit", "search", "--matricule", "2024/1", "--json"))["entries"]
    assert [(each["channel"], each["operation"], each["partner"]) for each in by_student] == [
        ("cli", "skooly audit search", None),
        ("rest", "Student", "Koha"),
    ]
    by_partner = answer(skooly("audit", "search", "--partner", "Koha", "--limit", "1", "--json"))["entries"]
    assert [each["operation"] for each in by_partner] == ["student"]
    assert "Nothing was recorded" in skooly("audit", "search", "--until", "2020-01-01").stderr
    refused = skooly("audit", "search", "--matricule", "nobody")
    assert (refused.returncode, "nobody" in refused.stderr) == (1, True)
