"""A live engine over real servers, and what the tests of streams do with it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import orjson

from app.api.executor import Executor, Request
from app.api.operations import Preparer
from app.api.slices import skooly_schema
from app.api.streams import LiveEngine, Stream
from app.core.actor import Actor
from app.core.clock import Clock
from app.core.database import Database, Wall
from app.core.doorbell import Doorbell
from app.core.errors import SkoolyError, Unavailable
from app.core.ids import new_id
from app.domains.events.cursors import LogCursors
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.events.watching import PeopleNamed
from app.domains.partners.audit import record_audit
from app.domains.partners.keyring import Keyring
from app.domains.partners.tables import School
from app.domains.students.named import students_named
from app.live.keys import KeyGuard
from app.live.tail import Tailer
from app.live.trail import Trail
from app.live.watch import Watch
from tests.support.factories.partners import PEPPERS, make_key
from tests.support.operations import CURSOR_SECRET

CURSORS = LogCursors(CURSOR_SECRET)
EVENTS = """subscription ($after: String, $topics: [String!], $latest: Boolean! = false) {
    events(after: $after, topics: $topics, latest: $latest) {
        __typename
        ... on Event { cursor topic data }
        ... on Checkpoint { cursor }
        ... on Gap { code oldestAvailable } } }"""
NO_VALKEY = "unix:///nowhere/valkey.sock"
PATIENCE = 20
"""Seconds until a test gives up waiting for what should come at once."""


@dataclass
class Platform:
    """One process of the product, as far as streams go."""

    database: Database
    engine: LiveEngine
    keyring: Keyring
    tailer: Tailer
    trail: Trail
    doorbell: Doorbell
    preparer: Preparer = field(default_factory=lambda: Preparer(skooly_schema()))

    async def let_in(self, school: School, preset: str = "core", **options: Any) -> Actor:
        """Whoever has a new key; `options` are those of `make_key`."""
        key = await make_key(self.database, school, preset, **options)
        return await self.keyring.authenticate(key.key, None)

    async def subscribe(self, actor: Actor, document: str = EVENTS, **variables: Any) -> Stream:
        """Comes again, as a client does, where the database was too slow to say who may listen."""
        prepared = self.preparer.prepare(document)
        for _ in range(2):
            with contextlib.suppress(Unavailable):
                return await self.engine.subscribe(prepared, variables, actor, Request(new_id(), "en", "graphql"))
        return await self.engine.subscribe(prepared, variables, actor, Request(new_id(), "en", "graphql"))


@asynccontextmanager
async def platform(
    database: Database,
    clock: Clock,
    redis_url: str,
    *,
    trail_seconds: float = 0.05,
    line: Database | None = None,
    **options: Any,
) -> AsyncIterator[Platform]:
    """`line` is the keyring's, `options` are the engine's."""
    schema = skooly_schema()
    services = {LogCursors: CURSORS, PeopleNamed: PeopleNamed(students_named)}
    executor = Executor(schema, database, clock, record_audit, services=services)
    keyring = Keyring(database, PEPPERS, clock, line=line)
    trail = Trail(database, services[PeopleNamed], record_audit, seconds=trail_seconds)
    async with Doorbell(redis_url) as doorbell, Watch(database, doorbell) as watch:
        tailer = Tailer(database, watch)
        engine = LiveEngine(schema, executor, CURSORS, tailer, KeyGuard(keyring, clock), trail, **options)
        await keyring.start()
        try:
            async with engine:
                yield Platform(database, engine, keyring, tailer, trail, doorbell)
        finally:
            await keyring.stop()


async def happen(database: Database, school_id: UUID, *names: str, topic: Topic = Topic.WALLET_LOW) -> None:
    """Events of these names, in one transaction."""
    async with database.transaction(Wall.app(school_id)) as session:
        for name in names:
            record_event(session, topic, subject=uuid4(), facts={"name": name})


def shown(frame_payload: bytes) -> dict[str, Any]:
    answer = orjson.loads(frame_payload)
    assert set(answer) == {"data"}, answer
    envelope: dict[str, Any] = answer["data"]["events"]
    return envelope


async def take_until(stream: Stream, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """What the stream brings, envelope by envelope, until it is enough or the stream has ended."""
    taken: list[dict[str, Any]] = []
    async with asyncio.timeout(PATIENCE):
        while not enough(taken):
            frames = await stream.take()
            if not frames:
                break
            taken += [shown(frame.payload) for frame in frames]
    return taken


async def take_events(stream: Stream, count: int) -> list[dict[str, Any]]:
    """The next `count` events, without the checkpoints between them."""
    taken = await take_until(stream, lambda taken: len(events_in(taken)) >= count)
    return events_in(taken)


def ended(stream: Stream, reason: type[SkoolyError]) -> str:
    """The cursor that the stream ended with, for this reason."""
    assert stream.closing is not None
    assert type(stream.closing.failure) is reason
    assert stream.closing.cursor is not None
    return stream.closing.cursor


def events_in(envelopes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in envelopes if each["__typename"] == "Event"]


def names_in(envelopes: Sequence[dict[str, Any]]) -> list[str]:
    return [each["data"]["name"] for each in envelopes if each["__typename"] == "Event"]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)
