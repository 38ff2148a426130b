"""Creating, enrolling, giving and taking back badges: each with its event, all or nothing."""

import asyncio
from datetime import date
from typing import Any

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.domains.events.service import read_events
from app.domains.students.commands import assign_badge, create_student, enrol_student, revoke_badge
from app.domains.students.errors import (
    AlreadyEnrolled,
    BadgeNotFound,
    ClassNotFound,
    MatriculeTaken,
    SchoolYearNotFound,
    StudentNotFound,
)
from app.domains.students.service import describe_student, find_badge_holder
from tests.support.factories.partners import make_actor
from tests.support.factories.students import YEAR, make_class, make_student, make_year

TODAY = date(2025, 1, 13)


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


async def log(database: Database, actor: Actor) -> list[tuple[str, dict[str, Any]]]:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        return [(event.type, event.facts) for event in await read_events(session, 0, 1_000)]


async def create(database: Database, actor: Actor, matricule: str = "2024/INF/0123", **others: Any) -> None:
    given = {"first_name": "Aïssatou", "last_name": "N'Diaye", **others}
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await create_student(session, actor, matricule=matricule, today=TODAY, **given)


async def test_create_student(database: Database, core: Actor) -> None:
    await create(database, core, " 2024/inf/0123 ")
    facts = {"matricule": "2024/inf/0123", "first_name": "Aïssatou", "last_name": "N'Diaye", "status": "active"}
    assert await log(database, core) == [("student.created", facts)]


async def test_a_matricule_is_taken_in_any_case(database: Database, core: Actor) -> None:
    await create(database, core)
    with pytest.raises(MatriculeTaken):
        await create(database, core, "2024/inf/0123")
    assert len(await log(database, core)) == 1
    await create(database, await make_actor(database))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"first_name": ""}, "firstName"),
        ({"last_name": " "}, "lastName"),
        ({"last_name": "x" * 101}, "lastName"),
        ({"first_name": "a\x00"}, "firstName"),
        ({"matricule": ""}, "matricule"),
    ],
)
async def test_unusable_texts_are_refused(database: Database, core: Actor, values: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await create(database, core, **values)
    assert refusal.value.field == field
    assert await log(database, core) == []


async def test_enrol_student(database: Database, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        student = await make_student(session, core.school_id, enrolled_in=None)
        joined = await make_class(session, core.school_id)
        await make_year(session, core.school_id)
    async with database.transaction(Wall.app(core.school_id)) as session:
        before = await describe_student(session, student.matricule, on=YEAR[0])
        given = {
            "matricule": student.matricule,
            "school_class": joined.code.lower(),
            "school_year": "2024-2025",
            "today": TODAY,
        }
        await enrol_student(session, core, **given)
        after = await describe_student(session, student.matricule, on=YEAR[0])
        with pytest.raises(AlreadyEnrolled):
            await enrol_student(session, core, **given)
    assert before is not None
    assert after is not None
    assert (before.enrolled, after.enrolled) == (False, True)
    assert after.enrolments[0].school_class.code == joined.code
    assert after.updated_at > before.updated_at
    assert [type_ for type_, _ in await log(database, core)] == ["student.updated"]


async def test_enrolments_name_what_is_missing(database: Database, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        student = await make_student(session, core.school_id)
        joined = await make_class(session, core.school_id)
        whole = {
            "matricule": student.matricule,
            "school_class": joined.code,
            "school_year": "2024-2025",
            "today": TODAY,
        }
        for name, error in (
            ("matricule", StudentNotFound),
            ("school_class", ClassNotFound),
            ("school_year", SchoolYearNotFound),
        ):
            with pytest.raises(error):
                await enrol_student(session, core, **{**whole, name: "NONE"})


async def test_a_badge_goes_from_hand_to_hand(database: Database, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        first, second = [await make_student(session, core.school_id, matricule=name) for name in ("ONE", "TWO")]
        await assign_badge(session, core, matricule="ONE", uid="04a2")
        await assign_badge(session, core, matricule="ONE", uid="04A2")
        await assign_badge(session, core, matricule="TWO", uid="04A2")
        holder = await find_badge_holder(session, "04a2")
        assert holder is not None
        assert holder.student == second
        revoked = await revoke_badge(session, core, uid="04A2")
        assert (revoked.student_id, revoked.badge) == (second.id, "04A2")
        assert await find_badge_holder(session, "04A2") is None
        with pytest.raises(BadgeNotFound):
            await revoke_badge(session, core, uid="04A2")
        await assign_badge(session, core, matricule="ONE", uid="04A2")
    assert first.status == "active"
    assert await log(database, core) == [
        ("badge.assigned", {"badge": "04A2", "matricule": "ONE"}),
        ("badge.revoked", {"badge": "04A2", "matricule": "ONE"}),
        ("badge.assigned", {"badge": "04A2", "matricule": "TWO"}),
        ("badge.revoked", {"badge": "04A2", "matricule": "TWO"}),
        ("badge.assigned", {"badge": "04A2", "matricule": "ONE"}),
    ]


async def test_a_badge_given_to_many_at_once_ends_in_one_hand(database: Database, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        students = [await make_student(session, core.school_id) for _ in range(8)]

    async def give(matricule: str) -> None:
        async with database.transaction(Wall.app(core.school_id)) as session:
            await assign_badge(session, core, matricule=matricule, uid="RACE")

    await asyncio.gather(*(give(student.matricule) for student in students))
    types = [type_ for type_, _ in await log(database, core)]
    assert (types.count("badge.assigned"), types.count("badge.revoked")) == (8, 7)


async def test_a_badge_needs_a_student(database: Database, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        with pytest.raises(StudentNotFound):
            await assign_badge(session, core, matricule="NOBODY", uid="04A2")
