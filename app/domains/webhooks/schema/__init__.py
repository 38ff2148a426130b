"""Webhooks: endpoints, their secrets, deliveries and replays, as the API takes and shows them."""

import strawberry

from app.domains.webhooks.schema.deliveries import DeliveryQuery
from app.domains.webhooks.schema.endpoints import EndpointQuery
from app.domains.webhooks.schema.following import EndpointSubscription as Subscription
from app.domains.webhooks.schema.managing import EndpointMutation
from app.domains.webhooks.schema.replaying import ReplayMutation

__all__ = ["Mutation", "Query", "Subscription"]


@strawberry.type
class Query(EndpointQuery, DeliveryQuery):
    pass


@strawberry.type
class Mutation(EndpointMutation, ReplayMutation):
    pass
