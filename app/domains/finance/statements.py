"""The statements that are hot or lock: one each, with the columns they need.

Plain equality and ranges on text, uuid and date only: what row-level security lets use an index. Every statement names
the school itself, in front of the policy that does so again.
"""

from dataclasses import fields
from typing import Any

from sqlalchemy import Date, Select, Text, Uuid, and_, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.domains.finance.journal_records import Line
from app.domains.finance.journal_tables import FiscalPeriod, FiscalYear, Journal, JournalEntry, JournalLine
from app.domains.finance.tables import Allocation, Instalment, Invoice, Payment, Wallet
from app.domains.students.tables import Student

_OPEN = col(Instalment.owed) > 0
_LATE = (
    select(func.min(col(Instalment.due_on)))
    .where(
        col(Instalment.school_id) == THIS_SCHOOL,
        col(Instalment.student_id) == Student.id,
        col(Instalment.due_on) < bindparam("today", type_=Date),
        col(Instalment.tuition),
        _OPEN,
    )
    .scalar_subquery()
)

FINANCIAL_STATUS = select(col(Student.id), _LATE.label("due_on")).where(
    col(Student.school_id) == THIS_SCHOOL, col(Student.matricule_key) == bindparam("matricule_key")
)
"""A student's oldest late instalment of tuition. Takes `matricule_key`, normalised, and the school's `today`."""

FIND_INVOICE = select(col(Invoice.id), col(Invoice.currency)).where(
    col(Invoice.school_id) == THIS_SCHOOL,
    col(Invoice.number) == bindparam("number"),
    col(Invoice.student_id) == bindparam("student_id", type_=Uuid),
)
"""Takes `number` and `student_id`."""

OPEN_INSTALMENTS = (
    select(
        col(Instalment.id),
        col(Instalment.invoice_id),
        col(Instalment.owed),
    )
    .join(
        Invoice,
        and_(col(Invoice.school_id) == Instalment.school_id, col(Invoice.id) == Instalment.invoice_id),
    )
    .where(
        col(Instalment.school_id) == THIS_SCHOOL,
        col(Instalment.student_id) == bindparam("student_id", type_=Uuid),
        _OPEN,
        col(Invoice.currency) == bindparam("currency"),
        col(Invoice.cancelled_at).is_(None),
    )
    .order_by(col(Instalment.due_on), col(Invoice.number), col(Instalment.number))
    .with_for_update(of=Instalment)
)
"""What a student still owes in `currency`, oldest due first, locked: two payments never settle one debt."""

OPEN_INSTALMENTS_OF_INVOICE = OPEN_INSTALMENTS.where(col(Instalment.invoice_id) == bindparam("invoice_id", type_=Uuid))

_OPEN_OF_INVOICE = select(col(Instalment.id)).where(
    col(Instalment.school_id) == THIS_SCHOOL, col(Instalment.invoice_id) == Invoice.id, _OPEN
)

PAID_INVOICES = select(Invoice).where(
    col(Invoice.school_id) == THIS_SCHOOL,
    col(Invoice.id) == func.any(bindparam("invoices", type_=ARRAY(Uuid))),
    ~_OPEN_OF_INVOICE.exists(),
)
"""Those of `invoices` on which nothing is left to pay."""


def _payments() -> Select[*tuple[Any, ...]]:
    of_payment = and_(col(Allocation.school_id) == Payment.school_id, col(Allocation.payment_id) == Payment.id)
    of_allocation = and_(col(Instalment.school_id) == THIS_SCHOOL, col(Instalment.id) == Allocation.instalment_id)
    of_instalment = and_(col(Invoice.school_id) == THIS_SCHOOL, col(Invoice.id) == Instalment.invoice_id)
    return (
        select(
            Payment,
            col(Student.matricule),
            col(Allocation.amount).label("settled"),
            col(Instalment.number).label("instalment"),
            col(Instalment.due_on),
            col(Invoice.number).label("invoice_number"),
        )
        .join(Student, and_(col(Student.school_id) == Payment.school_id, col(Student.id) == Payment.student_id))
        .outerjoin(Allocation, of_payment)
        .outerjoin(Instalment, of_allocation)
        .outerjoin(Invoice, of_instalment)
        .where(col(Payment.school_id) == THIS_SCHOOL)
        .order_by(col(Instalment.due_on), col(Invoice.number), col(Instalment.number))
    )


DESCRIBE_PAYMENT = _payments().where(
    col(Payment.provider) == bindparam("provider"), col(Payment.reference) == bindparam("reference")
)
"""A row for each allocation, or a single one of nulls. Takes `provider` and `reference`."""

DESCRIBE_PAYMENTS = _payments().where(col(Payment.id) == func.any(bindparam("ids", type_=ARRAY(Uuid))))
"""Takes `ids`; the rows of one payment do not lie together."""

