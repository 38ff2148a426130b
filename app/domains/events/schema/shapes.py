"""What a reader of the log is shown, on whatever channel."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry.scalars import JSON

from app.core.errors import Language
from app.core.graph.failure import Failure
from app.core.graph.scoped import any_scope
from app.core.scopes import Scope
from app.domains.events import tables
from app.domains.events.cursors import LogCursors
from app.domains.events.errors import LogGap

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

    @classmethod
    def of_log(cls, gap: LogGap, cursors: LogCursors, school_id: UUID, language: Language) -> Self:
        oldest: Any = gap.facts["oldest"]
        return cls(
            code=gap.code,
            message=gap.message(language),
            field=gap.field,
            oldest_available=cursors.write(school_id, oldest),
        )


@strawberry.type(
    description="Everything up to `cursor` was looked at, and nothing after the last event was to be shown."
)
class Checkpoint:
    cursor: str = _of_log(description="Give it as `after` to go on from here, on any channel.", example="WzEsNDJd.…")


EventsResult = Annotated[
    EventPage | Gap, strawberry.union("EventsResult", description="The next events, or why there are none to give.")
]

EventEnvelope = Annotated[
    Event | Checkpoint | Gap,
    strawberry.union(
        "EventEnvelope",
        description="What a subscription brings: an event; now and then how far it got; or, as the last, why it ends.",
    ),
]
