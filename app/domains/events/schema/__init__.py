"""The log of a school as the API shows it."""

import strawberry

from app.domains.events.schema.describing import TopicsQuery
from app.domains.events.schema.polling import EventsQuery
from app.domains.events.schema.subscribing import EventsSubscription as Subscription

__all__ = ["Query", "Subscription"]


@strawberry.type
class Query(EventsQuery, TopicsQuery):
    pass
