"""Zones, access checks and passages, as the API shows them."""

import strawberry

from app.domains.access.schema.checks import CheckQuery
from app.domains.access.schema.following import PassageSubscription as Subscription
from app.domains.access.schema.listing import PassageQuery
from app.domains.access.schema.passages import PASSAGES, PassageMutation
from app.domains.access.schema.zones import ZoneMutation, ZoneQuery

__all__ = ["NODES", "Mutation", "Query", "Subscription"]

NODES = (PASSAGES,)


@strawberry.type
class Query(CheckQuery, PassageQuery, ZoneQuery):
    pass


@strawberry.type
class Mutation(PassageMutation, ZoneMutation):
    pass
