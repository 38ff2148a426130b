"""The chain: what was sealed can be checked, and whatever was done to it afterwards is found."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.core.actor import Actor
from app.core.clock import SystemClock
from app.core.database import Database, Wall
from app.core.ids import new_id, new_id_at
from app.domains.audit.forgetting import forget_subject
from app.domains.audit.sealing import seal_audit, seal_school, seal_strays
from app.domains.audit.verifying import Anchor, verify_chain
from app.domains.partners.audit import record_audit
from tests.support.factories.audit import make_entry
from tests.support.factories.partners import make_actor

AT_ONCE = timedelta(milliseconds=-1000)
"""As if every entry had settled: ids and instants up to a second ahead."""


@pytest.fixture
async def actor(database: Database) -> Actor:
    return await make_actor(database)


async def seal(database: Database, actor: Actor) -> int:
    return await seal_school(database, actor.school_id, settled=AT_ONCE)


async def tamper(database: Database, actor: Actor, statement: str, *args: object) -> None:
    """As whoever owns the tables could."""
    async with database.raw(Wall.owner(actor.school_id)) as connection:
        await connection.execute(statement, *args)


async def test_a_school_nobody_asked_about_has_an_empty_chain_that_holds(database: Database, actor: Actor) -> None:
    verified = await verify_chain(database, actor.school_id)
    assert (verified.entries, verified.broken, verified.unsealed) == (0, None, 0)


async def test_entries_are_sealed_once_in_the_order_of_their_requests(database: Database, actor: Actor) -> None:
    requests = [await make_entry(database, actor, [uuid4()]) for _ in range(3)]
    assert await seal(database, actor) == 3
    assert await seal(database, actor) == 0
    requests.append(await make_entry(database, actor, [uuid4(), uuid4()]))
    assert await seal(database, actor) == 1
    async with database.raw(Wall.app(actor.school_id)) as connection:
        rows = await connection.fetch("SELECT position, request_id FROM audit_seal ORDER BY position")
    assert [tuple(row) for row in rows] == list(enumerate(requests, 1))
    verified = await verify_chain(database, actor.school_id)
    assert (verified.entries, verified.broken) == (4, None)


async def test_many_entries_take_several_batches(database: Database, actor: Actor) -> None:
    for _ in range(5):
        await make_entry(database, actor, [uuid4()])
    assert await seal_school(database, actor.school_id, settled=AT_ONCE, batch=2) == 5
    assert (await verify_chain(database, actor.school_id)).entries == 5


async def test_what_may_still_change_is_not_sealed(database: Database, actor: Actor) -> None:
    """Another mutation field of the same operation may add subjects."""
    await make_entry(database, actor, [uuid4()])
    assert await seal_school(database, actor.school_id) == 0
    assert (await verify_chain(database, actor.school_id)).unsealed == 0


async def test_an_id_of_long_ago_does_not_make_an_entry_settled(database: Database, actor: Actor) -> None:
    """The clock of the machine that made the id is slow; the database's own clock counts."""
    await make_entry(database, actor, [uuid4()], request_id=new_id_at(SystemClock().now() - timedelta(hours=1)))
    assert await seal_school(database, actor.school_id) == 0


async def test_a_stray_is_found_behind_the_seal(database: Database, actor: Actor) -> None:
    await make_entry(database, actor, [uuid4()])
    assert await seal(database, actor) == 1
    late = new_id_at(SystemClock().now() - timedelta(hours=2))
    await make_entry(database, actor, [uuid4()], request_id=late)
    assert await seal(database, actor) == 0
    assert (await verify_chain(database, actor.school_id)).unsealed == 1
    assert await seal_strays(database, settled=AT_ONCE) >= 1
    verified = await verify_chain(database, actor.school_id)
    assert (verified.entries, verified.unsealed, verified.broken) == (2, 0, None)


async def test_every_school_has_a_chain_of_its_own(database: Database) -> None:
    actors = [await make_actor(database) for _ in range(2)]
    for actor in actors:
        await make_entry(database, actor, [uuid4()])
    assert await seal_audit(database, settled=AT_ONCE) >= 2
    first, second = [await verify_chain(database, actor.school_id) for actor in actors]
    assert first.entries == second.entries == 1
    assert first.link != second.link


