"""What the log keeps of money: amounts are integers of minor units, beside their currency."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from app.domains.finance.invoice_records import FreedRecord, InvoiceRecord
from app.domains.finance.journal_records import LedgerEntryRecord, PeriodRecord
from app.domains.finance.records import PaymentRecord, RefundRecord, WalletEntryRecord


def invoice_facts(
    *, number: str, matricule: str, kind: str, label: str, currency: str, total: int, issued_on: date
) -> dict[str, Any]:
    """Of `invoice.issued` and `invoice.paid`."""
    return {
        "number": number,
        "matricule": matricule,
        "kind": kind,
        "label": label,
        "currency": currency,
        "total": total,
        "issued_on": issued_on.isoformat(),
    }


def facts_of_invoice(invoice: InvoiceRecord) -> dict[str, Any]:
    """Of any event about an invoice."""
    return invoice_facts(
        number=invoice.number,
        matricule=invoice.matricule,
        kind=invoice.kind,
        label=invoice.label,
        currency=invoice.currency,
        total=invoice.total,
        issued_on=invoice.issued_on,
    )


def cancellation_facts(invoice: InvoiceRecord, freed: Sequence[FreedRecord]) -> dict[str, Any]:
    """Of `invoice.cancelled`."""
    return {**facts_of_invoice(invoice), "reason": invoice.cancelled_because, "freed": _sum(freed)}


def credit_facts(
    invoice: InvoiceRecord, *, credit_number: str, amount: int, reason: str, freed: Sequence[FreedRecord]
) -> dict[str, Any]:
    """Of `invoice.credited`; `credited` is all that has been, `owed` what is then left to pay."""
    told = {"credit_number": credit_number, "amount": amount, "reason": reason, "freed": _sum(freed)}
    return {**facts_of_invoice(invoice), **told, "credited": invoice.credited, "owed": invoice.owed}


def _sum(freed: Sequence[FreedRecord]) -> int:
    return sum(each.amount for each in freed)


def payment_facts(
    *, matricule: str, provider: str, reference: str, amount: int, currency: str, received_at: datetime
) -> dict[str, Any]:
    """Of `payment.recorded`."""
    return {
        "matricule": matricule,
        "provider": provider,
        "reference": reference,
        "amount": amount,
        "currency": currency,
        "received_at": received_at.isoformat(),
    }


def allocation_facts(payment: PaymentRecord) -> dict[str, Any]:
    """Of `payment.allocated`: all that the payment now settles."""
    shares = [
        {"invoice": share.invoice_number, "instalment": share.instalment, "amount": share.amount}
        for share in payment.allocations
    ]
    return {
        **payment_facts(
            matricule=payment.matricule,
            provider=payment.provider,
            reference=payment.reference,
            amount=payment.amount,
            currency=payment.currency,
            received_at=payment.received_at,
        ),
        "unallocated": payment.unallocated,
        "allocations": shares,
    }


def refund_facts(refund: RefundRecord, freed: Sequence[FreedRecord]) -> dict[str, Any]:
    """Of `payment.refunded`; `freed` is the part that had settled something."""
    return {
        "matricule": refund.matricule,
        "payment_provider": refund.payment_provider,
        "payment_reference": refund.payment_reference,
        "provider": refund.provider,
        "reference": refund.reference,
        "amount": refund.amount,
        "currency": refund.currency,
        "reason": refund.reason,
        "refunded_at": refund.refunded_at.isoformat(),
        "freed": _sum(freed),
    }


def wallet_entry_facts(entry: WalletEntryRecord) -> dict[str, Any]:
    """Of `wallet.debited` and `wallet.corrected`; the amount of a debit is negative, as in the ledger."""
    return {
        "matricule": entry.matricule,
        "reference": entry.reference,
        "amount": entry.amount,
        "currency": entry.currency,
        "balance": entry.balance,
        "reason": entry.reason,
        "forced": entry.forced,
    }


def top_up_facts(
    *, matricule: str, provider: str, reference: str, amount: int, currency: str, balance: int
) -> dict[str, Any]:
    """Of `wallet.topped_up`; `balance` is what the wallet holds afterwards."""
    return {
        "matricule": matricule,
        "provider": provider,
        "reference": reference,
        "amount": amount,
        "currency": currency,
        "balance": balance,
    }


def low_wallet_facts(*, matricule: str, currency: str, balance: int, threshold: int) -> dict[str, Any]:
    """Of `wallet.low`: the balance no longer reaches the threshold."""
    return {"matricule": matricule, "currency": currency, "balance": balance, "threshold": threshold}


def entry_facts(
    *, journal: str, number: int, entry_date: date, piece_ref: str, currency: str, total: int
) -> dict[str, Any]:
    """Of `journal_entry.validated`; `total` is the sum of its debits."""
    return {
        "journal": journal,
        "number": number,
        "entry_date": entry_date.isoformat(),
        "piece_ref": piece_ref,
        "currency": currency,
        "total": total,
    }


def account_map_facts(*, chart: str, accounts: dict[str, str], journals: dict[str, str]) -> dict[str, Any]:
    """Of `account_map.changed`: the account and the journal of each use."""
    return {"chart": chart, "accounts": accounts, "journals": journals}


def journal_facts(*, code: str, label: str) -> dict[str, Any]:
    """Of `journal.created` and `journal.updated`."""
    return {"code": code, "label": label}


def fiscal_year_facts(*, code: str, starts_on: date, ends_on: date) -> dict[str, Any]:
    """Of `fiscal_year.opened`, which gives a `reason` as well where it opens again, and of `fiscal_year.closed`."""
    return {"fiscal_year": code, "starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}


def period_facts(period: PeriodRecord, *, reason: str | None = None) -> dict[str, Any]:
    """Of `period.closed`, and with a `reason` of `period.opened`."""
    facts = {
        "period": period.code,
        "fiscal_year": period.fiscal_year,
        "starts_on": period.starts_on.isoformat(),
        "ends_on": period.ends_on.isoformat(),
    }
    return facts if reason is None else {**facts, "reason": reason}


def ledger_entry_facts(entry: LedgerEntryRecord) -> dict[str, Any]:
    """Of what befalls an entry; `number` is null while it has none."""
    return {
        "journal": entry.journal_code,
        "number": entry.number,
        "entry_date": entry.entry_date.isoformat(),
        "piece_ref": entry.piece_ref,
        "currency": entry.currency,
        "total": sum(line.debit for line in entry.lines),
    }
