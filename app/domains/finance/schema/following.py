"""The payments of a day, as they come in: for the screen of a cashier."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import strawberry
from strawberry import argument

from app.core.graph.context import Info
from app.core.graph.scoped import scoped
from app.core.scopes import Scope
from app.domains.events.following import Following
from app.domains.events.schema.shapes import EventEnvelope
from app.domains.events.schema.subscribing import COST, After, Latest, follow
from app.domains.events.tables import Event
from app.domains.events.topics import Topic


@dataclass(frozen=True, slots=True)
class ReceivedOn:
    """As `Choice` has it: a day of the school's own."""

    day: date
    timezone: str

    def takes(self, event: Event) -> bool:
        received = datetime.fromisoformat(event.facts["received_at"])
        return received.astimezone(ZoneInfo(self.timezone)).date() == self.day


def _payments(
    info: Info,
    on: Annotated[
        date,
        argument(description="The day they were received, where the school is.", metadata={"example": "2025-01-13"}),
    ],
    after: After = None,
    latest: Latest = False,
) -> Following:
    chosen = ReceivedOn(on, info.context.actor.timezone)
    return follow(info.context, (Topic.PAYMENT_RECORDED,), after=after, latest=latest, choice=chosen)


@strawberry.type
class PaymentSubscription:
    payments: EventEnvelope = scoped(
        Scope.PAYMENTS_READ,
        description="`payment.recorded` of one day, as they come in.",
        resolver=_payments,
        subscribes=True,
        cost=COST,
        personal=True,
    )
