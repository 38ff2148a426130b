"""What the commands and reads of this slice answer with: plain values, amounts in minor units."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from app.domains.finance.invoice_records import FreedRecord

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
    """A payment and what it settles, oldest due first; `refunded` has been given back. `received_at` is in UTC."""

    id: UUID
    student_id: UUID
    matricule: str
    provider: str
    reference: str
    amount: int
    currency: str
    received_at: datetime
    allocations: tuple[AllocationRecord, ...]
    refunded: int = 0

    @property
    def unallocated(self) -> int:
        return self.amount - self.refunded - sum(allocation.amount for allocation in self.allocations)


@dataclass(frozen=True, slots=True)
class RefundRecord:
    """Money given back of the payment that `payment_provider` calls `payment_reference`. `refunded_at` is in UTC."""

    id: UUID
    payment_id: UUID
    student_id: UUID
    matricule: str
    payment_provider: str
    payment_reference: str
    provider: str
    reference: str
    amount: int
    currency: str
    reason: str
    refunded_at: datetime


@dataclass(frozen=True, slots=True)
class RefundedPayment:
    """A refund, the payment as it then stood, and what had to be taken back from instalments.

    Nothing where the refund had been recorded before.
    """

    refund: RefundRecord
    payment: PaymentRecord
    freed: tuple[FreedRecord, ...]


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


@dataclass(frozen=True, slots=True)
class WalletEntryRecord:
    """A line of a wallet's ledger and what the wallet held once it was written. `occurred_at` is in UTC."""

    id: UUID
    wallet_id: UUID
    student_id: UUID
    matricule: str
    kind: str
    amount: int
    currency: str
    provider: str | None
    reference: str
    reason: str | None
    forced: bool
    occurred_at: datetime
    balance: int


@dataclass(frozen=True, slots=True)
class WalletRecord:
    id: UUID
    student_id: UUID
    matricule: str
    currency: str
    balance: int
