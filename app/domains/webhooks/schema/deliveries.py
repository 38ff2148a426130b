"""Deliveries and their attempts, as the API shows them."""

from collections.abc import Awaitable
from datetime import datetime
from enum import Enum
from typing import Annotated, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry import argument

from app.core.errors import Language
from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Context, Info
from app.core.graph.scoped import any_scope, scoped
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.core.text import Form
from app.domains.events.visibility import refuse_unknown
from app.domains.webhooks.envelope import webhook_id
from app.domains.webhooks.errors import DeliveryNotFound, ReplayWithoutOffset
from app.domains.webhooks.explanations import explain
from app.domains.webhooks.loaders import attempts_by_delivery
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.reads import DeliveryFilter, find_delivery, list_deliveries
from app.domains.webhooks.records import AttemptRecord, DeliveryKey, DeliveryRecord
from app.domains.webhooks.schema.endpoints import AN_ID

_of_delivery = any_scope([Scope.WEBHOOKS_READ, Scope.WEBHOOKS_MANAGE])
_to_filter = any_scope([Scope.WEBHOOKS_READ])
TOPIC = Form(64)
A_DELIVERY = "evt_0194600f6f2a7c3e8b1d2f4a5b6c7d8e_0194600f6f2a7c3e8b1d2f4a5b6c7d8f_0"
ATTEMPTS = 4
"""What a delivery is assumed to have when its cost is reckoned: the contract's schedule."""

DeliveryId = Annotated[
    str,
    argument(
        description="Which delivery: its `id`, or the `webhook-id` that the receiver saw, for the newest one with it.",
        metadata={"example": A_DELIVERY},
    ),
]


@strawberry.enum(description="How far a delivery is.")
class DeliveryState(Enum):
    pending = strawberry.enum_value("pending", description="It waits for its first attempt.")
    leased = strawberry.enum_value("leased", description="It is being sent.")
    retry_wait = strawberry.enum_value("retry_wait", description="It failed and waits for its next attempt.")
    held = strawberry.enum_value("held", description="It waits for its endpoint to be resumed.")
    succeeded = strawberry.enum_value("succeeded", description="The receiver answered 2xx.")
    exhausted = strawberry.enum_value("exhausted", description="Every attempt failed; it can be replayed.")
    cancelled = strawberry.enum_value(
        "cancelled", description="Its endpoint was deleted, or its integration may not read the event any more."
    )


@strawberry.type(description="A request to a receiver, as it ended.")
class DeliveryAttempt:
    number: int = _of_delivery(description="From 1 on.", example=1)
    at: datetime = _of_delivery(
        name="endedAt", description="When it ended, in the school's time zone.", example="2025-01-13T09:00:00+00:00"
    )
    outcome: str = _of_delivery(description="How it ended, as a code.", example="http_status")
    explanation: str = _of_delivery(
        description="The same for a person, with what to do.", example="Le récepteur n'a pas répondu 2xx."
    )
    status: int | None = _of_delivery(description="The receiver's HTTP status; null where none came.", example=500)
    error: str | None = _of_delivery(
        description="What went wrong below HTTP, as a code, perhaps with a reason.",
        example="TLS_FAILED: certificate has expired",
    )
    address: str | None = _of_delivery(description="The address that was called.", example="192.0.2.1")
    milliseconds: int = _of_delivery(description="How long it took.", example=84)
    response: str | None = _of_delivery(
        description="The beginning of what came back, 1 KB at most.", example="Internal Server Error"
    )

    @classmethod
    def of(cls, record: AttemptRecord, zone: ZoneInfo, language: Language) -> Self:
        return cls(
            number=record.number,
            at=record.at.astimezone(zone),
            outcome=record.outcome,
            explanation=explain(record.outcome, language),
            status=record.status,
            error=record.error,
            address=record.remote_ip,
            milliseconds=record.latency_ms,
            response=record.response,
        )


async def _attempts(root: "Delivery", info: Info) -> list[DeliveryAttempt]:
    context = info.context
    zone = ZoneInfo(context.actor.timezone)
    records = await _loaded(context, root.key)
    return [DeliveryAttempt.of(record, zone, context.language) for record in records]


def _loaded(context: Context, key: DeliveryKey) -> Awaitable[list[AttemptRecord]]:
    return context.load(attempts_by_delivery, key)


