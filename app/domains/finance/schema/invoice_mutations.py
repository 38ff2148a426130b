"""Issuing, cancelling and crediting invoices over the API."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry import argument

from app.core.clock import today
from app.core.graph.context import Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.money import to_minor
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance.invoice_records import CancelledInvoice as CancelledRecord
from app.domains.finance.invoice_records import CreditedInvoice as CreditedRecord
from app.domains.finance.invoice_records import InvoiceRecord, Share
from app.domains.finance.records import Due
from app.domains.finance.schema.failures import (
    CreditTooLargeFailure,
    CurrencyMismatchFailure,
    InvoiceCancelledFailure,
    InvoiceNotFoundFailure,
    InvoiceNumberTakenFailure,
    InvoiceSettledFailure,
)
from app.domains.finance.schema.freed import FreedMoney
from app.domains.finance.schema.invoices import CreditNote, Invoice
from app.domains.finance.schema.words import AllocationRule, InvoiceKind
from app.domains.finance.service import cancel_invoice, credit_invoice, issue_invoice
from app.domains.finance.service.checks import LABEL, REFERENCE
from app.domains.finance.service.settling import require_invoices
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.students.schema import StudentNotFoundFailure

_to_write = any_scope([Scope.INVOICES_WRITE])


@strawberry.input(description="A part of an invoice to issue.")
class InstalmentInput:
    due_on: date = _to_write(description="The last day to pay, in the school's time zone.", example="2025-01-05")
    amount: str = _to_write(description="How much: a decimal like `150000` or `10.50`.", example="150000")


@strawberry.input(description="An invoice to issue. Its total is the sum of its instalments.")
class IssueInvoiceInput:
    matricule: str = _to_write(
        description="Who is billed, in any case.", personal=True, example="2024/INF/0123", form=IDENTIFIER
    )
    kind: InvoiceKind = _to_write(description="What is billed.", example="tuition")
    label: str = _to_write(description="What it says.", example="Scolarité 2024-2025, Informatique", form=LABEL)
    currency: str = _to_write(description="ISO 4217 code.", example="XOF")
    instalments: list[InstalmentInput] = _to_write(description="Its parts, which are numbered from 1 in this order.")
    number: str | None = _to_write(
        description="Its number. Null takes the next one of the school and year, like `FA-2025-000042`, without gap.",
        example="F-2024-0001",
        optional=True,
        form=REFERENCE,
    )
    issued_on: date | None = _to_write(
        description="Its date. Null is today in the school's time zone.", example="2024-10-01", optional=True
    )


@strawberry.input(description="An invoice that should never have been.")
class CancelInvoiceInput:
    number: str = _to_write(description="The invoice's number.", example="FA-2025-000042", form=REFERENCE)
    reason: str = _to_write(description="Why.", example="Émise deux fois", form=LABEL)
    allocations: AllocationRule = _to_write(
        description="What happens to money that settles it.",
        example="refuse",
        optional=True,
        default=AllocationRule.refuse,
    )


@strawberry.input(description="How much to take off an instalment.")
class CreditShareInput:
    number: int = _to_write(description="The instalment's number, from 1.", example=3)
    amount: str = _to_write(description="How much: a decimal.", example="20000")


@strawberry.input(description="A credit note to issue: of all the invoice, without `amount` and `instalments`.")
class CreditInvoiceInput:
    invoice_number: str = _to_write(description="The invoice's number.", example="FA-2025-000042", form=REFERENCE)
    reason: str = _to_write(description="Why.", example="Bourse d'excellence", form=LABEL)
    currency: str = _to_write(description="ISO 4217 code, the invoice's own.", example="XOF")
    amount: str | None = _to_write(
        description="How much: a decimal, taken off what is left to pay, last due first.",
        example="20000",
        optional=True,
    )
    instalments: list[CreditShareInput] | None = _to_write(
        description="Instead of `amount`: how much off which instalments.", optional=True
    )
    issued_on: date | None = _to_write(
        description="Its date. Null is today in the school's time zone.", example="2025-01-13", optional=True
    )
    allocations: AllocationRule = _to_write(
        description="What happens to money that settles what is credited.",
        example="refuse",
        optional=True,
        default=AllocationRule.refuse,
    )


@strawberry.type(description="A cancelled invoice, and the money that had settled it.")
class CancelledInvoice:
    invoice: Invoice = _to_write(description="The invoice.")
    freed: list[FreedMoney] = _to_write(description="Money that is free again.", size=3)


@strawberry.type(description="A new credit note, its invoice, and the money that it freed.")
class CreditedInvoice:
    credit_note: CreditNote = _to_write(description="The credit note.")
    invoice: Invoice = _to_write(description="The invoice as it then stood.")
    freed: list[FreedMoney] = _to_write(description="Money that is free again.", size=3)


IssueInvoiceResult = Annotated[
    Invoice | StudentNotFoundFailure | InvoiceNumberTakenFailure | InvalidInputFailure,
    strawberry.union("IssueInvoiceResult", description="The invoice, or why there is none."),
]
CancelInvoiceResult = Annotated[
    CancelledInvoice | InvoiceNotFoundFailure | InvoiceCancelledFailure | InvoiceSettledFailure | InvalidInputFailure,
    strawberry.union("CancelInvoiceResult", description="The cancelled invoice, or why it is not cancelled."),
]
CreditInvoiceResult = Annotated[
    CreditedInvoice
    | InvoiceNotFoundFailure
    | InvoiceCancelledFailure
    | InvoiceSettledFailure
    | CreditTooLargeFailure
    | CurrencyMismatchFailure
    | InvalidInputFailure,
    strawberry.union("CreditInvoiceResult", description="The credit note, or why there is none."),
]


@expected(IssueInvoiceResult)
async def _issue_invoice(
    info: Info,
    input: Annotated[IssueInvoiceInput, argument(description="The invoice.")],
    idempotency_key: IdempotencyKey = None,
) -> IssueInvoiceResult:
    context = info.context
    asked = plain(input)
    dues = [
        Due(each.due_on, to_minor(each.amount, input.currency, f"instalments.{nth}.amount"))
        for nth, each in enumerate(input.instalments)
    ]
    issued_on = input.issued_on or today(context.clock, context.actor.timezone)

    async def issue(session: Any) -> InvoiceRecord:
        made = await issue_invoice(session, **{**asked, "instalments": dues, "issued_on": issued_on})
        return (await require_invoices(session, [made.id]))[made.id]

    record = await perform_once(
        context,
        "issueInvoice",
        idempotency_key,
        asked,
        issue,
        InvoiceRecord,
        concerns=lambda made: [made.student_id],
    )
    return Invoice.of(record, context)


@expected(CancelInvoiceResult)
async def _cancel_invoice(
    info: Info,
    input: Annotated[CancelInvoiceInput, argument(description="Which one, and why.")],
    idempotency_key: IdempotencyKey = None,
) -> CancelInvoiceResult:
    context = info.context
    asked = plain(input)
    record = await perform_once(
        context,
        "cancelInvoice",
        idempotency_key,
        asked,
        lambda session: cancel_invoice(session, **asked, now=context.clock.now()),
        CancelledRecord,
        concerns=lambda made: [made.invoice.student_id],
    )
    return CancelledInvoice(
        invoice=Invoice.of(record.invoice, context),
        freed=[FreedMoney.of(each, record.invoice.currency) for each in record.freed],
    )


@expected(CreditInvoiceResult)
async def _credit_invoice(
    info: Info,
    input: Annotated[CreditInvoiceInput, argument(description="The credit note.")],
    idempotency_key: IdempotencyKey = None,
) -> CreditInvoiceResult:
    context = info.context
    asked = plain(input)
    done: dict[str, Any] = {
        "invoice_number": input.invoice_number,
        "reason": input.reason,
        "currency": input.currency,
        "amount": None if input.amount is None else to_minor(input.amount, input.currency),
        "shares": [
            Share(to_minor(each.amount, input.currency, f"instalments.{nth}.amount"), instalment=each.number)
            for nth, each in enumerate(input.instalments or ())
        ],
        "allocations": asked["allocations"],
        "issued_on": input.issued_on or today(context.clock, context.actor.timezone),
    }
    record = await perform_once(
        context,
        "creditInvoice",
        idempotency_key,
        asked,
        lambda session: credit_invoice(session, **done),
        CreditedRecord,
        concerns=lambda made: [made.invoice.student_id],
    )
    return CreditedInvoice(
        credit_note=CreditNote.of(record.credit_note),
        invoice=Invoice.of(record.invoice, context),
        freed=[FreedMoney.of(each, record.invoice.currency) for each in record.freed],
    )


@strawberry.type
class InvoiceMutation:
    issue_invoice: IssueInvoiceResult = scoped(
        Scope.INVOICES_WRITE,
        description="Bills a student, in instalments.",
        resolver=_issue_invoice,
        cost=10,
    )
    cancel_invoice: CancelInvoiceResult = scoped(
        Scope.INVOICES_WRITE,
        description="Cancels an invoice that should never have been. What was right once is credited instead.",
        resolver=_cancel_invoice,
        cost=10,
    )
    credit_invoice: CreditInvoiceResult = scoped(
        Scope.INVOICES_WRITE,
        description="Issues a credit note: less to pay on an invoice that stays.",
        resolver=_credit_invoice,
        cost=10,
    )
