"""Issuing invoices."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.errors import InvalidInput
from app.core.tables import THIS_SCHOOL
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance import pieces
from app.domains.finance.errors import InvoiceNumberTaken
from app.domains.finance.facts import invoice_facts
from app.domains.finance.records import Due, IssuedInvoice
from app.domains.finance.service.checks import LABEL, REFERENCE, amount_of, one_of
from app.domains.finance.service.numbers import take_numbers
from app.domains.finance.service.posting import post_piece
from app.domains.finance.tables import KINDS, Instalment, Invoice
from app.domains.students.service import require_student


async def issue_invoice(
    session: AsyncSession,
    *,
    matricule: str,
    kind: str,
    label: str,
    currency: str,
    issued_on: date,
    instalments: Sequence[Due],
    number: str | None = None,
) -> IssuedInvoice:
    """The invoice's total is the sum of its instalments, which are numbered from 1 in the order given.

    Without a `number` it takes the next one of the school's series.
    `kind` is tuition, canteen or other; only tuition closes doors when it is late. Raises StudentNotFound,
    InvoiceNumberTaken, and InvalidInput for unusable texts and amounts.
    """
    values: dict[str, Any] = {
        "kind": one_of(kind, KINDS, "kind"),
        "label": LABEL.read(label, "label"),
        "currency": currency,
        "total": total_of(instalments, currency),
        "issued_on": issued_on,
    }
    student = await require_student(session, matricule)
    values["number"] = await _number(session, number, issued_on)
    next_due_on = min(due.due_on for due in instalments)  # what the database would find in a second writing
    made = insert(Invoice).values(school_id=THIS_SCHOOL, student_id=student.id, next_due_on=next_due_on, **values)
    made = made.on_conflict_do_nothing(constraint="uq_invoice_school_id_number")
    invoice_id = await session.scalar(made.returning(col(Invoice.id)))
    if invoice_id is None:
        raise InvoiceNumberTaken(field="number", number=values["number"])
    invoice = IssuedInvoice(invoice_id, student.id, values["number"], currency, values["total"])
    await _add_instalments(session, invoice, instalments, tuition=kind == "tuition")
    facts = invoice_facts(matricule=student.matricule, **values)
    record_event(session, Topic.INVOICE_ISSUED, subject=invoice_id, facts=facts)
    post_piece(session, pieces.of_invoice(student.id, invoice_id, dues=instalments, **values))
    return invoice


async def _number(session: AsyncSession, given: str | None, issued_on: date) -> str:
    if given is not None:
        return REFERENCE.read(given, "number")
    [number] = await take_numbers(session, "invoice", issued_on.year)
    return number


async def _add_instalments(
    session: AsyncSession, invoice: IssuedInvoice, instalments: Sequence[Due], *, tuition: bool
) -> None:
    rows = [
        {
            "school_id": THIS_SCHOOL,
            "invoice_id": invoice.id,
            "student_id": invoice.student_id,
            "number": number,
            "due_on": due.due_on,
            "amount": due.amount,
            "tuition": tuition,
        }
        for number, due in enumerate(instalments, start=1)
    ]
    await session.execute(insert(Instalment).values(rows))


def total_of(instalments: Sequence[Due], currency: str) -> int:
    """The sum of the instalments. Raises InvalidInput without any, or where an amount is none."""
    if not instalments:
        raise InvalidInput(field="instalments", reason_fr="au moins une échéance", reason_en="at least one instalment")
    amounts = [amount_of(due.amount, currency, "instalments") for due in instalments]
    return amount_of(sum(amounts), currency, "instalments")
