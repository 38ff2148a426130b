"""`rateLimit`: what is left of the key's budget."""

from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

import strawberry

from app.api.budgets.limiter import Budget, Budgets
from app.core.graph.context import Info
from app.core.graph.scoped import any_scope
from app.core.scopes import Scope

_told_to_everyone = any_scope(list(Scope))


@strawberry.type(description="The budget of the key that asks, over GraphQL and REST together.")
class RateLimit:
    limit: int = _told_to_everyone(description="Points the key may spend in a minute.", example=6000)
    remaining: int = _told_to_everyone(description="Points left, this operation paid.", example=5998)
    reset_at: datetime = _told_to_everyone(
        description="When the budget is whole again, in the school's time zone.", example="2025-01-13T09:01:00+00:00"
    )
    cost: int = _told_to_everyone(description="Points of this request: one, and the operation's cost.", example=2)

    @classmethod
    def of(cls, budget: Budget, timezone: str, cost: int) -> Self:
        reset_at = budget.reset_at.astimezone(ZoneInfo(timezone))
        return cls(limit=budget.limit, remaining=budget.remaining, reset_at=reset_at, cost=cost)


def _rate_limit(info: Info) -> RateLimit:
    context = info.context
    return RateLimit.of(context.service(Budgets).of(context.actor), context.actor.timezone, context.cost)


@strawberry.type
class RateLimitQuery:
    rate_limit: RateLimit = _told_to_everyone(
        description="What the key may spend and has left, in the points that `extensions.cost` tells.",
        resolver=_rate_limit,
    )
