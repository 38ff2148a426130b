"""One event to N subscribers who ask the same: streams beside stock Strawberry, in process.

No database and no sockets: what is measured is the way from a row of the log to the encoded answer in each subscriber's
task. The floor is a queue of ready bytes for each subscriber.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import strawberry
import uvloop
from rich.console import Console
from rich.table import Table
from strawberry.schema.config import StrawberryConfig

from app.api.operations import Preparer
from app.api.scalars import SCALARS
from app.api.slices import skooly_schema
from app.api.streams.rendering import FrameRenderer, Selection
from app.api.variables import read_variables
from app.core.actor import Actor
from app.core.ids import new_id
from app.domains.events.cursors import LogCursors, Place
from app.domains.events.following import LogFilter
from app.domains.events.reading import Stretch
from app.domains.events.schema.shapes import Event as EventShown
from app.domains.events.schema.shapes import EventEnvelope
from app.domains.events.tables import Event
from app.domains.events.topics import Topic
from app.live.cohort import Cohort, Listening
from app.live.stream import Stream
from app.live.waiting import Everything

DOCUMENT = "subscription { events { ... on Event { id cursor topic subject occurredAt data } } }"
NOBODY = UUID(int=0)
ACTOR = Actor(NOBODY, "BENCH", "Africa/Dakar", NOBODY, "bench", "bench", frozenset())
CURSORS = LogCursors("a secret of the benchmark's own, 32")
FACTS = {"matricule": "2024/INF/0123", "amount": 250_000, "currency": "XOF", "provider": "orange_money"}
Way = Callable[[int, Sequence[Event]], Awaitable[float]]
"""Brings the events to that many subscribers, one after the other; the CPU seconds it took."""


def events(first: int, count: int) -> list[Event]:
    moment = datetime(2025, 1, 13, 9, tzinfo=UTC)
    return [
        Event(
            school_id=NOBODY,
            id=new_id(),
            position=position,
            epoch=1,
            type=Topic.PAYMENT_RECORDED,
            schema_version=1,
            subject=new_id(),
            facts=FACTS,
            occurred_at=moment,
        )
        for position in range(first, first + count)
    ]


class Arrivals:
    """Counts what has reached the subscribers, and wakes whoever waits for all of it."""

    def __init__(self) -> None:
        self._missing = 0
        self._complete = asyncio.Event()

    def count(self, frames: int) -> None:
        self._missing -= frames
        if not self._missing:
            self._complete.set()

    async def wait(self, expected: int, send: Callable[[], Any]) -> None:
        self._missing = expected
        self._complete.clear()
        send()
        await self._complete.wait()


async def _measured(arrivals: Arrivals, subscribers: int, sends: Sequence[Callable[[], Any]]) -> float:
    started = time.process_time()
    for send in sends:
        await arrivals.wait(subscribers, send)
    return time.process_time() - started


async def floor(subscribers: int, happened: Sequence[Event]) -> float:
    arrivals, queues = Arrivals(), [asyncio.Queue[bytes]() for _ in range(subscribers)]

    async def receive(queue: asyncio.Queue[bytes]) -> None:
        while True:
            await queue.get()
            arrivals.count(1)

    def send() -> None:
        for queue in queues:
            queue.put_nowait(b"{}")

    tasks = [asyncio.create_task(receive(queue)) for queue in queues]
    try:
        return await _measured(arrivals, subscribers, [send] * len(happened))
    finally:
        await _end(tasks)


class StillLog:
    """As `Listening` has it, of a log in which there was nothing yet."""

    async def join(self, *_: object) -> Place:
        return Place(1, 0)

    def leave(self, *_: object) -> None:
        return None

    async def read(self, _: UUID, after: Place) -> Stretch:
        return Stretch([], after, False)


async def streams(subscribers: int, happened: Sequence[Event]) -> float:
    schema, log, arrivals = skooly_schema(), StillLog(), Arrivals()
    prepared = Preparer(schema).prepare(DOCUMENT)
    selection = Selection(schema.graphql, prepared, read_variables(schema.graphql, prepared.operation, {}))
    renderer = FrameRenderer(selection, CURSORS, ACTOR, "en")
    cohort = Cohort(NOBODY, LogFilter(frozenset(Topic)), renderer, log)
    followed = [_stream(cohort, log) for _ in range(subscribers)]

    async def receive(stream: Stream) -> None:
        while frames := await stream.take():
            arrivals.count(len(frames))

    for stream in followed:
        await stream.begin(None)
    tasks: list[asyncio.Task[None]] = []
    try:
        await arrivals.wait(subscribers, lambda: tasks.extend(asyncio.create_task(receive(each)) for each in followed))
        sends = [lambda event=event: cohort.hear([event], Place(1, event.position)) for event in happened]
        return await _measured(arrivals, subscribers, sends)
    finally:
        await _end(tasks)


def _stream(cohort: Cohort, log: Listening) -> Stream:
    return Stream(cohort, log, Everything(), trusted=lambda: True, shown=set[str]().update, ended=lambda _: None)


async def stock(subscribers: int, happened: Sequence[Event]) -> float:
    arrivals, queues = Arrivals(), [asyncio.Queue[Event]() for _ in range(subscribers)]
    schema = _stock_schema()

    async def receive(queue: asyncio.Queue[Event]) -> None:
        async for result in await schema.subscribe(DOCUMENT, context_value={"queue": queue}):
            assert result.data is not None, result.errors
            json.dumps({"data": result.data}).encode()
            arrivals.count(1)

    def send(event: Event) -> None:
        for queue in queues:
            queue.put_nowait(event)

    tasks = [asyncio.create_task(receive(queue)) for queue in queues]
    try:
        await arrivals.wait(subscribers, lambda: send(happened[0]))
        return await _measured(arrivals, subscribers, [lambda event=event: send(event) for event in happened])
    finally:
        await _end(tasks)


def _stock_schema() -> strawberry.Schema:
    """The same types, without scopes, plans or cohorts: a generator for each subscriber."""

    async def follow(info: strawberry.Info) -> AsyncGenerator[EventEnvelope, None]:
        while True:
            event = await info.context["queue"].get()
            yield EventShown.of(event, CURSORS.write(NOBODY, Place(1, event.position)), ACTOR.timezone)

    @strawberry.type
    class Query:
        nothing: int = 0

    @strawberry.type
    class Subscription:
        events: EventEnvelope = strawberry.subscription(resolver=follow)

    return strawberry.Schema(Query, subscription=Subscription, config=StrawberryConfig(scalar_map=SCALARS))


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


WAYS: dict[str, tuple[Way, int]] = {"floor": (floor, 50), "streams": (streams, 50), "stock Strawberry": (stock, 5)}
"""With how many events each is measured in a round: the same time, about."""


async def measure(subscribers: int, rounds: int) -> dict[str, float]:
    """CPU microseconds for each delivery: medians over rounds in which the ways take turns."""
    found: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, (way, count) in WAYS.items():
            seconds = await way(subscribers, events(1, count))
            found[name].append(seconds / count / subscribers * 1e6)
    return {name: statistics.median(each) for name, each in found.items()}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", type=int, nargs="+", default=[100, 1_000, 5_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = {count: await measure(count, options.rounds) for count in options.subscribers}
    if options.json:
        print(json.dumps(results, indent=2))
        return
    for count, medians in results.items():
        table = Table("", "deliveries/s", "CPU µs", "× stock", title=f"One event to {count:,} subscribers, in process")
        for name, median in medians.items():
            table.add_row(name, f"{1e6 / median:,.0f}", f"{median:.1f}", f"{medians['stock Strawberry'] / median:.1f}")
        Console(width=100).print(table)


if __name__ == "__main__":
    uvloop.run(main())
