"""Endpoints as the API shows them, and looking at them."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry import argument

from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Info
from app.core.graph.scoped import any_scope, scoped
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.domains.webhooks.errors import EndpointNotFound
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.reads import find_endpoint, list_endpoints
from app.domains.webhooks.records import EndpointRecord

_of_endpoint = any_scope([Scope.WEBHOOKS_READ, Scope.WEBHOOKS_MANAGE])
AN_ID = "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"

EndpointId = Annotated[UUID, argument(description="Which endpoint.", metadata={"example": AN_ID})]


@strawberry.enum(description="How much an event tells.")
class EndpointPayload(Enum):
    full = strawberry.enum_value("full", description="All the facts of the event.")
    thin = strawberry.enum_value("thin", description="What it takes to ask for them: identifiers.")


@strawberry.enum(description="Whether events are sent.")
class EndpointStatus(Enum):
    active = strawberry.enum_value("active", description="They are sent.")
    paused = strawberry.enum_value("paused", description="They are held until it is resumed.")
    disabled = strawberry.enum_value(
        "disabled", description="It failed for days, answered 410 or lost its access; resume it once mended."
    )


@strawberry.enum(description="Why an endpoint was disabled.")
class EndpointDisabledReason(Enum):
    by_hand = strawberry.enum_value("by_hand", description="Somebody did so.")
    gone = strawberry.enum_value("gone", description="The receiver answered 410.")
    failing = strawberry.enum_value("failing", description="Nothing but failures for five days.")
    access_ended = strawberry.enum_value(
        "access_ended", description="No key of the integration in force may read all that it gets."
    )


@strawberry.enum(description="Whether an endpoint that fails is being spared.")
class EndpointBreaker(Enum):
    closed = strawberry.enum_value("closed", description="It answers: it gets what it takes.")
    open = strawberry.enum_value("open", description="It fails: it is left alone for minutes, then tried once.")
    ramp = strawberry.enum_value("ramp", description="It is new or answers again: it gets more and more at once.")


@strawberry.type(description="A fact that an event must have.")
class EndpointCondition:
    fact: str = _of_endpoint(description="The name of the fact.", example="zone")
    equals: str = _of_endpoint(description="What it must be.", example="RESTAURANT")


@strawberry.type(description="A receiver of events.")
class Endpoint:
    id: UUID = _of_endpoint(description="Its identifier.", example=AN_ID)
    url: str = _of_endpoint(description="Where events are posted.", example="https://recepteur.example/skooly")
    description: str = _of_endpoint(description="What it is for, in its owner's words.", example="Comptes Moodle")
    topics: list[str] = _of_endpoint(
        description="The types of events that it gets; none is all there are.", example=["student.created"], size=20
    )
    filter: list[EndpointCondition] = _of_endpoint(description="Facts that an event must have, all of them.", size=2)
    payload: EndpointPayload = _of_endpoint(description="How much an event tells.", example="thin")
    header_names: list[str] = _of_endpoint(
        description="Headers that are added to each request, without their values.", example=["authorization"], size=2
    )
    timeout_seconds: int = _of_endpoint(description="How long a whole request may take.", example=15)
    max_in_flight: int = _of_endpoint(description="How many requests at once.", example=10)
    rate_per_second: int | None = _of_endpoint(description="How many requests a second; null is no limit.", example=20)
    long_tail: bool = _of_endpoint(description="Whether it is tried for three days more, after the first hour.")
    status: EndpointStatus = _of_endpoint(description="Whether events are sent.", example="active")
    disabled_reason: EndpointDisabledReason | None = _of_endpoint(description="Why it was disabled.", example="gone")
    disabled_at: datetime | None = _of_endpoint(
        description="When it was disabled, in the school's time zone.", example="2025-01-13T09:00:00+00:00"
    )
    breaker: EndpointBreaker = _of_endpoint(description="Whether it is being spared.", example="closed")
    first_failure_at: datetime | None = _of_endpoint(
        description="Since when nothing but failures came back; null where the last request went well.",
        example="2025-01-13T09:00:00+00:00",
    )
    last_success_at: datetime | None = _of_endpoint(
        description="When it last answered 2xx.", example="2025-01-13T09:00:00+00:00"
    )
    created_at: datetime = _of_endpoint(
        description="When it was made, in the school's time zone.", example="2025-01-13T09:00:00+00:00"
    )

    @classmethod
    def of(cls, record: EndpointRecord, timezone: str) -> Self:
        zone = ZoneInfo(timezone)
        return cls(
            id=record.id,
            url=record.url,
            description=record.description,
            topics=list(record.topics),
            filter=[EndpointCondition(fact=fact, equals=value) for fact, value in sorted(record.filter.items())],
            payload=EndpointPayload(record.payload),
            header_names=list(record.header_names),
            timeout_seconds=record.timeout_seconds,
            max_in_flight=record.max_in_flight,
            rate_per_second=record.rate_per_second,
            long_tail=record.long_tail,
            status=EndpointStatus(record.status),
            disabled_reason=EndpointDisabledReason(record.disabled_reason) if record.disabled_reason else None,
            disabled_at=record.disabled_at and record.disabled_at.astimezone(zone),
            breaker=EndpointBreaker(record.breaker),
            first_failure_at=record.first_failure_at and record.first_failure_at.astimezone(zone),
            last_success_at=record.last_success_at and record.last_success_at.astimezone(zone),
            created_at=record.created_at.astimezone(zone),
        )


async def _endpoints(info: Info, first: First = DEFAULT_PAGE, after: After = None) -> Connection[Endpoint]:
    context, timezone = info.context, info.context.actor.timezone
    position = read_cursor(context, "endpoints", after)
    async with context.read() as session:
        page = await list_endpoints(
            session, Owner.of(context.actor), first=page_size(first), after=position.id if position else None
        )
    return Connection[Endpoint].of(
        context,
        "endpoints",
        page,
        show=lambda record: Endpoint.of(record, timezone),
        position=lambda record: Position(record.created_at, record.id),
    )


async def _endpoint(info: Info, endpoint_id: EndpointId) -> Endpoint | None:
    context = info.context
    async with context.read() as session:
        try:
            record = await find_endpoint(session, Owner.of(context.actor), endpoint_id)
        except EndpointNotFound:
            return None
    return Endpoint.of(record, context.actor.timezone)


@strawberry.type
class EndpointQuery:
    endpoints: Connection[Endpoint] = scoped(
        Scope.WEBHOOKS_READ,
        description="The endpoints of the key's integration, in the order of their making.",
        resolver=_endpoints,
        cost=2,
    )
    endpoint: Endpoint | None = scoped(
        Scope.WEBHOOKS_READ, description="The endpoint with this identifier; null for none.", resolver=_endpoint
    )
