"""Who passes through a zone, as it is recorded: for the screen of a gate or of a restaurant."""

from dataclasses import dataclass
from typing import Annotated

import strawberry
from strawberry import argument

from app.core.graph.context import Info
from app.core.graph.scoped import scoped
from app.core.scopes import Scope
from app.domains.access.service import zone_open_to
from app.domains.events.following import Following
from app.domains.events.schema.shapes import EventEnvelope
from app.domains.events.schema.subscribing import COST, After, Latest, follow
from app.domains.events.tables import Event
from app.domains.events.topics import Topic

TOPICS = (Topic.ACCESS_GRANTED, Topic.ACCESS_DENIED)


@dataclass(frozen=True, slots=True)
class AtZone:
    """As `Choice` has it."""

    zone: str

    def takes(self, event: Event) -> bool:
        return event.facts.get("zone") == self.zone


def _passages(
    info: Info,
    zone: Annotated[str, argument(description="The zone's code.", metadata={"example": "RESTAURANT"})],
    after: After = None,
    latest: Latest = False,
) -> Following:
    chosen = AtZone(zone_open_to(info.context.actor, zone))
    return follow(info.context, TOPICS, after=after, latest=latest, choice=chosen)


@strawberry.type
class PassageSubscription:
    passages: EventEnvelope = scoped(
        Scope.PASSAGES_READ,
        description="`access.granted` and `access.denied` of one zone, as they are recorded.",
        resolver=_passages,
        subscribes=True,
        cost=COST,
        personal=True,
    )
