"""The log of a school, read by whoever asks from time to time."""

import time
from collections.abc import Collection, Sequence
from typing import Annotated

import strawberry
from strawberry import argument

from app.core.bounds import Bounds
from app.core.database import Wall
from app.core.graph.connection import First
from app.core.graph.context import Context, Info
from app.core.graph.scoped import KEYWORDS, scoped
from app.core.pagination import DEFAULT_PAGE, page_size
from app.core.scopes import Scope
from app.domains.events import tables
from app.domains.events.cursors import LogCursors, Place
from app.domains.events.errors import LogGap
from app.domains.events.reading import log_state, read_stretch
from app.domains.events.schema.shapes import Event, EventPage, EventsResult, Gap
from app.domains.events.topics import Topic
from app.domains.events.visibility import chosen_topics, is_shown, separated
from app.domains.events.watching import KeyLook, LogWatch, PeopleNamed

LONGEST_WAIT = 25
"""Seconds: under the half minute after which proxies commonly give a silent request up."""
WAIT = Bounds(0, LONGEST_WAIT)
LOOKED_THROUGH = 1_000
"""Events read for one page at most, shown or not."""


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
            metadata={"example": 0, KEYWORDS: WAIT.keywords},
        ),
    ] = 0,
    from_now: Annotated[
        bool,
        argument(
            description="Where `after` is null: begin with what happens next instead of the oldest kept.",
            metadata={"example": False},
        ),
    ] = False,
) -> EventsResult:
    context = info.context
    count, seconds = page_size(first), WAIT.read(wait, "wait")
    chosen = chosen_topics(context.actor, separated(topics))
    try:
        place = await _start(context, after, from_now)
        found, place, more = await _waited(context, place, chosen, count, seconds)
    except LogGap as gap:
        return Gap.of_log(gap, context.service(LogCursors), context.actor.school_id, context.language)
    await _note_people(context, found)
    return _page(context, found, place, more)


async def _start(context: Context, after: str | None, from_now: bool) -> Place:
    """Raises BadCursor."""
    if after:
        return context.service(LogCursors).read(context.actor.school_id, after)
    async with context.database.transaction(Wall.app(context.actor.school_id)) as session:
        state = await log_state(session)
    return state.last if from_now else state.oldest


async def _waited(
    context: Context, place: Place, topics: Collection[Topic], count: int, seconds: float
) -> tuple[list[tables.Event], Place, bool]:
    """What there is to show, or whatever comes within `seconds`; where it goes on, and whether it already does.

    Nothing that came meanwhile is shown to a key that is not what it was.
    """
    give_up = time.monotonic() + seconds
    found, place, more = await _next(context, place, topics, count)
    while not (found or more):  # what was looked through for nothing is a page too: who asks goes on from there
        left = give_up - time.monotonic()
        if left <= 0:
            break
        watch = context.service(LogWatch)
        if not await watch.wait_past(context.actor.school_id, place.position, left):
            break
        await context.service(KeyLook).still_good(context.actor)
        async with watch.reading:
            found, place, more = await _next(context, place, topics, count)
    return found, place, more


async def _next(
    context: Context, place: Place, topics: Collection[Topic], count: int
) -> tuple[list[tables.Event], Place, bool]:
    """Reads in a transaction of its own, so that waiting afterwards holds none."""
    async with context.database.transaction(Wall.app(context.actor.school_id)) as session:
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


@strawberry.type
class EventsQuery:
    events: EventsResult = scoped(
        Scope.EVENTS_READ,
        description="The school's log from a cursor on: the same events that webhooks and subscriptions bring.",
        resolver=_events,
        cost=2,
        waits=LONGEST_WAIT,
    )
