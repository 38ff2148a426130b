"""Webhooks: endpoints, their secrets, deliveries and replays, as the API takes and shows them."""

import strawberry

from app.domains.webhooks.schema.deliveries import DeliveryQuery
from app.domains.webhooks.schema.endpoints import EndpointQuery
from app.domains.webhooks.schema.managing import EndpointMutation
from app.domains.webhooks.schema.replaying import ReplayMutation


@strawberry.type
class Query(EndpointQuery, DeliveryQuery):
    pass


@strawberry.type
class Mutation(EndpointMutation, ReplayMutation):
    pass
