"""What the log keeps of money: amounts are integers of minor units, beside their currency."""

from datetime import date, datetime
from typing import Any


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
