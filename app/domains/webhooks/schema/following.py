"""What an endpoint is sent, as it is recorded: for whoever writes or watches its receiver."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry import argument

from app.core.database import Wall
from app.core.graph.context import Info
from app.core.graph.scoped import scoped
from app.core.scopes import Scope
from app.domains.events.following import Following
from app.domains.events.schema.shapes import EventEnvelope
from app.domains.events.schema.subscribing import COST, After, Latest, follow
from app.domains.events.tables import Event
from app.domains.events.topics import Topic
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.reads import find_endpoint
from app.domains.webhooks.records import EndpointRecord
from app.domains.webhooks.schema.endpoints import AN_ID


@dataclass(frozen=True, slots=True)
class ToEndpoint:
    """As `Choice` has it, and as `wants_event` of the database has it, of which it is the other copy."""

    endpoint_id: UUID
    topics: frozenset[str]
    conditions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, endpoint: EndpointRecord) -> Self:
        return cls(endpoint.id, frozenset(endpoint.topics), frozenset(endpoint.filter.items()))

    def takes(self, event: Event) -> bool:
        if event.type == Topic.ENDPOINT_TESTED:
            return event.subject == self.endpoint_id
        return (not self.topics or event.type in self.topics) and self._holds(event.facts)

    def _holds(self, facts: Mapping[str, Any]) -> bool:
        return all(facts.get(name) == value for name, value in self.conditions)


async def _endpoint_events(
    info: Info,
    endpoint_id: Annotated[
        UUID, argument(description="Which endpoint of the key's integration.", metadata={"example": AN_ID})
    ],
    after: After = None,
    latest: Latest = False,
) -> Following:
    """Raises EndpointNotFound. In a transaction of its own: that of an operation would last as long as the stream."""
    context = info.context
    async with context.database.transaction(Wall.app(context.actor.school_id)) as session:
        endpoint = await find_endpoint(session, Owner.of(context.actor), endpoint_id)
    return follow(context, None, after=after, latest=latest, choice=ToEndpoint.of(endpoint))


@strawberry.type
class EndpointSubscription:
    endpoint_events: EventEnvelope = scoped(
        Scope.WEBHOOKS_READ,
        description="The events that go to an endpoint, as they are recorded: by its topics and filter at the time of "
        "subscribing. `deliveries` tells what became of each.",
        resolver=_endpoint_events,
        subscribes=True,
        cost=COST,
        personal=True,
    )
