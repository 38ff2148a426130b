"""Whatever is done to a student in whatever order: the status follows its machine, and the log tells each step."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.errors import SkoolyError
from app.domains.students import commands
from app.domains.students.errors import AlreadyEnrolled, StatusConflict, StudentGone
from app.domains.students.service import describe_student
from tests.support.factories.partners import make_actor
from tests.support.factories.students import YEAR, make_class, make_year

TODAY = date(2025, 1, 13)
Step = str
CRASH = "crash"
LEGAL = {
    ("active", "suspend"): "suspended",
    ("active", "graduate"): "graduated",
    ("active", "withdraw"): "left",
    ("suspended", "reinstate"): "active",
    ("suspended", "graduate"): "graduated",
    ("suspended", "withdraw"): "left",
}
"""Written down by hand, not taken from the code under test."""
FOLLOWS = {"graduate": "student.graduated"}
CHANGES: dict[Step, Callable[..., Awaitable[object]]] = {
    "suspend": commands.suspend_student,
    "reinstate": commands.reinstate_student,
    "graduate": commands.graduate_student,
    "withdraw": commands.withdraw_student,
}
STEPS = st.lists(st.sampled_from([*CHANGES, "enrol", CRASH]), max_size=8)


@dataclass
class Expected:
    """What the student should be after each step."""

    status: str = "active"
    enrolled: bool = False
    running: bool = False

    def step(self, step: Step) -> tuple[type[SkoolyError] | None, list[str]]:
        """The failure to expect, and the events."""
        if step == "enrol":
            return self._enrol()
        after = LEGAL.get((self.status, step))
        if after is None:
            return StatusConflict, []
        self.status = after
        self.running = self.running and after in ("active", "suspended")
        return None, [FOLLOWS.get(step, "student.updated")]

    def _enrol(self) -> tuple[type[SkoolyError] | None, list[str]]:
        if self.status not in ("active", "suspended"):
            return StudentGone, []
        if self.enrolled:
            return AlreadyEnrolled, []
        self.enrolled = self.running = True
        return None, ["student.updated"]


class Crash(Exception):
    """Breaks a transaction off after everything was written."""


@dataclass
class Subject:
    """One student of a school, and the class to enrol in."""

    database: Database
    actor: Actor
    matricule: str
    school_class: str

    async def do(self, step: Step, *, crash: bool = False) -> None:
        async with self.database.transaction(Wall.app(self.actor.school_id)) as session:
            if step == "enrol":
                place = {"school_class": self.school_class, "school_year": "2024-2025"}
                await commands.enrol_student(session, self.actor, matricule=self.matricule, today=TODAY, **place)
            else:
                await CHANGES[step](session, self.actor, matricule=self.matricule, today=TODAY)
            if crash:
                raise Crash

    async def now(self) -> tuple[str, bool]:
        """Status, and whether an enrolment runs the day after."""
        async with self.database.transaction(Wall.app(self.actor.school_id)) as session:
            found = await describe_student(session, self.matricule, on=date(2025, 1, 14))
        assert found is not None
        return found.identity.status, bool(found.enrolments)

    async def told(self) -> list[str]:
        async with self.database.raw(Wall.app(self.actor.school_id)) as connection:
            rows = await connection.fetch(
                "SELECT type FROM event WHERE facts->>'matricule' = $1 ORDER BY position", self.matricule
            )
        return [row[0] for row in rows]


@settings(max_examples=25)
@given(STEPS)
def test_the_status_follows_its_machine(database_url: str, steps: list[Step]) -> None:
    async def run() -> None:
        async with Database(database_url) as database:
            actor = await make_actor(database)
            async with database.transaction(Wall.app(actor.school_id)) as session:
                joined = await make_class(session, actor.school_id)
                await make_year(session, actor.school_id, days=YEAR)
            await walk(await newcomer(database, actor, joined.code), steps)

    asyncio.run(run())


async def walk(subject: Subject, steps: list[Step]) -> None:
    """A step after "crash" is rolled back once everything was written: it leaves nothing behind."""
    expected, events, crashing = Expected(), ["student.created"], False
    for step in steps:
        if step == CRASH:
            crashing = True
            continue
        wanted = replace(expected)
        failure, told = wanted.step(step)
        broken = crashing and failure is None
        assert await outcome(subject, step, crash=crashing) is (Crash if broken else failure)
        if not broken:
            expected, events = wanted, events + told
        assert await subject.now() == (expected.status, expected.running)
        crashing = False
    assert await subject.told() == events


async def outcome(subject: Subject, step: Step, *, crash: bool) -> type[Exception] | None:
    try:
        await subject.do(step, crash=crash)
    except (SkoolyError, Crash) as error:
        return type(error)
    return None


async def newcomer(database: Database, actor: Actor, school_class: str) -> Subject:
    matricule = f"M{uuid4().hex[:12].upper()}"
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await commands.create_student(
            session, actor, matricule=matricule, first_name="Awa", last_name="Ba", today=TODAY
        )
    return Subject(database, actor, matricule, school_class)
