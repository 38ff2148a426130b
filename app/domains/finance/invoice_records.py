"""Invoices, and what takes them back, as the commands and reads of this slice answer them: amounts in minor units."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

Status = Literal["open", "late", "paid", "cancelled"]
FreeingRule = Literal["refuse", "free"]
"""Where a cancellation or a credit meets money already allocated: it is refused, or frees that money."""


@dataclass(frozen=True, slots=True)
class InstalmentRecord:
    """`owed` is what is left to pay: amount − credited − paid, and nothing on a cancelled invoice."""

    id: UUID
    number: int
    due_on: date
    amount: int
    paid: int
    credited: int
    owed: int


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """An invoice with its instalments in the order of their numbers. Instants are in UTC."""

    id: UUID
    student_id: UUID
    matricule: str
    number: str
    kind: str
    label: str
    currency: str
    total: int
    paid: int
    credited: int
    issued_on: date
    next_due_on: date | None
    cancelled_at: datetime | None
    cancelled_because: str | None
    updated_at: datetime
    instalments: tuple[InstalmentRecord, ...]

    @property
    def owed(self) -> int:
        return sum(instalment.owed for instalment in self.instalments)

    def status(self, today: date) -> Status:
        """As of the school's own date: an instalment may be paid until the end of its due date."""
        if self.cancelled_at is not None:
            return "cancelled"
        if self.next_due_on is None:
            return "paid"
        return "late" if self.next_due_on < today else "open"


@dataclass(frozen=True, slots=True)
class Share:
    """A part of an amount: for an invoice, or for one of its instalments, by number."""

    amount: int
    invoice_number: str | None = None
    instalment: int | None = None


@dataclass(frozen=True, slots=True)
class FreedRecord:
    """Money taken back from an instalment: its payment may use it for something else."""

    payment_id: UUID
    invoice_number: str
    instalment: int
    amount: int


@dataclass(frozen=True, slots=True)
class CreditLineRecord:
    """`instalment` is its number in the invoice."""

    instalment: int
    due_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class CreditNoteRecord:
    """A credit note and what it takes off which instalments, in the order of their numbers."""

    id: UUID
    invoice_id: UUID
    student_id: UUID
    invoice_number: str
    number: str
    amount: int
    currency: str
    reason: str
    issued_on: date
    lines: tuple[CreditLineRecord, ...]


@dataclass(frozen=True, slots=True)
class CreditedInvoice:
    """A new credit note and the money that it took back from payments."""

    credit_note: CreditNoteRecord
    invoice: InvoiceRecord
    freed: tuple[FreedRecord, ...]


@dataclass(frozen=True, slots=True)
class CancelledInvoice:
    """A cancelled invoice and the money that had settled it."""

    invoice: InvoiceRecord
    freed: tuple[FreedRecord, ...]


@dataclass(frozen=True, slots=True)
class SettlementRecord:
    """Which payment settles how much of an instalment of the invoice."""

    invoice_id: UUID
    payment_id: UUID
    provider: str
    reference: str
    instalment: int
    due_on: date
    amount: int
    currency: str
