"""Rotating secrets, and sending again."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession
from strawberry import argument

from app.core.crypto import Vault
from app.core.graph.connection import After, read_cursor, write_cursor
from app.core.graph.context import Context, Info
from app.core.graph.failure import expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.pagination import Position
from app.core.scopes import Scope
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.reads import find_delivery, find_endpoint
from app.domains.webhooks.records import DeliveryRecord, EndpointWithSecret, Queued
from app.domains.webhooks.schema.deliveries import TOPIC, Delivery, DeliveryId, DeliveryState
from app.domains.webhooks.schema.endpoints import EndpointId
from app.domains.webhooks.schema.failures import (
    DeliveryNotFoundFailure,
    EndpointNotFoundFailure,
    ReplayErrorFailure,
    SecretErrorFailure,
)
from app.domains.webhooks.schema.sight import look_first
from app.domains.webhooks.service import (
    OVERLAP,
    ReplayFilter,
    recover_deliveries,
    replay_deliveries,
    replay_delivery,
    rotate_secret,
    unseal,
)

_to_manage = any_scope([Scope.WEBHOOKS_MANAGE])


@strawberry.type(description="A secret just made. It is shown this once: keep it.")
class RotatedSecret:
    secret: str = _to_manage(
        description="What requests are signed with from now on.", example="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    )
    old_until: datetime | None = _to_manage(
        name="oldExpiresAt",
        description="Until when the one before signs too, in the school's time zone; null where it already does not.",
        example="2025-01-14T09:00:00+00:00",
    )


@strawberry.type(description="Deliveries that were queued to be sent.")
class QueuedDeliveries:
    count: int = _to_manage(description="How many: 0 is not the end while `hasMore`.", example=42)
    has_more: bool = _to_manage(description="Whether others may be left: ask again, with `endCursor`.")
    end_cursor: str | None = _to_manage(
        description="Where to go on, as `after`; null where nothing is left.", example=None
    )


@strawberry.input(description="How a secret is rotated.")
class RotateEndpointSecretInput:
    overlap_hours: int = _to_manage(
        description="For how many hours the old secret signs too: 0 to 168.",
        example=24,
        optional=True,
        default=24,
        form=OVERLAP,
    )


@strawberry.input(description="Which deliveries to send again, of those that have ended.")
class ReplayDeliveriesInput:
    states: list[DeliveryState] = _to_manage(
        description="How they ended: those that are under way are left alone.",
        example=["exhausted"],
        default_factory=lambda: [DeliveryState.exhausted],
    )
    topic: str | None = _to_manage(
        description="Of this type of event.", example="student.created", optional=True, form=TOPIC
    )
    since: datetime | None = _to_manage(
        description="Of events recorded since this instant.", example="2025-01-13T00:00:00+00:00", optional=True
    )
    until: datetime | None = _to_manage(
        description="Of events recorded before this instant.", example="2025-01-14T00:00:00+00:00", optional=True
    )


@strawberry.input(description="From when on to make up for what did not arrive.")
class RecoverDeliveriesInput:
    since: datetime = _to_manage(
        description="Events recorded since this instant, 90 days back at most.", example="2025-01-13T00:00:00+00:00"
    )


RotateEndpointSecretResult = Annotated[
    RotatedSecret | EndpointNotFoundFailure | SecretErrorFailure,
    strawberry.union("RotateEndpointSecretResult", description="The new secret, or why there is none."),
]
ReplayDeliveryResult = Annotated[
    Delivery | DeliveryNotFoundFailure | ReplayErrorFailure,
    strawberry.union("ReplayDeliveryResult", description="The new delivery, or why there is none."),
]
ReplayDeliveriesResult = Annotated[
    QueuedDeliveries | EndpointNotFoundFailure | ReplayErrorFailure,
    strawberry.union("ReplayDeliveriesResult", description="What was queued, or why nothing was."),
]
RecoverDeliveriesResult = Annotated[
    QueuedDeliveries | EndpointNotFoundFailure | ReplayErrorFailure,
    strawberry.union("RecoverDeliveriesResult", description="What was queued, or why nothing was."),
]


@expected(RotateEndpointSecretResult)
async def _rotate_endpoint_secret(
    info: Info,
    endpoint_id: EndpointId,
    input: Annotated[RotateEndpointSecretInput, argument(description="How.")],
    idempotency_key: IdempotencyKey = None,
) -> RotateEndpointSecretResult:
    context = info.context
    owner, vault = Owner.of(context.actor), context.service(Vault)

    async def rotate(session: AsyncSession) -> EndpointWithSecret:
        return await rotate_secret(session, owner, endpoint_id, overlap_hours=input.overlap_hours, vault=vault)

    asked = {"endpoint_id": str(endpoint_id), **plain(input)}
    await look_first(context, find_endpoint, endpoint_id)
    made = await perform_once(
        context, "rotateEndpointSecret", idempotency_key, asked, rotate, EndpointWithSecret, concerns=lambda made: ()
    )
    zone = ZoneInfo(context.actor.timezone)
    return RotatedSecret(secret=unseal(vault, made), old_until=made.old_until and made.old_until.astimezone(zone))


@expected(ReplayDeliveryResult)
async def _replay_delivery(
    info: Info, delivery_id: DeliveryId, idempotency_key: IdempotencyKey = None
) -> ReplayDeliveryResult:
    context = info.context
    await look_first(context, find_delivery, delivery_id)
    record = await perform_once(
        context,
        "replayDelivery",
        idempotency_key,
        {"delivery_id": delivery_id},
        lambda session: replay_delivery(session, Owner.of(context.actor), delivery_id),
        DeliveryRecord,
        concerns=lambda made: (),
    )
    return Delivery.of(record, context.actor.timezone)


@expected(ReplayDeliveriesResult)
async def _replay_deliveries(
    info: Info,
    endpoint_id: EndpointId,
    input: Annotated[ReplayDeliveriesInput, argument(description="Which ones.")],
    after: After = None,
    idempotency_key: IdempotencyKey = None,
) -> ReplayDeliveriesResult:
    context, asked = info.context, plain(input)
    which = ReplayFilter(**{**asked, "states": tuple(asked["states"])})
    name = f"replay {endpoint_id} {which}"
    position = read_cursor(context, name, after)

    async def replay(session: AsyncSession) -> Queued:
        owner = Owner.of(context.actor)
        return await replay_deliveries(session, owner, endpoint_id, which, after=position.id if position else None)

    await look_first(context, find_endpoint, endpoint_id)
    queued = await perform_once(
        context,
        "replayDeliveries",
        idempotency_key,
        {"endpoint_id": str(endpoint_id), "after": after, **asked},
        replay,
        Queued,
        concerns=lambda made: (),
    )
    return _shown(context, queued, name)


def _shown(context: Context, queued: Queued, name: str) -> QueuedDeliveries:
    on = queued.last if queued.more else None
    cursor = None if on is None else write_cursor(context, name, Position(0, on))
    return QueuedDeliveries(count=queued.count, has_more=queued.more, end_cursor=cursor)


@expected(RecoverDeliveriesResult)
async def _recover_deliveries(
    info: Info,
    endpoint_id: EndpointId,
    input: Annotated[RecoverDeliveriesInput, argument(description="From when on.")],
    after: After = None,
) -> RecoverDeliveriesResult:
    context = info.context
    name = f"recover {endpoint_id} {input.since}"
    position = read_cursor(context, name, after)
    async with context.write() as session:
        queued = await recover_deliveries(
            session,
            Owner.of(context.actor),
            endpoint_id,
            since=input.since,
            now=context.clock.now(),
            after=position.id if position else None,
        )
    return _shown(context, queued, name)


@strawberry.type
class ReplayMutation:
    rotate_endpoint_secret: RotateEndpointSecretResult = scoped(
        Scope.WEBHOOKS_MANAGE,
        description="Gives an endpoint a new secret, shown this once. The old one signs too for the hours asked for.",
        resolver=_rotate_endpoint_secret,
        cost=10,
    )
    replay_delivery: ReplayDeliveryResult = scoped(
        Scope.WEBHOOKS_MANAGE,
        description="Sends what has ended once more, under the same `webhook-id`.",
        resolver=_replay_delivery,
        cost=10,
    )
    replay_deliveries: ReplayDeliveriesResult = scoped(
        Scope.WEBHOOKS_MANAGE,
        description="Sends once more what ended in some way, the oldest event first, a bounded number at a time.",
        resolver=_replay_deliveries,
        cost=20,
    )
    recover_deliveries: RecoverDeliveriesResult = scoped(
        Scope.WEBHOOKS_MANAGE,
        description="Sends the events since an instant that did not arrive, some at a time. Asking again adds nothing.",
        resolver=_recover_deliveries,
        cost=20,
    )
