"""Fee schedules as the API shows them."""

from datetime import UTC, date, datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry
from strawberry import argument

from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Context, Info
from app.core.graph.node import Node, NodeKind, node_id_field, node_id_of
from app.core.graph.scoped import any_scope, scoped
from app.core.money import to_decimal_string
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.domains.finance.loaders import fee_schedules_by_id
from app.domains.finance.schema.words import AN_ID, FEE_SCOPES, InvoiceKind, local
from app.domains.finance.service.fees import FeeScheduleRecord, list_fee_schedules

_of_fees = any_scope(FEE_SCOPES)


@strawberry.type(description="An instalment of the invoices to be.")
class FeeInstalment:
    number: int = _of_fees(description="Its number, from 1.", example=1)
    due_on: date = _of_fees(description="The last day to pay, in the school's time zone.", example="2025-01-05")
    amount: str = _of_fees(description="How much, a decimal.", example="150000")


@strawberry.type(description="A template of invoices: what students of a programme, a class or a year are billed.")
class FeeSchedule(Node):
    node_id: strawberry.ID = node_id_field(_of_fees)
    id: UUID = _of_fees(description="Its identifier.", example=AN_ID)
    code: str = _of_fees(description="Its code, unique in the school.", example="INF-2024")
    label: str = _of_fees(description="What its invoices say.", example="Scolarité 2024-2025, Informatique")
    kind: InvoiceKind = _of_fees(description="What is billed.", example="tuition")
    currency: str = _of_fees(description="ISO 4217 code.", example="XOF")
    total: str = _of_fees(description="The sum of its instalments, a decimal.", example="450000")
    programme: str | None = _of_fees(
        description="Code of the programme it is for; null for any of them.", example="INF"
    )
    school_class: str | None = _of_fees(
        name="class", description="Code of the class it is for; null for any of them.", example="INF-1A"
    )
    school_year: str | None = _of_fees(
        description="Code of the school year it is for; null for any of them.", example="2024-2025"
    )
    retired_at: datetime | None = _of_fees(
        description="Since when it bills nobody, in the school's time zone; null while it does.",
        example="2025-07-31T18:00:00+00:00",
    )
    instalments: list[FeeInstalment] = _of_fees(description="What its invoices fall into.", size=3)

    @classmethod
    def of(cls, record: FeeScheduleRecord, timezone: str) -> Self:
        return cls(
            node_id=node_id_of("FeeSchedule", record.id),
            id=record.id,
            code=record.code,
            label=record.label,
            kind=InvoiceKind(record.kind),
            currency=record.currency,
            total=to_decimal_string(record.total, record.currency),
            programme=record.programme,
            school_class=record.school_class,
            school_year=record.school_year,
            retired_at=record.retired_at and local(record.retired_at, timezone),
            instalments=[
                FeeInstalment(number=number, due_on=part.due_on, amount=to_decimal_string(part.amount, record.currency))
                for number, part in enumerate(record.parts, start=1)
            ],
        )


async def _fee_schedules(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    retired: Annotated[bool, argument(description="Whether to give those that are retired as well.")] = False,
) -> Connection[FeeSchedule]:
    context, name = info.context, f"fee schedules {retired}"
    async with context.read() as session:
        page = await list_fee_schedules(
            session, first=page_size(first), after=read_cursor(context, name, after), retired=retired
        )
    return Connection[FeeSchedule].of(
        context, name, page, show=lambda record: _show(record, context), position=_position
    )


def _position(record: FeeScheduleRecord) -> Position:
    return Position(record.created_at.astimezone(UTC), record.id)


def _show(record: FeeScheduleRecord, context: Context) -> FeeSchedule:
    return FeeSchedule.of(record, context.actor.timezone)


@strawberry.type
class FeeQuery:
    fee_schedules: Connection[FeeSchedule] = scoped(
        Scope.FEES_READ,
        description="The fee schedules of the school, in the order in which they were made.",
        resolver=_fee_schedules,
        cost=2,
    )


FEE_SCHEDULES = NodeKind(FeeSchedule, FEE_SCOPES, fee_schedules_by_id, _show)
