"""The log of a school as the API shows it."""

import time
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry import argument
from strawberry.scalars import JSON

from app.core.database import Wall
from app.core.errors import InvalidInput
from app.core.graph.connection import First
from app.core.graph.context import Context, Info
from app.core.graph.failure import Failure
from app.core.graph.scoped import any_scope, scoped
from app.core.pagination import DEFAULT_PAGE, page_size
from app.core.scopes import Scope
from app.domains.events import tables
from app.domains.events.cursors import LogCursors, Place
from app.domains.events.errors import LogGap
from app.domains.events.reading import log_state, read_stretch
from app.domains.events.topics import Topic
from app.domains.events.visibility import chosen_topics, is_shown
from app.domains.events.watching import LogWatch, PeopleNamed

LONGEST_WAIT = 25
"""Seconds: under the half minute after which proxies commonly give a silent request up."""
LOOKED_THROUGH = 1_000
"""Events read for one page at most, shown or not."""

_of_log = any_scope([Scope.EVENTS_READ])


@strawberry.type(description="Something that happened, as it stands in the school's log.")
class Event:
    id: UUID = _of_log(
        description="Its identifier, the same on every channel.", example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"
    )
    cursor: str = _of_log(description="Give it as `after` to go on from here, on any channel.", example="WzEsNDJd.…")
    topic: str = _of_log(description="What happened.", example="student.created")
    schema_version: int = _of_log(description="The version of the shape of `data`.", example=1)
    subject: UUID = _of_log(
        description="Identifier of what it happened to.", example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"
    )
    occurred_at: datetime = _of_log(
        description="When it happened, in the school's time zone.", example="2025-01-13T09:00:00+00:00"
    )
    data: JSON = _of_log(
        description="The facts, as `topic` and `schemaVersion` say.",
        personal=True,
        example={"matricule": "2024/INF/0123", "status": "active"},
    )

    @classmethod
    def of(cls, event: tables.Event, cursor: str, timezone: str) -> Self:
        return cls(
            id=event.id,
            cursor=cursor,
            topic=event.type,
            schema_version=event.schema_version,
            subject=event.subject,
            occurred_at=event.occurred_at.astimezone(ZoneInfo(timezone)),
            data=event.facts,  # type: ignore[arg-type]
        )


@strawberry.type(description="The next events that the key may read, in the order of the log.")
class EventPage:
    events: list[Event] = _of_log(description="At most `first`; perhaps none.", size=100)
    cursor: str = _of_log(
        description="Give it as `after` to go on, also where there was no event to show.", example="WzEsNDJd.…"
    )
    has_more: bool = _of_log(description="Whether the log already goes on after `cursor`.", example=False)


@strawberry.type(description="The log does not go on from `after`: read how things stand, then begin anew.")
class Gap(Failure):
    oldest_available: str = _of_log(
        description="The cursor from which everything that is kept can be read.", example="WzEsMTAwXQ.…"
    )


EventsResult = Annotated[
    EventPage | Gap, strawberry.union("EventsResult", description="The next events, or why there are none to give.")
]


async def _events(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: Annotated[
        str | None,
        argument(description="The cursor of what was read last, from any channel; null begins with the oldest kept."),
    ] = None,
    topics: Annotated[
        list[str] | None,
        argument(
            description="Only these, like `student.created`; null is all that the key may read.",
            metadata={"example": ["student.created"]},
        ),
    ] = None,
    wait: Annotated[
        int,
        argument(
            description=f"How many seconds to wait where there is nothing yet: 0 to {LONGEST_WAIT}.",
            metadata={"example": 0},
        ),
    ] = 0,
) -> EventsResult:
    context = info.context
    count, seconds = page_size(first), _seconds(wait)
    chosen = chosen_topics(context.actor, topics)
    place = context.service(LogCursors).read(context.actor.school_id, after) if after else None
    try:
        found, place, more = await _waited(context, place, chosen, count, seconds)
    except LogGap as gap:
        return _gap(context, gap)
    await _note_people(context, found)
    return _page(context, found, place, more)


async def _waited(
    context: Context, place: Place | None, topics: Collection[Topic], count: int, seconds: float
) -> tuple[list[tables.Event], Place, bool]:
    """What there is to show, or whatever comes within `seconds`; where it goes on, and whether it already does."""
    give_up = time.monotonic() + seconds
    while True:
        found, place, more = await _next(context, place, topics, count)
        left = give_up - time.monotonic()
        if found or left <= 0:
            return found, place, more
        if not more:
            await context.service(LogWatch).wait_past(context.actor.school_id, place.position, left)


async def _next(
    context: Context, place: Place | None, topics: Collection[Topic], count: int
) -> tuple[list[tables.Event], Place, bool]:
    """Reads in a transaction of its own, so that waiting afterwards holds none."""
    async with context.database.transaction(Wall.app(context.actor.school_id)) as session:
        place = place or (await log_state(session)).oldest
        stretch = await read_stretch(session, place, LOOKED_THROUGH)
    shown = [event for event in stretch.events if is_shown(context.actor, topics, event.type, event.facts)]
    if len(shown) <= count:
        return shown, stretch.place, stretch.more
    return shown[:count], Place(stretch.place.epoch, shown[count - 1].position), True


async def _note_people(context: Context, events: Sequence[tables.Event]) -> None:
    matricules = {event.facts["matricule"] for event in events if event.facts.get("matricule")}
    if matricules:
        async with context.read() as session:
            context.saw(*await context.service(PeopleNamed).find(session, matricules))


def _page(context: Context, events: Sequence[tables.Event], place: Place, more: bool) -> EventPage:
    cursors, school = context.service(LogCursors), context.actor.school_id
    return EventPage(
        events=[
            Event.of(event, cursors.write(school, Place(event.epoch, event.position)), context.actor.timezone)
            for event in events
        ],
        cursor=cursors.write(school, place),
        has_more=more,
    )


def _gap(context: Context, gap: LogGap) -> Gap:
    oldest: Any = gap.facts["oldest"]
    return Gap(
        code=gap.code,
        message=gap.message(context.language),
        field=gap.field,
        oldest_available=context.service(LogCursors).write(context.actor.school_id, oldest),
    )


def _seconds(wait: int) -> int:
    if not 0 <= wait <= LONGEST_WAIT:
        raise InvalidInput(
            field="wait", reason_fr=f"de 0 à {LONGEST_WAIT} secondes", reason_en=f"0 to {LONGEST_WAIT} seconds"
        )
    return wait


@strawberry.type
class Query:
    events: EventsResult = scoped(
        Scope.EVENTS_READ,
        description="The school's log from a cursor on: the same events that webhooks and subscriptions bring.",
        resolver=_events,
        cost=2,
        waits=LONGEST_WAIT,
    )
