"""Reading invoices and payments: page by page, or of many students at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.pagination import Page, Position
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_matricule
from app.domains.finance.invoice_records import InvoiceRecord, Status
from app.domains.finance.invoice_statements import INVOICE_BY_NUMBER, SELECT_INVOICES
from app.domains.finance.records import PaymentRecord
from app.domains.finance.service.checks import REFERENCE
from app.domains.finance.service.payments import describe_payments
from app.domains.finance.service.settling import invoices_with_instalments
from app.domains.finance.tables import Invoice, Payment
from app.domains.students.tables import Student

SortKey = Literal["issued", "updated", "due"]
_KEYS = {"issued": col(Invoice.issued_on), "updated": col(Invoice.updated_at), "due": col(Invoice.next_due_on)}


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """Which invoices. `status` is told as of the school's own date."""

    matricule: str | None = None
    status: Status | None = None
    kind: str | None = None
    currency: str | None = None
    issued_since: date | None = None
    updated_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """Which payments. `unallocated`: with money that settles nothing yet, or without."""

    matricule: str | None = None
    provider: str | None = None
    received_since: datetime | None = None
    unallocated: bool | None = None


async def list_invoices(
    session: AsyncSession,
    *,
    first: int,
    after: Position | None,
    which: InvoiceFilter,
    by: SortKey,
    newest: bool,
    today: date,
) -> Page[InvoiceRecord]:
    """A page in the order asked; in that of due dates only what has something left to pay.

    Raises InvalidInput for a bad matricule.
    """
    rows = await session.execute(invoice_page(first, after, which, by=by, newest=newest, today=today))
    return Page.cut(await invoices_with_instalments(session, rows.all()), first)


async def list_payments(
    session: AsyncSession, *, first: int, after: Position | None, which: PaymentFilter, newest: bool
) -> Page[PaymentRecord]:
    """A page in the order in which they were received. Raises InvalidInput for a bad matricule."""
    ids = list(await session.scalars(payment_page(first, after, which, newest=newest)))
    found = await describe_payments(session, ids) if ids else {}
    return Page.cut([found[id] for id in ids], first)


def invoice_page(
    first: int, after: Position | None, which: InvoiceFilter, *, by: SortKey, newest: bool, today: date
) -> Select[*tuple[Any, ...]]:
    """The statement behind `list_invoices`."""
    listed = SELECT_INVOICES.where(*_invoice_conditions(which, today))
    if by == "due":
        listed = listed.where(col(Invoice.next_due_on).is_not(None))
    return _page(listed, _KEYS[by], col(Invoice.id), first, after, newest=newest)


def payment_page(first: int, after: Position | None, which: PaymentFilter, *, newest: bool) -> Select[*tuple[Any, ...]]:
    """The ids behind `list_payments`."""
    listed = select(col(Payment.id)).where(col(Payment.school_id) == THIS_SCHOOL, *_payment_conditions(which))
    return _page(listed, col(Payment.received_at), col(Payment.id), first, after, newest=newest)


async def find_invoice(session: AsyncSession, number: str) -> InvoiceRecord | None:
    """Raises InvalidInput for what cannot be a number."""
    found = await session.execute(INVOICE_BY_NUMBER, {"number": REFERENCE.read(number, "number")})
    return next(iter(await invoices_with_instalments(session, found.all())), None)


async def invoices_of(
    session: AsyncSession, students: Sequence[UUID], first: int, after: Position | None
) -> dict[UUID, Page[InvoiceRecord]]:
    """The same page of each student's invoices, the latest first: two statements for them all."""
    listed = SELECT_INVOICES.where(col(Invoice.student_id).in_(students))
    latest = (col(Invoice.issued_on), col(Invoice.id))
    rows = (await session.execute(_page_of_each(listed, col(Invoice.student_id), latest, first, after))).all()
    found: dict[UUID, list[InvoiceRecord]] = {student: [] for student in students}
    for record in await invoices_with_instalments(session, rows):
        found[record.student_id].append(record)
    return {student: Page.cut(records, first) for student, records in found.items()}


