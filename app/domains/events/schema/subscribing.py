"""The log of a school, brought to whoever subscribes. The resolvers say what is followed; `app.api.streams` follows it.

Another slice makes a subscription of its own by a resolver that returns `follow(…)` with a choice of its own.
"""

from collections.abc import Collection
from typing import Annotated

import strawberry
from strawberry import argument

from app.core.graph.context import Context, Info
from app.core.graph.scoped import scoped
from app.core.scopes import Scope
from app.domains.events.cursors import LogCursors
from app.domains.events.following import Choice, Following, LogFilter
from app.domains.events.schema.shapes import EventEnvelope
from app.domains.events.topics import Topic
from app.domains.events.visibility import chosen_topics

COST = 10
"""Of subscribing: it stays for hours."""

After = Annotated[
    str | None,
    argument(
        description="The cursor of what was read last, from any channel; null begins with what happens from now on."
    ),
]
Latest = Annotated[
    bool,
    argument(
        description="For who shows how things stand: of what a slow client has waiting, the newest about each subject.",
        metadata={"example": False},
    ),
]


def follow(
    context: Context,
    topics: Collection[Topic] | Collection[str] | None,
    *,
    after: str | None,
    latest: bool,
    choice: Choice | None = None,
) -> Following:
    """Raises TopicUnknown, TopicClosed and BadCursor."""
    actor = context.actor
    shown = LogFilter.of(actor, chosen_topics(actor, topics), choice)
    place = context.service(LogCursors).read(actor.school_id, after) if after else None
    return Following(shown, place, latest)


def _events(
    info: Info,
    after: After = None,
    topics: Annotated[
        list[str] | None,
        argument(
            description="Only these, like `student.created`; null is all that the key may read.",
            metadata={"example": ["student.created"]},
        ),
    ] = None,
    latest: Latest = False,
) -> Following:
    return follow(info.context, topics, after=after, latest=latest)


@strawberry.type
class EventsSubscription:
    events: EventEnvelope = scoped(
        Scope.EVENTS_READ,
        description="The school's log from a cursor on, as it grows: the same events as the query and webhooks bring.",
        resolver=_events,
        subscribes=True,
        cost=COST,
        personal=True,
    )
