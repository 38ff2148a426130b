"""The log of a school as the API shows it."""

from app.domains.events.schema.polling import EventsQuery as Query
from app.domains.events.schema.subscribing import EventsSubscription as Subscription

__all__ = ["Query", "Subscription"]
