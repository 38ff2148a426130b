"""Deeply nested lists on a real database: as many statements as there are levels, whatever the size of the lists."""

from collections import defaultdict
from collections.abc import Awaitable, Sequence
from typing import Any
from uuid import UUID

import pytest
import strawberry
from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from app.api.plans import PlannedRunner
from app.api.runner import CoreRunner
from app.core.database import Database, Wall
from app.core.graph.context import Context, Info
from app.core.graph.scoped import scoped
from app.core.scopes import Scope
from app.domains.students.tables import Enrolment, Programme, SchoolClass, Student
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student
from tests.support.operations import Asker
from tests.support.statements import counted

IDS = bindparam("ids", type_=ARRAY(Uuid()))
CLASSES = select(col(SchoolClass.programme_id), col(SchoolClass.id)).where(
    col(SchoolClass.programme_id) == func.any(IDS)
)
ENROLMENTS = select(col(Enrolment.student_id), col(Enrolment.class_id)).where(
    col(Enrolment.student_id) == func.any(IDS)
)
CLASSMATES = (
    select(col(Enrolment.class_id), col(Student.id), col(Student.matricule))
    .join(Student, col(Student.id) == Enrolment.student_id)
    .where(col(Enrolment.class_id) == func.any(IDS))
    .order_by(col(Student.matricule))
)


async def classes_of(context: Context, students: Sequence[UUID]) -> list[list["Group"]]:
    found = defaultdict(list)
    async with context.read() as session:
        for student_id, class_id in await session.execute(ENROLMENTS, {"ids": list(students)}):
            found[student_id].append(Group(key=class_id))
    return [found[student] for student in students]


async def classes_in(context: Context, courses: Sequence[UUID]) -> list[list["Group"]]:
    found = defaultdict(list)
    async with context.read() as session:
        for programme_id, class_id in await session.execute(CLASSES, {"ids": list(courses)}):
            found[programme_id].append(Group(key=class_id))
    return [found[course] for course in courses]


async def pupils_of(context: Context, classes: Sequence[UUID]) -> list[list["Pupil"]]:
    found = defaultdict(list)
    async with context.read() as session:
        for class_id, student_id, matricule in await session.execute(CLASSMATES, {"ids": list(classes)}):
            found[class_id].append(Pupil(key=student_id, matricule=matricule))
    return [found[each] for each in classes]


def _classes(root: "Course", info: Info) -> Awaitable[list["Group"]]:
    return info.context.load(classes_in, root.key)


def _pupils(root: "Group", info: Info) -> Awaitable[list["Pupil"]]:
    return info.context.load(pupils_of, root.key)


async def _groups(root: "Pupil", info: Info) -> list["Group"]:
    return await info.context.load(classes_of, root.key)


@strawberry.type(description="A class.")
class Group:
    key: UUID = scoped(Scope.STUDENTS_LIST, description="Its identifier.")
    pupils: list["Pupil"] = scoped(Scope.STUDENTS_LIST, description="Who is in it.", size=5, resolver=_pupils)


@strawberry.type(description="A student.")
class Pupil:
    key: UUID = scoped(Scope.STUDENTS_LIST, description="Its identifier.")
    matricule: str = scoped(Scope.STUDENTS_LIST, description="The number.")
    groups: list[Group] = scoped(Scope.STUDENTS_LIST, description="The classes.", size=1, resolver=_groups)


@strawberry.type(description="A course of study.")
class Course:
    key: UUID = scoped(Scope.STUDENTS_LIST, description="Its identifier.")
    classes: list[Group] = scoped(Scope.STUDENTS_LIST, description="Its classes.", size=3, resolver=_classes)


async def _courses(info: Info) -> list[Course]:
    async with info.context.read() as session:
        return [Course(key=key) for key in await session.scalars(select(col(Programme.id)))]


@strawberry.type
class Query:
    courses: list[Course] = scoped(Scope.STUDENTS_LIST, description="All of them.", size=3, resolver=_courses)


NESTED = "{ courses { classes { pupils { matricule groups { pupils { matricule } } } } } }"


@pytest.mark.parametrize("make_runner", [PlannedRunner, CoreRunner])
@pytest.mark.parametrize("students", [1, 12])
async def test_a_nested_list_takes_one_statement_a_level(database: Database, make_runner: Any, students: int) -> None:
    core = await make_actor(database, preset="core")
    async with database.transaction(Wall.app(core.school_id)) as session:
        for number in range(students):
            await make_student(session, core.school_id, matricule=f"S{number:02}", enrolled_in=f"P{number % 3}")
    asker = Asker(database, FixedClock(), [Query], make_runner=make_runner)
    with counted(database) as statements:
        answer = await asker.data(core, NESTED)
    pupils = [pupil for course in answer["courses"] for each in course["classes"] for pupil in each["pupils"]]
    assert sorted(pupil["matricule"] for pupil in pupils) == [f"S{number:02}" for number in range(students)]
    assert all(pupil["groups"] == [{"pupils": [{"matricule": pupil["matricule"]}]}] for pupil in pupils)
    # Courses, classes, pupils, groups; the pupils of these groups are known by then.
    assert len(statements) == 4, statements