FIND_WALLET = (
    select(col(Wallet.id), col(Wallet.currency), col(Wallet.balance), col(Student.matricule))
    .join(Student, and_(col(Student.school_id) == Wallet.school_id, col(Student.id) == Wallet.student_id))
    .where(col(Wallet.school_id) == THIS_SCHOOL, col(Wallet.student_id) == bindparam("student_id", type_=Uuid))
)
"""Takes `student_id`."""

_OF_DAY = and_(
    col(JournalEntry.school_id) == THIS_SCHOOL,
    col(JournalEntry.entry_date) == bindparam("on", type_=Date),
    col(JournalEntry.status) == "validated",
)


def _same(table: type[Journal | FiscalYear | FiscalPeriod], reference: Any) -> Any:
    return and_(col(table.school_id) == THIS_SCHOOL, col(table.id) == reference)


ENTRIES: Select[*tuple[Any, ...]] = (
    select(
        JournalEntry,
        col(Journal.code).label("journal_code"),
        col(Journal.label).label("journal_label"),
        col(FiscalYear.code).label("fiscal_year"),
        col(FiscalPeriod.code).label("period"),
    )
    .join(Journal, _same(Journal, JournalEntry.journal_id))
    .join(FiscalYear, _same(FiscalYear, JournalEntry.fiscal_year_id))
    .join(FiscalPeriod, _same(FiscalPeriod, JournalEntry.period_id))
)
_NAMED = and_(
    col(JournalEntry.school_id) == THIS_SCHOOL,
    col(JournalEntry.id) == func.any(bindparam("ids", type_=ARRAY(Uuid))),
    col(JournalEntry.status) == "validated",
)

ENTRIES_OF_DAY = ENTRIES.where(_OF_DAY).order_by(col(Journal.code), col(FiscalYear.code), col(JournalEntry.number))
"""The validated entries of the day `on`, in the order of their numbers within each journal."""

_LINE = [field.name for field in fields(Line)]

LINES: Select[*tuple[Any, ...]] = (
    select(col(JournalLine.entry_id), *(col(getattr(JournalLine, name)) for name in _LINE))
    .join(
        JournalEntry,
        and_(col(JournalEntry.school_id) == JournalLine.school_id, col(JournalEntry.id) == JournalLine.entry_id),
    )
    .order_by(col(JournalLine.entry_id), col(JournalLine.line_no))
)

LINES_OF_DAY = LINES.where(_OF_DAY)
"""The lines of those entries, their columns in the order of the fields of `journal_records.Line`."""

ENTRIES_BY_ID = ENTRIES.where(_NAMED)
"""The validated ones among `ids`."""

LINES_BY_ID = LINES.where(_NAMED)

STUDENTS_BY_MATRICULE = select(col(Student.id), col(Student.matricule_key)).where(
    col(Student.school_id) == THIS_SCHOOL,
    col(Student.matricule_key) == func.any(bindparam("matricule_keys", type_=ARRAY(Text))),
)
"""Takes `matricule_keys`, normalised."""

# All lines of an entry in one statement, however many: the trigger that judges the balance sees them together.
INSERT_LINES = text(
    """
INSERT INTO journal_line (school_id, entry_id, line_no, account, account_label, aux_account, aux_label, label,
    debit, credit, due_date, payment_mode, lettering, lettered_at, analytic)
SELECT current_setting('app.school')::uuid, :entry_id, line_no, account, account_label, aux_account, aux_label, label,
    debit, credit, due_date, payment_mode, lettering, lettered_at, analytic
FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line (
    line_no int, account text, account_label text, aux_account text, aux_label text, label text,
    debit bigint, credit bigint, due_date date, payment_mode text, lettering text, lettered_at date, analytic jsonb)
"""
)

HOLD_ENTRY = text(
    """
SELECT FROM journal_entry e JOIN journal j ON j.school_id = e.school_id AND j.id = e.journal_id
WHERE e.school_id = current_setting('app.school')::uuid AND e.id = :entry_id
FOR NO KEY UPDATE
"""
)
"""Locks an entry and its journal: nobody else takes a number there until the transaction ends."""

VALIDATE_ENTRY = text(
    """
UPDATE journal_entry e SET status = 'validated', validated_at = :now, number = coalesce(number, (
        SELECT coalesce(max(number), 0) + 1 FROM journal_entry o
        WHERE o.school_id = e.school_id AND o.journal_id = e.journal_id AND o.fiscal_year_id = e.fiscal_year_id))
WHERE school_id = current_setting('app.school')::uuid AND id = :entry_id
RETURNING (SELECT code FROM journal j WHERE j.school_id = e.school_id AND j.id = e.journal_id) AS journal,
    number, entry_date, piece_ref, currency, (
        SELECT sum(debit)::bigint FROM journal_line l WHERE l.school_id = e.school_id AND l.entry_id = e.id) AS total
"""
)