@strawberry.type(description="An event on its way to an endpoint, or there.")
class Delivery:
    key: strawberry.Private[DeliveryKey]
    id: str = _of_delivery(description="Its identifier.", example=A_DELIVERY)
    webhook_id: str = _of_delivery(
        description="What the receiver sees as `webhook-id`: the same in every attempt and replay.",
        example=A_DELIVERY.removesuffix("_0"),
    )
    endpoint_id: UUID = _of_delivery(description="Where it goes.", example=AN_ID)
    event_id: UUID = _of_delivery(description="What it tells.", example=AN_ID)
    topic: str = _of_delivery(description="The type of the event.", example="student.created")
    occurred_at: datetime = _of_delivery(
        description="When it happened, in the school's time zone.", example="2025-01-13T09:00:00+00:00"
    )
    replay: int = _of_delivery(description="How many times it was sent again before: 0 for the first time.", example=0)
    state: DeliveryState = _of_delivery(description="How far it is.", example="succeeded")
    attempt_count: int = _of_delivery(description="How many attempts were begun.", example=1)
    due_at: datetime | None = _of_delivery(
        description="When the next attempt is due; null where none is.", example="2025-01-13T09:05:00+00:00"
    )
    ended_at: datetime | None = _of_delivery(
        description="When it succeeded or was given up; null before.", example="2025-01-13T09:00:00+00:00"
    )
    created_at: datetime = _of_delivery(
        description="When it was queued, in the school's time zone.", example="2025-01-13T09:00:00+00:00"
    )
    attempts: list[DeliveryAttempt] = _of_delivery(
        description="Its attempts, in their order.", resolver=_attempts, size=ATTEMPTS
    )

    @classmethod
    def of(cls, record: DeliveryRecord, timezone: str) -> Self:
        zone, key = ZoneInfo(timezone), record.key
        at = record.next_at.astimezone(zone)
        return cls(
            key=key,
            id=str(key),
            webhook_id=webhook_id(key.event_id, key.endpoint_id),
            endpoint_id=key.endpoint_id,
            event_id=key.event_id,
            topic=record.topic,
            occurred_at=record.occurred_at.astimezone(zone),
            replay=key.replay,
            state=DeliveryState(record.state),
            attempt_count=record.attempts,
            due_at=at if record.due_at else None,
            ended_at=at if record.state in ("succeeded", "exhausted", "cancelled") else None,
            created_at=record.created_at.astimezone(zone),
        )


@strawberry.input(description="Which deliveries. What is left out excludes nothing.")
class DeliveryFilterInput:
    endpoint_id: UUID | None = _to_filter(description="To this endpoint.", example=AN_ID, optional=True)
    state: DeliveryState | None = _to_filter(description="That far.", example="exhausted", optional=True)
    topic: str | None = _to_filter(
        description="Of this type of event.", example="student.created", optional=True, form=TOPIC
    )
    since: datetime | None = _to_filter(
        description="Of events recorded since this instant.", example="2025-01-13T00:00:00+00:00", optional=True
    )

    def read(self) -> DeliveryFilter:
        """Raises ReplayWithoutOffset, TopicUnknown."""
        if self.topic is not None:
            refuse_unknown(self.topic, "filter.topic")
        if self.since is not None and self.since.tzinfo is None:
            raise ReplayWithoutOffset(field="filter.since")
        states = () if self.state is None else (str(self.state.value),)
        return DeliveryFilter(self.endpoint_id, states, self.topic, self.since)


async def _deliveries(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    filter: Annotated[DeliveryFilterInput | None, argument(description="Which deliveries; all where null.")] = None,
) -> Connection[Delivery]:
    context, timezone = info.context, info.context.actor.timezone
    which = filter.read() if filter else DeliveryFilter()
    name = f"deliveries {which}"
    position = read_cursor(context, name, after)
    async with context.read() as session:
        page = await list_deliveries(
            session, Owner.of(context.actor), which, first=page_size(first), after=_key(position) if position else None
        )
    return Connection[Delivery].of(
        context, name, page, show=lambda record: Delivery.of(record, timezone), position=_position
    )


def _position(record: DeliveryRecord) -> Position:
    return Position(f"{record.key.endpoint_id}/{record.key.replay}", record.key.event_id)


def _key(position: Position) -> DeliveryKey:
    endpoint, _, replay = str(position.key).partition("/")
    return DeliveryKey(UUID(endpoint), position.id, int(replay))


async def _delivery(info: Info, delivery_id: DeliveryId) -> Delivery | None:
    context = info.context
    async with context.read() as session:
        try:
            record = await find_delivery(session, Owner.of(context.actor), delivery_id)
        except DeliveryNotFound:
            return None
    return Delivery.of(record, context.actor.timezone)


@strawberry.type
class DeliveryQuery:
    deliveries: Connection[Delivery] = scoped(
        Scope.WEBHOOKS_READ,
        description="What was sent or is on its way to the endpoints of the key's integration, the latest event first.",
        resolver=_deliveries,
        cost=5,
    )
    delivery: Delivery | None = scoped(
        Scope.WEBHOOKS_READ, description="The delivery with this id; null for none.", resolver=_delivery
    )