async def test_two_workers_seal_nothing_twice(database: Database, actor: Actor) -> None:
    for _ in range(20):
        await make_entry(database, actor, [uuid4()])
    assert sum(await asyncio.gather(*(seal(database, actor) for _ in range(4)))) == 20
    assert (await verify_chain(database, actor.school_id)).entries == 20


Tamper = Callable[[Database, Actor, UUID], Awaitable[None]]


def by(statement: str) -> Tamper:
    """`$1` is the request of the third entry."""
    return lambda database, actor, request: tamper(database, actor, statement, request)


WAYS: dict[str, tuple[str, str]] = {
    "another key": ("UPDATE audit_entry SET key_id = 'x' WHERE request_id = $1", "another key"),
    "another key in both": (
        "WITH a AS (UPDATE audit_seal SET key_id = 'x' WHERE request_id = $1)"
        " UPDATE audit_entry SET key_id = 'x' WHERE request_id = $1",
        "changed",
    ),
    "another time": ("UPDATE audit_entry SET at = at - interval '1 hour' WHERE request_id = $1", "changed"),
    "another channel": ("UPDATE audit_entry SET channel = 'cli' WHERE request_id = $1", "changed"),
    "another student": (
        "UPDATE audit_entry SET subjects = ARRAY[uuidv7()] WHERE request_id = $1",
        "a subject was changed",
    ),
    "nobody": ("UPDATE audit_entry SET subjects = '{}' WHERE request_id = $1", "taken away"),
    "a student more": ("UPDATE audit_entry SET subjects = subjects || uuidv7() WHERE request_id = $1", "added"),
    "no entry": ("DELETE FROM audit_entry WHERE request_id = $1", "the entry is missing"),
    "no link": ("DELETE FROM audit_seal WHERE request_id = $1", "links 3 to 3 are missing"),
    "another link": ("UPDATE audit_seal SET link = sha256('') WHERE request_id = $1", "changed"),
    "another commitment": (
        "UPDATE audit_seal SET commitments = ARRAY[sha256('')] WHERE request_id = $1",
        "a subject was changed",
    ),
}


@pytest.mark.parametrize("way", WAYS)
async def test_the_first_broken_link_is_named(database: Database, actor: Actor, way: str) -> None:
    requests = [await make_entry(database, actor, [uuid4()]) for _ in range(5)]
    await seal(database, actor)
    statement, reason = WAYS[way]
    await tamper(database, actor, statement, requests[2])
    verified = await verify_chain(database, actor.school_id)
    assert verified.entries == 2
    assert verified.broken is not None
    assert reason in verified.broken.reason
    assert verified.broken.position == (4 if way == "no link" else 3)
    if way != "no link":
        assert verified.broken.request_id == requests[2]


async def test_a_cut_off_end_is_found(database: Database, actor: Actor) -> None:
    requests = [await make_entry(database, actor, [uuid4()]) for _ in range(3)]
    await seal(database, actor)
    await tamper(database, actor, "DELETE FROM audit_seal WHERE request_id = $1", requests[2])
    broken = (await verify_chain(database, actor.school_id)).broken
    assert broken is not None
    assert (broken.position, broken.reason) == (3, "the link is missing")


async def test_an_entry_taken_out_with_its_link_is_found(database: Database, actor: Actor) -> None:
    """The positions are closed up again: the links still do not fit."""
    requests = [await make_entry(database, actor, [uuid4()]) for _ in range(4)]
    await seal(database, actor)
    for statement in (
        "DELETE FROM audit_entry WHERE request_id = $1",
        "DELETE FROM audit_seal WHERE request_id = $1",
        "UPDATE audit_seal SET position = position - 1 WHERE request_id > $1",
        "UPDATE audit_chain SET position = position - 1 WHERE $1::uuid IS NOT NULL",
    ):
        await tamper(database, actor, statement, requests[1])
    broken = (await verify_chain(database, actor.school_id)).broken
    assert broken is not None
    assert (broken.position, broken.request_id) == (2, requests[2])


