"""Green or red, without amounts."""

from datetime import date
from enum import Enum
from typing import Annotated, Self

import strawberry

from app.core.clock import today
from app.core.graph.context import Info
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance import records
from app.domains.finance.service import financial_status

_of_status = any_scope([Scope.FINANCE_STATUS_READ])


@strawberry.enum(name="FinancialStanding", description="Whether tuition is paid as agreed.")
class FinancialStanding(Enum):
    green = strawberry.enum_value("green", description="Nothing that was due is left to pay.")
    red = strawberry.enum_value("red", description="A due date of tuition is past with something left to pay.")


@strawberry.type(description="Where a student stands with tuition, as of today in the school's time zone; no amounts.")
class FinancialStatus:
    status: FinancialStanding = _of_status(description="Green or red.", personal=True, example="red")
    since: date | None = _of_status(
        description="The first day of being late: the day after the oldest due date not yet settled. Null when green.",
        personal=True,
        example="2025-01-06",
    )

    @classmethod
    def of(cls, record: records.FinancialStatus) -> Self:
        return cls(status=FinancialStanding(record.status), since=record.since)


async def resolve_financial_status(
    info: Info,
    matricule: Annotated[
        str, takes(IDENTIFIER, description="The student's number, in any case.", example="2024/INF/0123")
    ],
) -> FinancialStatus | None:
    context = info.context
    async with context.read() as session:
        found = await financial_status(session, matricule, today=today(context.clock, context.actor.timezone))
    if found is None:
        return None
    context.saw(found.student_id)
    return FinancialStatus.of(found)


@strawberry.type
class StatusQuery:
    financial_status: FinancialStatus | None = scoped(
        Scope.FINANCE_STATUS_READ,
        description="Whether the student with this matricule is late with tuition; null for nobody.",
        resolver=resolve_financial_status,
    )