async def payments_of(
    session: AsyncSession, students: Sequence[UUID], first: int, after: Position | None
) -> dict[UUID, Page[PaymentRecord]]:
    """The same page of each student's payments, the latest first: two statements for them all."""
    listed = select(col(Payment.id), col(Payment.student_id)).where(
        col(Payment.school_id) == THIS_SCHOOL, col(Payment.student_id).in_(students)
    )
    latest = (col(Payment.received_at), col(Payment.id))
    rows = (await session.execute(_page_of_each(listed, col(Payment.student_id), latest, first, after))).all()
    records = await describe_payments(session, [row.id for row in rows]) if rows else {}
    found: dict[UUID, list[PaymentRecord]] = {student: [] for student in students}
    for row in rows:
        found[row.student_id].append(records[row.id])
    return {student: Page.cut(records, first) for student, records in found.items()}


def _page_of_each(
    listed: Select[*tuple[Any, ...]], owner: Any, latest: tuple[Any, Any], first: int, after: Position | None
) -> Select[*tuple[Any, ...]]:
    """One row more than asked for of each owner, the latest first."""
    if after is not None:
        listed = listed.where(tuple_(*latest) < tuple_(after.key, after.id))
    place = func.row_number().over(partition_by=owner, order_by=[key.desc() for key in latest]).label("place")
    ranked = listed.add_columns(place).subquery()
    kept = select(*(each for each in ranked.c if each.name != "place")).where(ranked.c.place <= first + 1)
    return kept.order_by(ranked.c.place)


def _page(
    listed: Select[*tuple[Any, ...]], key: Any, id: Any, first: int, after: Position | None, *, newest: bool
) -> Select[*tuple[Any, ...]]:
    """One row more than asked for, from `after` on."""
    if after is not None:
        place, last = tuple_(key, id), tuple_(after.key, after.id)
        listed = listed.where(place < last if newest else place > last)
    order = (key.desc(), id.desc()) if newest else (key, id)
    return listed.order_by(*order).limit(first + 1)


def _invoice_conditions(which: InvoiceFilter, today: date) -> list[Any]:
    due = col(Invoice.next_due_on)
    conditions: dict[str | None, list[Any]] = {
        None: [],
        "cancelled": [col(Invoice.cancelled_at).is_not(None)],
        "paid": [col(Invoice.cancelled_at).is_(None), due.is_(None)],
        "late": [due < today],
        "open": [due >= today],
    }
    found = list(conditions[which.status])
    if which.matricule is not None:
        found.append(col(Invoice.student_id) == _student(which.matricule))
    if which.kind is not None:
        found.append(col(Invoice.kind) == which.kind)
    if which.currency is not None:
        found.append(col(Invoice.currency) == which.currency)
    if which.issued_since is not None:
        found.append(col(Invoice.issued_on) >= which.issued_since)
    if which.updated_since is not None:
        found.append(col(Invoice.updated_at) >= which.updated_since)
    return found


def _payment_conditions(which: PaymentFilter) -> list[Any]:
    found: list[Any] = []
    if which.matricule is not None:
        found.append(col(Payment.student_id) == _student(which.matricule))
    if which.provider is not None:
        found.append(col(Payment.provider) == which.provider)
    if which.received_since is not None:
        found.append(col(Payment.received_at) >= which.received_since)
    if which.unallocated is not None:
        used = col(Payment.allocated) + col(Payment.refunded)
        found.append(used < col(Payment.amount) if which.unallocated else used == col(Payment.amount))
    return found


def _student(matricule: str) -> Any:
    """Asked once, before the list: nobody has no invoices."""
    return (
        select(col(Student.id))
        .where(col(Student.school_id) == THIS_SCHOOL, col(Student.matricule_key) == normalise_matricule(matricule))
        .scalar_subquery()
    )
