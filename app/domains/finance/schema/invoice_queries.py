"""Reading invoices: all of a school's, one by its number, or a student's."""

from datetime import UTC, date, datetime
from enum import Enum
from typing import Annotated, cast

import strawberry
from strawberry import argument

from app.core.clock import today
from app.core.graph.connection import After, Chronology, Connection, First, Order, read_cursor
from app.core.graph.context import Info
from app.core.graph.extending import extends
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance.invoice_records import InvoiceRecord
from app.domains.finance.loaders import invoices_of_students
from app.domains.finance.schema.invoices import Invoice, show_invoice
from app.domains.finance.schema.words import InvoiceKind, InvoiceStatus
from app.domains.finance.service.checks import REFERENCE, instant_of
from app.domains.finance.service.listing import InvoiceFilter, SortKey, find_invoice, list_invoices
from app.domains.students.schema import Student

_to_read = any_scope([Scope.INVOICES_READ])


@strawberry.enum(description="By what a list of invoices is sorted.")
class InvoiceOrder(Enum):
    issued = strawberry.enum_value("issued", description="By the date on which they were issued.")
    updated = strawberry.enum_value("updated", description="By their last change: to follow what happens to them.")
    due = strawberry.enum_value("due", description="By the oldest due date with something left to pay; paid ones not.")


@strawberry.input(description="Which invoices. What is left out excludes nothing.")
class InvoiceFilterInput:
    matricule: str | None = _to_read(
        description="Of this student, in any case.",
        personal=True,
        example="2024/INF/0123",
        optional=True,
        form=IDENTIFIER,
    )
    status: InvoiceStatus | None = _to_read(description="That stand so today.", example="late", optional=True)
    kind: InvoiceKind | None = _to_read(description="That bill this.", example="tuition", optional=True)
    currency: str | None = _to_read(description="In this currency, an ISO 4217 code.", example="XOF", optional=True)
    issued_since: date | None = _to_read(
        description="Issued on this day of the school or later.", example="2024-10-01", optional=True
    )
    updated_since: datetime | None = _to_read(
        description="Changed at this instant or later, with its offset.",
        example="2025-01-13T00:00:00+00:00",
        optional=True,
    )


async def _invoices(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    by: Annotated[InvoiceOrder, argument(description="By what they are sorted.")] = InvoiceOrder.issued,
    order: Order = Chronology.oldest,
    filter: Annotated[InvoiceFilterInput | None, argument(description="Which invoices; all where null.")] = None,
) -> Connection[Invoice]:
    context = info.context
    which = _filter(filter)
    name = f"invoices {by.value} {order.value} {which}"
    async with context.read() as session:
        page = await list_invoices(
            session,
            first=page_size(first),
            after=read_cursor(context, name, after),
            which=which,
            by=cast(SortKey, by.value),
            newest=order is Chronology.newest,
            today=today(context.clock, context.actor.timezone),
        )
    return Connection[Invoice].of(
        context,
        name,
        page,
        show=lambda record: show_invoice(record, context),
        position=lambda record: _position(record, by),
    )


def _filter(given: InvoiceFilterInput | None) -> InvoiceFilter:
    """Raises InvalidInput for an instant without offset."""
    values = plain(given) if given else {}
    if values.get("updated_since") is not None:
        values["updated_since"] = instant_of(values["updated_since"], "filter.updatedSince")
    return InvoiceFilter(**values)


def _position(record: InvoiceRecord, by: InvoiceOrder) -> Position:
    if by is InvoiceOrder.updated:
        return Position(record.updated_at.astimezone(UTC), record.id)
    key = record.issued_on if by is InvoiceOrder.issued else record.next_due_on
    assert key is not None, "a list by due dates holds only what has something left to pay"
    return Position(key, record.id)


async def _invoice(
    info: Info, number: Annotated[str, takes(REFERENCE, description="The invoice's number.", example="FA-2025-000042")]
) -> Invoice | None:
    async with info.context.read() as session:
        record = await find_invoice(session, number)
    return None if record is None else show_invoice(record, info.context)


@strawberry.type
class InvoiceQuery:
    invoice: Invoice | None = scoped(
        Scope.INVOICES_READ, description="The invoice with this number; null when there is none.", resolver=_invoice
    )
    invoices: Connection[Invoice] = scoped(
        Scope.INVOICES_READ, description="The invoices of the school.", resolver=_invoices, cost=2
    )


async def _invoices_of(
    root: Student, info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[Invoice]:
    context, name = info.context, f"invoices of {root.id}"
    page = await context.load(invoices_of_students, (root.id, page_size(first), read_cursor(context, name, after)))
    return Connection[Invoice].of(
        context,
        name,
        page,
        show=lambda record: show_invoice(record, context),
        position=lambda record: Position(record.issued_on, record.id),
    )


@extends(Student)
class StudentInvoices:
    invoices: Connection[Invoice] = scoped(
        Scope.INVOICES_READ, description="What the student is billed, the latest first.", resolver=_invoices_of, cost=2
    )
