"""Reading payments: all of a school's, or a student's."""

from datetime import UTC, datetime
from typing import Annotated

import strawberry
from strawberry import argument

from app.core.graph.connection import After, Chronology, Connection, First, Order, read_cursor
from app.core.graph.context import Info
from app.core.graph.extending import extends
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance.loaders import payments_of_students
from app.domains.finance.records import PaymentRecord
from app.domains.finance.schema.payments import Payment, show_payment
from app.domains.finance.schema.words import PaymentProvider
from app.domains.finance.service.checks import instant_of
from app.domains.finance.service.listing import PaymentFilter, list_payments
from app.domains.students.schema import Student

_to_read = any_scope([Scope.PAYMENTS_READ])


@strawberry.input(description="Which payments. What is left out excludes nothing.")
class PaymentFilterInput:
    matricule: str | None = _to_read(
        description="Of this student, in any case.",
        personal=True,
        example="2024/INF/0123",
        optional=True,
        form=IDENTIFIER,
    )
    provider: PaymentProvider | None = _to_read(description="Through whom.", example="wave", optional=True)
    received_since: datetime | None = _to_read(
        description="Received at this instant or later, with its offset.",
        example="2025-01-13T00:00:00+00:00",
        optional=True,
    )
    unallocated: bool | None = _to_read(
        description="With money that settles nothing yet, or without.", example=True, optional=True
    )


async def _payments(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    order: Order = Chronology.oldest,
    filter: Annotated[PaymentFilterInput | None, argument(description="Which payments; all where null.")] = None,
) -> Connection[Payment]:
    context = info.context
    which = _filter(filter)
    name = f"payments {order.value} {which}"
    async with context.read() as session:
        page = await list_payments(
            session,
            first=page_size(first),
            after=read_cursor(context, name, after),
            which=which,
            newest=order is Chronology.newest,
        )
    return Connection[Payment].of(
        context, name, page, show=lambda record: show_payment(record, context), position=_position
    )


def _filter(given: PaymentFilterInput | None) -> PaymentFilter:
    """Raises InvalidInput for an instant without offset."""
    values = plain(given) if given else {}
    if values.get("received_since") is not None:
        values["received_since"] = instant_of(values["received_since"], "filter.receivedSince")
    return PaymentFilter(**values)


def _position(record: PaymentRecord) -> Position:
    return Position(record.received_at.astimezone(UTC), record.id)


@strawberry.type
class PaymentQuery:
    payments: Connection[Payment] = scoped(
        Scope.PAYMENTS_READ,
        description="The payments of the school, by the instant they were received.",
        resolver=_payments,
        cost=2,
    )


async def _payments_of(
    root: Student, info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[Payment]:
    context, name = info.context, f"payments of {root.id}"
    page = await context.load(payments_of_students, (root.id, page_size(first), read_cursor(context, name, after)))
    return Connection[Payment].of(
        context, name, page, show=lambda record: show_payment(record, context), position=_position
    )


@extends(Student)
class StudentPayments:
    payments: Connection[Payment] = scoped(
        Scope.PAYMENTS_READ, description="What the student has paid, the latest first.", resolver=_payments_of, cost=2
    )
