"""What this slice does for others: commands and reads, by topic."""

from app.domains.finance.service.accounts import (
    account_map,
    change_account_map,
    choose_chart,
    create_account,
    list_accounts,
)
from app.domains.finance.service.allocating import allocate_payment
from app.domains.finance.service.balances import account_lines, place_of, trial_balance
from app.domains.finance.service.books import ensure_journal, post_entry, validate_entry
from app.domains.finance.service.cancelling import cancel_invoice
from app.domains.finance.service.crediting import credit_invoice
from app.domains.finance.service.debits import correct_wallet, debit_wallet
from app.domains.finance.service.entries import change_entry, delete_entry, post_draft, reverse_entry, validate_draft
from app.domains.finance.service.invoices import issue_invoice
from app.domains.finance.service.journals import entries_by_id, journals_of, students_in
from app.domains.finance.service.ledger import EntryFilter, find_entries, ledger_entries
from app.domains.finance.service.ledger_journals import create_journal, list_journals, rename_journal
from app.domains.finance.service.payments import describe_payments, record_payment
from app.domains.finance.service.periods import (
    close_fiscal_year,
    close_period,
    fiscal_year,
    fiscal_years,
    open_fiscal_year,
    reopen_fiscal_year,
    reopen_period,
)
from app.domains.finance.service.posting import post_piece, post_waiting_everywhere
from app.domains.finance.service.refunds import refund_payment
from app.domains.finance.service.status import financial_status
from app.domains.finance.service.wallets import debit_meal, top_up_wallet

__all__ = [
    "EntryFilter",
    "account_lines",
    "account_map",
    "allocate_payment",
    "cancel_invoice",
    "change_account_map",
    "change_entry",
    "choose_chart",
    "close_fiscal_year",
    "close_period",
    "correct_wallet",
    "create_account",
    "create_journal",
    "credit_invoice",
    "debit_meal",
    "debit_wallet",
    "delete_entry",
    "describe_payments",
    "ensure_journal",
    "entries_by_id",
    "financial_status",
    "find_entries",
    "fiscal_year",
    "fiscal_years",
    "issue_invoice",
    "journals_of",
    "ledger_entries",
    "list_accounts",
    "list_journals",
    "open_fiscal_year",
    "place_of",
    "post_draft",
    "post_entry",
    "post_piece",
    "post_waiting_everywhere",
    "record_payment",
    "refund_payment",
    "rename_journal",
    "reopen_fiscal_year",
    "reopen_period",
    "reverse_entry",
    "students_in",
    "top_up_wallet",
    "trial_balance",
    "validate_draft",
    "validate_entry",
]