async def test_a_chain_written_anew_is_found_by_an_anchor_kept_elsewhere(database: Database, actor: Actor) -> None:
    requests = [await make_entry(database, actor, [uuid4()]) for _ in range(3)]
    await seal(database, actor)
    noted = await verify_chain(database, actor.school_id)
    anchor = Anchor(noted.entries, noted.link)
    assert (await verify_chain(database, actor.school_id, anchor)).broken is None
    await tamper(database, actor, "UPDATE audit_entry SET channel = 'cli' WHERE request_id = $1", requests[1])
    for table in ("audit_seal", "audit_subject", "audit_chain"):
        await tamper(database, actor, f"DELETE FROM {table}")
    await seal(database, actor)
    assert (await verify_chain(database, actor.school_id)).broken is None
    broken = (await verify_chain(database, actor.school_id, anchor)).broken
    assert broken is not None
    assert broken.position == 3
    assert "written anew" in broken.reason


async def test_an_anchor_past_the_end_is_found(database: Database, actor: Actor) -> None:
    await make_entry(database, actor, [uuid4()])
    await seal(database, actor)
    broken = (await verify_chain(database, actor.school_id, Anchor(2, b""))).broken
    assert broken is not None
    assert "before the anchor" in broken.reason


async def test_the_application_cannot_write_the_chain(database: Database, actor: Actor) -> None:
    await make_entry(database, actor, [uuid4()])
    await seal(database, actor)
    for statement in (
        "UPDATE audit_seal SET position = 7",
        "DELETE FROM audit_seal",
        "UPDATE audit_chain SET position = 7",
        "DELETE FROM audit_subject",
        "DELETE FROM audit_salt",
        "DELETE FROM audit_entry",
    ):
        with pytest.raises(Exception, match="permission denied"):
            async with database.raw(Wall.app(actor.school_id)) as connection:
                await connection.execute(statement)


async def test_forgetting_a_student_leaves_the_chain_whole(database: Database, actor: Actor) -> None:
    ada, alan = sorted((new_id(), new_id()))
    await make_entry(database, actor, [ada, alan])
    await make_entry(database, actor, [alan])
    await seal(database, actor)
    await make_entry(database, actor, [ada])
    assert await forget_subject(database, actor.school_id, ada) == 2
    await seal(database, actor)
    verified = await verify_chain(database, actor.school_id)
    assert (verified.entries, verified.forgotten, verified.broken) == (3, 2, None)
    assert await traces(database, actor, ada) == 0
    assert await traces(database, actor, alan) == 5


async def traces(database: Database, actor: Actor, student: UUID) -> int:
    """Rows of the audit, whole as text, in which a student's id stands."""
    total = 0
    async with database.raw(Wall.owner(actor.school_id)) as connection:
        for table in ("audit_entry", "audit_seal", "audit_subject", "audit_salt", "audit_chain"):
            total += await connection.fetchval(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%' || $1 || '%'", str(student)
            )
    return total


async def test_without_the_salt_nobody_can_be_told_from_the_commitment(database: Database, actor: Actor) -> None:
    """Two entries about one student have nothing in common once sealed."""
    student = uuid4()
    for _ in range(2):
        await make_entry(database, actor, [student])
    await seal(database, actor)
    async with database.raw(Wall.app(actor.school_id)) as connection:
        [(first,), (second,)] = await connection.fetch("SELECT commitments[1] FROM audit_seal ORDER BY position")
    assert first != second


async def test_an_operation_that_went_on_is_sealed_whole(database: Database, actor: Actor) -> None:
    request, subjects = new_id(), [uuid4(), uuid4()]
    for subject in subjects:
        async with database.transaction(Wall.app(actor.school_id)) as session:
            await record_audit(
                session, actor, request_id=request, operation="student", channel="rest", subjects=[subject]
            )
    await seal(database, actor)
    async with database.raw(Wall.app(actor.school_id)) as connection:
        noted = await connection.fetch("SELECT subject FROM audit_subject ORDER BY 1")
    assert [row[0] for row in noted] == sorted(subjects)
