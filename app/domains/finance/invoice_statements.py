"""The statements about single invoices and what settles them: columns, never entities, as triggers change the rows."""

from typing import Any

from sqlalchemy import Select, Text, Uuid, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.domains.finance.credit_tables import Refund
from app.domains.finance.tables import Allocation, Instalment, Invoice, Payment
from app.domains.students.tables import Student

HOLD_ACCOUNT = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("account", type_=Text), 0)))
"""Until the transaction ends: what changes a student's invoices and payments goes one by one. Takes `account`."""

_OF_INVOICE = (
    "id",
    "student_id",
    "number",
    "kind",
    "label",
    "currency",
    "total",
    "paid",
    "credited",
    "issued_on",
    "next_due_on",
    "cancelled_at",
    "cancelled_because",
    "updated_at",
)
_OF_INSTALMENT = ("id", "number", "due_on", "amount", "paid", "credited", "owed")


def same(table: Any, reference: Any) -> Any:
    """The row of `table` that `reference` points to."""
    return and_(col(table.school_id) == THIS_SCHOOL, col(table.id) == reference)


SELECT_INVOICES: Select[*tuple[Any, ...]] = (
    select(*(col(getattr(Invoice, name)) for name in _OF_INVOICE), col(Student.matricule))
    .join(Student, same(Student, Invoice.student_id))
    .where(col(Invoice.school_id) == THIS_SCHOOL)
)
"""Invoices with their student's matricule, without an order."""

INVOICE_BY_NUMBER = SELECT_INVOICES.where(col(Invoice.number) == bindparam("number"))
INVOICES_BY_NUMBER = SELECT_INVOICES.where(col(Invoice.number) == func.any(bindparam("numbers", type_=ARRAY(Text))))
INVOICES_BY_ID = SELECT_INVOICES.where(col(Invoice.id) == func.any(bindparam("invoices", type_=ARRAY(Uuid))))

INSTALMENTS = (
    select(*(col(getattr(Instalment, name)) for name in _OF_INSTALMENT), col(Instalment.invoice_id))
    .where(
        col(Instalment.school_id) == THIS_SCHOOL,
        col(Instalment.invoice_id) == func.any(bindparam("invoices", type_=ARRAY(Uuid))),
    )
    .order_by(col(Instalment.invoice_id), col(Instalment.number))
)
"""Those of `invoices`, invoice by invoice, in the order of their numbers."""

_ALLOCATIONS: Select[*tuple[Any, ...]] = (
    select(
        col(Allocation.id),
        col(Allocation.payment_id),
        col(Allocation.instalment_id),
        col(Allocation.amount),
        col(Instalment.invoice_id),
        col(Instalment.number).label("instalment"),
        col(Instalment.due_on),
        col(Invoice.number).label("invoice_number"),
    )
    .join(Instalment, same(Instalment, Allocation.instalment_id))
    .join(Invoice, same(Invoice, Instalment.invoice_id))
    .where(col(Allocation.school_id) == THIS_SCHOOL)
    .order_by(col(Instalment.due_on).desc(), col(Invoice.number).desc(), col(Instalment.number).desc())
    .order_by(col(Allocation.id).desc())
)

ALLOCATIONS_OF_PAYMENT = _ALLOCATIONS.where(col(Allocation.payment_id) == bindparam("payment_id", type_=Uuid))
"""What a payment settles, last due first."""

ALLOCATIONS_OF_INVOICE = _ALLOCATIONS.where(col(Instalment.invoice_id) == bindparam("invoice_id", type_=Uuid))
"""What settles an invoice, last due first, and of an instalment the newest first."""

FIND_PAYMENT = (
    select(
        col(Payment.id),
        col(Payment.student_id),
        col(Payment.provider),
        col(Payment.reference),
        col(Payment.amount),
        col(Payment.currency),
        col(Payment.allocated),
        col(Payment.refunded),
        col(Payment.received_at),
        col(Student.matricule),
    )
    .join(Student, same(Student, Payment.student_id))
    .where(same(Payment, bindparam("payment_id", type_=Uuid)))
)
"""Takes `payment_id`."""

FIND_REFUND = select(
    col(Refund.id),
    col(Refund.payment_id),
    col(Refund.provider),
    col(Refund.reference),
    col(Refund.amount),
    col(Refund.reason),
    col(Refund.refunded_at),
).where(
    col(Refund.school_id) == THIS_SCHOOL,
    col(Refund.provider) == bindparam("provider"),
    col(Refund.reference) == bindparam("reference"),
)
"""Takes `provider` and `reference`."""
