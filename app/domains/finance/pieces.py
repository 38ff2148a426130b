"""What a fact says in the books: by uses, which the school's map turns into accounts and journals.

Each piece has one source, and a source has one piece. Amounts are integers of minor units.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.domains.finance.invoice_records import InvoiceRecord
from app.domains.finance.records import Due, RefundRecord, WalletEntryRecord

_TREASURY = {"bank": "bank", "cash": "cash"}
_MOBILE = "mobile_money"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a piece: what is debited or credited for a use. A student's matricule is the auxiliary account."""

    use: str
    debit: int = 0
    credit: int = 0
    student_id: UUID | None = None
    due_date: date | None = None
    payment_mode: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A fact to post. It is dated by `dated`, or by `happened_at` in the school's time zone, or today.

    `source_type` and `source_id` are the fact's; `journal` is the use of a journal.
    """

    source_type: str
    source_id: UUID
    journal: str
    piece_ref: str
    label: str
    currency: str
    sides: tuple[Side, ...]
    dated: date | None = None
    happened_at: datetime | None = None

    def row(self, n: int) -> dict[str, Any]:
        """As `post_facts` takes it."""
        row = {name: getattr(self, name) for name in self.__slots__ if name != "sides"}
        lines = [{**asdict(side), "line_no": line_no} for line_no, side in enumerate(self.sides, start=1)]
        return {**row, "n": n, "lines": lines}


def of_invoice(
    student_id: UUID,
    invoice_id: UUID,
    *,
    number: str,
    kind: str,
    label: str,
    currency: str,
    total: int,
    issued_on: date,
    dues: Sequence[Due] = (),
) -> Piece:
    """The student owes, instalment by instalment; the school earns."""
    owed = [Side("receivable", debit=due.amount, due_date=due.due_on, student_id=student_id) for due in dues]
    sides = (*(owed or [Side("receivable", debit=total, student_id=student_id)]), Side(kind, credit=total))
    return Piece("invoice", invoice_id, "sales", number, label, currency, sides, dated=issued_on)


def of_credit(invoice: InvoiceRecord, credit_id: UUID, *, number: str, amount: int, issued_on: date) -> Piece:
    """The student owes less, and the school has earned less."""
    label = f"Avoir sur {invoice.number}"
    return Piece(
        "credit_note", credit_id, "sales", number, label, invoice.currency, _less(invoice, amount), dated=issued_on
    )


def of_cancellation(invoice: InvoiceRecord, *, at: datetime) -> Piece:
    """What has not been credited of the invoice is owed no longer, and was not earned."""
    label = f"Annulation de {invoice.number}"
    sides = _less(invoice, invoice.total - invoice.credited)
    return Piece("cancellation", invoice.id, "sales", invoice.number, label, invoice.currency, sides, happened_at=at)


def _less(invoice: InvoiceRecord, amount: int) -> tuple[Side, ...]:
    return Side(invoice.kind, debit=amount), Side("receivable", credit=amount, student_id=invoice.student_id)


def of_payment(
    student_id: UUID,
    payment_id: UUID,
    *,
    provider: str,
    reference: str,
    amount: int,
    currency: str,
    received_at: datetime,
) -> Piece:
    """Money came in, and the student owes less."""
    use = treasury(provider)
    sides = (Side(use, debit=amount, payment_mode=provider), Side("receivable", credit=amount, student_id=student_id))
    label = f"Règlement {reference}"
    return Piece("payment", payment_id, use, reference, label, currency, sides, happened_at=received_at)


def of_refund(refund: RefundRecord) -> Piece:
    """A payment's money went back, and the student owes it again."""
    use = treasury(refund.provider)
    sides = (
        Side("receivable", debit=refund.amount, student_id=refund.student_id),
        Side(use, credit=refund.amount, payment_mode=refund.provider),
    )
    label = f"Remboursement de {refund.payment_reference}"
    return Piece(
        "refund", refund.id, use, refund.reference, label, refund.currency, sides, happened_at=refund.refunded_at
    )


def of_top_up(
    student_id: UUID,
    entry_id: UUID,
    *,
    provider: str,
    reference: str,
    amount: int,
    currency: str,
    occurred_at: datetime | None,
) -> Piece:
    """Money came in that stays the student's: a debt of the school, not what it earned."""
    use = treasury(provider)
    sides = (Side(use, debit=amount, payment_mode=provider), Side("wallet", credit=amount, student_id=student_id))
    label = f"Recharge cantine {reference}"
    return Piece("top_up", entry_id, use, reference, label, currency, sides, happened_at=occurred_at)


def of_wallet_entry(entry: WalletEntryRecord) -> Piece:
    """A debit, which the school earned; or a correction, which nobody did."""
    use, journal = ("canteen", "canteen") if entry.kind == "debit" else ("adjustment", "general")
    more, less = max(entry.amount, 0), max(-entry.amount, 0)
    sides = (
        Side("wallet", debit=less, credit=more, student_id=entry.student_id),
        Side(use, debit=more, credit=less),
    )
    label = entry.reason or f"Débit cantine {entry.reference}"
    return Piece(
        f"wallet_{entry.kind}",
        entry.id,
        journal,
        entry.reference,
        label,
        entry.currency,
        sides,
        happened_at=entry.occurred_at,
    )


def treasury(provider: str) -> str:
    """The use, of an account and of a journal, that takes money of a provider."""
    return _TREASURY.get(provider, _MOBILE)
