"""What is shown to many is made once."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from app.api.operations import Preparer
from app.api.slices import skooly_schema
from app.api.streams import Frame, Stream
from app.api.streams.rendering import plan_of
from app.core.actor import Actor
from app.core.database import Database
from app.domains.events.cursors import Place
from app.domains.events.errors import LogGap
from app.domains.events.following import LogFilter
from app.domains.events.tables import Event
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from app.live.cohort import Cohort
from tests.live.support import EVENTS, Platform, happen, names_in, shown


async def next_event(stream: Stream) -> Frame:
    while True:
        for frame in await stream.take():
            if names_in([shown(frame.payload)]):
                return frame


async def test_everybody_who_asks_the_same_is_handed_the_same_bytes(
    live: Platform, core: Actor, school: School, database: Database
) -> None:
    again = await live.let_in(school, partner="another partner")
    asked = {"topics": ["wallet.low"]}
    streams = [await live.subscribe(actor, **asked) for actor in (core, again) for _ in range(20)]
    start = await live.subscribe(core, after=None, **asked)
    await happen(database, core.school_id, "a")
    frames = {id(await next_event(stream)) for stream in (*streams, start)}
    assert len(frames) == 1


async def test_who_is_told_of_its_own_endpoints_is_of_its_integrations_cohort(live: Platform, school: School) -> None:
    ours, theirs = [await live.let_in(school, partner=partner) for partner in ("ours", "theirs")]
    shown = {LogFilter.of(actor, frozenset({Topic.WALLET_LOW})) for actor in (ours, theirs)}
    assert len(shown) == 1
    shown = {LogFilter.of(actor, frozenset({Topic.WALLET_LOW, Topic.ENDPOINT_DISABLED})) for actor in (ours, theirs)}
    assert len(shown) == 2


async def test_who_asks_otherwise_or_may_see_otherwise_is_not_of_the_cohort(
    live: Platform, core: Actor, school: School, database: Database
) -> None:
    one_zone = await live.let_in(school, zones=["GATE"])
    pupils = await live.let_in(school, "annuaire")
    streams = [
        await live.subscribe(core),
        await live.subscribe(core, EVENTS + "\n"),
        await live.subscribe(core, topics=["student.created"]),
        await live.subscribe(one_zone),
        await live.subscribe(pupils),
    ]
    await happen(database, core.school_id, "a", topic=Topic.STUDENT_CREATED)
    frames = [await next_event(stream) for stream in streams]
    assert len({id(frame) for frame in frames}) == len(streams)


async def test_a_later_member_is_handed_what_was_made_for_the_first(
    live: Platform, core: Actor, database: Database
) -> None:
    first = await live.subscribe(core)
    [checkpoint] = await first.take()
    await happen(database, core.school_id, "a")
    frame = await next_event(first)
    assert await next_event(await live.subscribe(core, after=checkpoint.cursor)) is frame


@dataclass
class CountingRenderer:
    """As `Renderer` has it."""

    rendered: list[int] = field(default_factory=list)

    def event(self, event: Event) -> Frame:
        self.rendered.append(event.position)
        return Frame(b"", "", Place(1, event.position), ("", event.subject))

    def checkpoint(self, place: Place) -> Frame:
        return Frame(b"", "", place, ("", None))

    def gap(self, gap: LogGap) -> Frame:
        return Frame(b"", None, None, ("", None))

    def cursor(self, place: Place) -> str:
        return ""


@dataclass(eq=False)
class Member:
    heard: list[Frame] = field(default_factory=list)

    def receive(self, frames: list[Frame], _: int) -> None:
        self.heard += frames


def event_at(position: int, topic: Topic) -> Event:
    moment = datetime(2025, 1, 13, tzinfo=UTC)
    return Event(
        school_id=uuid4(),
        id=uuid4(),
        position=position,
        epoch=1,
        type=topic,
        subject=uuid4(),
        facts={},
        occurred_at=moment,
    )


async def test_an_event_is_rendered_once_and_only_if_it_is_shown(live: Platform, school: School) -> None:
    renderer, members = CountingRenderer(), [Member() for _ in range(50)]
    cohort = Cohort(school.id, LogFilter(frozenset({Topic.WALLET_LOW})), renderer, live.tailer)
    cohort.members.update(members)  # type: ignore[arg-type]
    events = [event_at(1, Topic.WALLET_LOW), event_at(2, Topic.ZONE_CREATED), event_at(3, Topic.WALLET_LOW)]
    cohort.hear(events, Place(1, 3))
    cohort.frames(events)
    assert renderer.rendered == [1, 3]
    assert all(len(member.heard) == 2 for member in members)


async def test_nobody_s_log_is_not_read(live: Platform, core: Actor, database: Database) -> None:
    streams = [await live.subscribe(core) for _ in range(3)]
    for stream in streams:
        await stream.close()
    assert live.tailer.schools == set()
    assert live.engine.open_streams == 0


def test_what_a_subscription_brings_needs_no_resolver_and_no_database() -> None:
    """So it can be rendered while the log is being read, without waiting for anything."""
    schema = skooly_schema()
    preparer = Preparer(schema)
    for document in (EVENTS, "subscription { events { ... on Event { id schemaVersion subject occurredAt } } }"):
        assert plan_of(schema.graphql, preparer.prepare(document)) is not None
    for name in ("Event", "Checkpoint", "Gap"):
        for each in schema.graphql.type_map[name].fields.values():  # type: ignore[attr-defined]
            assert each.extensions["strawberry-definition"].is_basic_field
