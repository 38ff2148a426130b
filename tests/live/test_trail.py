"""Who saw whom over a stream."""

import asyncio
from collections.abc import Collection
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.slices import skooly_schema
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.events.watching import PeopleNamed
from app.domains.partners.audit import record_audit
from app.domains.partners.tables import School
from app.domains.students.named import students_named
from app.live.trail import Trail, Viewer
from tests.live.support import Platform, platform, take_events, take_until
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student
from tests.support.factories.webhooks import make_endpoint


async def entries(database: Database, school: School) -> list[asyncpg.Record]:
    async with database.raw(Wall.app(school.id)) as connection:
        return await connection.fetch(
            "SELECT key_id, operation, channel, subjects FROM audit_entry ORDER BY request_id, operation"
        )


async def two_students(database: Database, school: School) -> list[UUID]:
    """Whom the log has told of: an event each, the first one's twice."""
    async with database.transaction(Wall.app(school.id)) as session:
        students = [await make_student(session, school.id) for _ in range(2)]
        for student in (*students, students[0]):
            record_event(session, Topic.STUDENT_CREATED, subject=student.id, facts={"matricule": student.matricule})
        record_event(session, Topic.STUDENT_CREATED, subject=school.id, facts={"matricule": "NOBODY"})
    return [student.id for student in students]


async def test_it_is_written_who_was_shown_to_whom(
    database: Database, clock: FixedClock, redis_url: str, school: School
) -> None:
    async with platform(database, clock, redis_url, trail_seconds=60) as live:
        core, pupils = await live.let_in(school), await live.let_in(school, "annuaire")
        first, second = await live.subscribe(core), await live.subscribe(core)
        blind = await live.subscribe(pupils, topics=["endpoint.disabled"])
        opened = await entries(database, school)
        assert [(row["key_id"], row["operation"], row["subjects"]) for row in opened] == [
            (core.key_id, "events", []),
            (core.key_id, "events", []),
            (pupils.key_id, "events", []),
        ]
        students = await two_students(database, school)
        for stream in (first, second):
            await take_events(stream, 4)
        await take_until(blind, bool)
        assert await entries(database, school) == opened, "no stream waits for its audit"
        await live.trail.write()
        [row] = [row for row in await entries(database, school) if row["subjects"]]
        assert (row["key_id"], row["operation"], row["channel"]) == (core.key_id, "events", "graphql")
        assert row["subjects"] == sorted(students)


async def test_what_was_noted_is_written_when_the_process_stops(
    database: Database, clock: FixedClock, redis_url: str, school: School
) -> None:
    async with platform(database, clock, redis_url, trail_seconds=60) as live:
        stream = await live.subscribe(await live.let_in(school))
        students = await two_students(database, school)
        await take_events(stream, 4)
        await stream.close()
    assert [row["subjects"] for row in await entries(database, school) if row["subjects"]] == [sorted(students)]


async def test_what_was_being_written_when_the_process_stops_is_written(
    database: Database, clock: FixedClock, school: School
) -> None:
    began, hangs = asyncio.Event(), True

    async def find(session: AsyncSession, matricules: Collection[str]) -> Collection[UUID]:
        nonlocal hangs
        if hangs:
            hangs = False
            began.set()
            await asyncio.Event().wait()
        return await students_named(session, matricules)

    actor = await make_actor(database, school)
    [student, _] = await two_students(database, school)
    async with database.raw(Wall.app(school.id)) as connection:
        matricule = await connection.fetchval("SELECT matricule FROM student WHERE id = $1", student)
    async with Trail(database, PeopleNamed(find), record_audit, seconds=0.001) as trail:
        trail.noting(Viewer(actor, "events", "graphql"))({matricule})
        await began.wait()
    assert [row["subjects"] for row in await entries(database, school)] == [[student]]


FOLLOWED = {
    "events": ('topics: ["payment.recorded"]', Topic.PAYMENT_RECORDED),
    "passages": ('zone: "GATE"', Topic.ACCESS_GRANTED),
    "payments": ('on: "2025-01-13"', Topic.PAYMENT_RECORDED),
    "endpointEvents": ('endpointId: "{endpoint}"', Topic.PAYMENT_RECORDED),
}
"""Every subscription there is, and how to follow something that names a student."""


def test_every_subscription_is_in_the_table() -> None:
    root = skooly_schema().graphql.subscription_type
    assert root is not None
    assert root.fields.keys() == FOLLOWED.keys()


@pytest.mark.parametrize("root", FOLLOWED)
async def test_every_subscription_is_audited_under_its_name(
    live: Platform, core: Actor, school: School, database: Database, root: str
) -> None:
    given, topic = FOLLOWED[root]
    endpoint = await make_endpoint(database, school, "https://recepteur.example.org", partner=core.partner_name)
    document = (
        f"subscription {{ events: {root}({given.format(endpoint=endpoint)}) {{ __typename ... on Event {{ data }} }} }}"
    )
    stream = await live.subscribe(core, document)
    async with database.transaction(Wall.app(school.id)) as session:
        student = await make_student(session, school.id)
        facts = {"matricule": student.matricule, "zone": "GATE", "received_at": "2025-01-13T09:00:00+00:00"}
        record_event(session, topic, subject=student.id, facts=facts)
    await take_events(stream, 1)
    await live.trail.write()
    rows = await entries(database, school)
    assert {row["operation"] for row in rows} == {root}
    assert [row["subjects"] for row in rows if row["subjects"]] == [[student.id]]
