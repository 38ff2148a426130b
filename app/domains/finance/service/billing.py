"""Billing a fee schedule: to one student, or to everybody of a class who has not been billed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.errors import InvalidInput
from app.core.tables import THIS_SCHOOL
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance import pieces
from app.domains.finance.errors import AlreadyBilled, FeeScheduleMismatch
from app.domains.finance.facts import facts_of_invoice
from app.domains.finance.fee_tables import FeeSchedule
from app.domains.finance.invoice_records import InvoiceRecord
from app.domains.finance.service.fees import FeeScheduleRecord, require_fee_schedule
from app.domains.finance.service.numbers import take_numbers
from app.domains.finance.service.posting import post_piece
from app.domains.finance.service.settling import hold_account, require_invoices
from app.domains.finance.tables import Invoice
from app.domains.students.errors import ClassTooLarge
from app.domains.students.service import require_student
from app.domains.students.service.studies import require_class
from app.domains.students.tables import Enrolment, Student

MOST_STUDENTS = 500
BILLED = ("active", "suspended")
"""Whoever has left or graduated is billed by hand, if at all."""
# A whole class pays in as many instalments as the schedule has: too many values for one list of them.
_ADD_INSTALMENTS = text(
    """
INSERT INTO instalment (school_id, invoice_id, student_id, number, due_on, amount, tuition)
SELECT i.school_id, i.id, i.student_id, p.number, p.due_on, p.amount, :tuition
FROM invoice i JOIN fee_part p ON p.school_id = i.school_id AND p.fee_schedule_id = i.fee_schedule_id
WHERE i.school_id = current_setting('app.school')::uuid AND i.id = ANY (CAST(:invoices AS uuid[]))
    AND p.fee_schedule_id = :schedule
ORDER BY i.id, p.number
"""
)


@dataclass(frozen=True, slots=True)
class Billing:
    """The invoices of one application of a schedule, by matricule, and how many had been billed it before."""

    schedule: FeeScheduleRecord
    invoices: tuple[InvoiceRecord, ...]
    already_billed: int


async def apply_fee_schedule(
    session: AsyncSession,
    *,
    schedule: str,
    issued_on: date,
    today: date,
    matricule: str | None = None,
    school_class: str | None = None,
) -> Billing:
    """Bills the student, or those of the class whose enrolment has not ended and whom the schedule is for.

    Nobody is billed a schedule twice: of a class, the others are. Raises FeeScheduleNotFound, FeeScheduleRetired,
    FeeScheduleMismatch where it is for nobody asked, AlreadyBilled for a single student, StudentNotFound,
    ClassNotFound, ClassTooLarge, and InvalidInput unless exactly one of `matricule` and `school_class` is given.
    """
    if (matricule is None) == (school_class is None):
        raise InvalidInput(
            field="matricule",
            reason_fr="un étudiant ou une classe, l'un des deux",
            reason_en="a student or a class, one of the two",
        )
    fees = await require_fee_schedule(session, schedule, field="schedule")
    await hold_account(session, fees.id)  # two applications of one schedule bill nobody twice
    field = "matricule" if matricule is not None else "class"
    named = matricule if matricule is not None else school_class
    chosen = await _chosen(session, fees, today, matricule, school_class)
    if not chosen:
        raise FeeScheduleMismatch(field=field, schedule=fees.code, whom=named)
    fresh = [row for row in chosen if row.number is None]
    if matricule is not None and not fresh:
        raise AlreadyBilled(field=field, schedule=fees.code, number=chosen[0].number, student_id=chosen[0].id)
    invoices = await _issue(session, fees, fresh, issued_on) if fresh else []
    return Billing(fees, tuple(invoices), len(chosen) - len(fresh))


async def _chosen(
    session: AsyncSession, fees: FeeScheduleRecord, today: date, matricule: str | None, school_class: str | None
) -> Sequence[Row[*tuple[Any, ...]]]:
    """(id, matricule, number of the invoice that has billed it), by matricule. Raises ClassTooLarge."""
    listed = (
        select(col(Student.id), col(Student.matricule), col(Invoice.number))
        .join(Enrolment, (col(Enrolment.school_id) == THIS_SCHOOL) & (col(Enrolment.student_id) == Student.id))
        .join(FeeSchedule, (col(FeeSchedule.school_id) == THIS_SCHOOL) & (col(FeeSchedule.id) == fees.id))
        .outerjoin(
            Invoice,
            (col(Invoice.school_id) == THIS_SCHOOL)
            & (col(Invoice.fee_schedule_id) == fees.id)
            & (col(Invoice.student_id) == Student.id)
            & col(Invoice.cancelled_at).is_(None),
        )
        .where(
            col(Student.school_id) == THIS_SCHOOL,
            col(Student.status).in_(BILLED),
            col(Enrolment.ends_on) >= today,
            *(
                col(wanted).is_(None) | (col(wanted) == col(has))
                for wanted, has in (
                    (FeeSchedule.programme_id, Enrolment.programme_id),
                    (FeeSchedule.class_id, Enrolment.class_id),
                    (FeeSchedule.school_year_id, Enrolment.school_year_id),
                )
            ),
        )
        .distinct()
        .order_by(col(Student.matricule), col(Student.id))
    )
    if matricule is not None:
        listed = listed.where(col(Student.id) == (await require_student(session, matricule)).id)
    elif school_class is not None:
        listed = listed.where(col(Enrolment.class_id) == (await require_class(session, school_class)).id)
    rows = (await session.execute(listed.limit(MOST_STUDENTS + 1))).all()
    if len(rows) > MOST_STUDENTS:
        raise ClassTooLarge(field="class", members=len(rows), most=MOST_STUDENTS)
    return rows


async def _issue(
    session: AsyncSession, fees: FeeScheduleRecord, students: Sequence[Row[*tuple[Any, ...]]], issued_on: date
) -> list[InvoiceRecord]:
    """An invoice for each, in two statements, with its event and its piece."""
    numbers = await take_numbers(session, "invoice", issued_on.year, len(students))
    shared = {
        "school_id": THIS_SCHOOL,
        "kind": fees.kind,
        "label": fees.label,
        "currency": fees.currency,
        "total": fees.total,
        "issued_on": issued_on,
        "fee_schedule_id": fees.id,
        "next_due_on": min(part.due_on for part in fees.parts),
    }
    rows = [{**shared, "student_id": row.id, "number": number} for row, number in zip(students, numbers, strict=True)]
    made = insert(Invoice).values(rows).returning(col(Invoice.id), col(Invoice.student_id))
    issued = (await session.execute(made)).all()
    values = {"schedule": fees.id, "invoices": [row.id for row in issued], "tuition": fees.kind == "tuition"}
    await session.execute(_ADD_INSTALMENTS, values)
    found = await require_invoices(session, [row.id for row in issued])
    invoices = sorted(found.values(), key=lambda one: one.number)
    for invoice in invoices:
        facts = facts_of_invoice(invoice)
        record_event(session, Topic.INVOICE_ISSUED, subject=invoice.id, facts=facts)
        said = {name: value for name, value in facts.items() if name not in ("matricule", "issued_on")}
        piece = pieces.of_invoice(invoice.student_id, invoice.id, dues=fees.parts, issued_on=issued_on, **said)
        post_piece(session, piece)
    return invoices
