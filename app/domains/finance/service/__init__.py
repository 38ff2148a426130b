"""What this slice does for others: commands and reads, by topic."""

from app.domains.finance.service.accounts import (
    account_map,
    change_account_map,
    choose_chart,
    create_account,
    list_accounts,
)
from app.domains.finance.service.allocating import allocate_payment
from app.domains.finance.service.books import ensure_journal, open_fiscal_year, post_entry, validate_entry
from app.domains.finance.service.cancelling import cancel_invoice
from app.domains.finance.service.crediting import credit_invoice
from app.domains.finance.service.debits import correct_wallet, debit_wallet
from app.domains.finance.service.invoices import issue_invoice
from app.domains.finance.service.journals import entries_by_id, journals_of, students_in
from app.domains.finance.service.payments import describe_payments, record_payment
from app.domains.finance.service.posting import post_piece, post_waiting_everywhere
from app.domains.finance.service.refunds import refund_payment
from app.domains.finance.service.status import financial_status
from app.domains.finance.service.wallets import debit_meal, top_up_wallet

__all__ = [
    "account_map",
    "allocate_payment",
    "cancel_invoice",
    "change_account_map",
    "choose_chart",
    "correct_wallet",
    "create_account",
    "credit_invoice",
    "debit_meal",
    "debit_wallet",
    "describe_payments",
    "ensure_journal",
    "entries_by_id",
    "financial_status",
    "issue_invoice",
    "journals_of",
    "list_accounts",
    "open_fiscal_year",
    "post_entry",
    "post_piece",
    "post_waiting_everywhere",
    "record_payment",
    "refund_payment",
    "students_in",
    "top_up_wallet",
    "validate_entry",
]
