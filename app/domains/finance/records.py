"""What the commands and reads of this slice answer with: plain values, amounts in minor units."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

Standing = Literal["green", "red"]


@dataclass(frozen=True, slots=True)
class FinancialStatus:
    """Red while an instalment of tuition is late. `since` is the first day it was; None when green."""

    student_id: UUID
    status: Standing
    since: date | None


@dataclass(frozen=True, slots=True)
class Due:
    """A part of an invoice, to be paid until the end of the day `due_on`."""

    due_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class IssuedInvoice:
    id: UUID
    student_id: UUID
    number: str
    currency: str
    total: int


@dataclass(frozen=True, slots=True)
class AllocationRecord:
    """How much of a payment settles which instalment; `instalment` is its number in the invoice."""

    invoice_number: str
    instalment: int
    due_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """A payment and what it settles, oldest due first. `received_at` is in UTC."""

    id: UUID
    student_id: UUID
    matricule: str
    provider: str
    reference: str
    amount: int
    currency: str
    received_at: datetime
    allocations: tuple[AllocationRecord, ...]

    @property
    def unallocated(self) -> int:
        return self.amount - sum(allocation.amount for allocation in self.allocations)


@dataclass(frozen=True, slots=True)
class TopUpRecord:
    """A line of a wallet's ledger that fills it; `balance` is what the wallet held then."""

    id: UUID
    student_id: UUID
    matricule: str
    provider: str
    reference: str
    amount: int
    currency: str
    balance: int
