"""What students owe and pay, their wallets and the books, as the API shows them."""

import strawberry

from app.domains.finance.schema.accounts import AccountMutation, AccountQuery
from app.domains.finance.schema.balances import BalanceQuery
from app.domains.finance.schema.entries import EntryMutation
from app.domains.finance.schema.fee_mutations import FeeMutation
from app.domains.finance.schema.fees import FEE_SCHEDULES, FeeQuery
from app.domains.finance.schema.following import PaymentSubscription as Subscription
from app.domains.finance.schema.invoice_mutations import InvoiceMutation
from app.domains.finance.schema.invoice_queries import InvoiceQuery
from app.domains.finance.schema.invoices import CREDIT_NOTES, INVOICES
from app.domains.finance.schema.journals import JOURNAL_ENTRIES, JournalQuery
from app.domains.finance.schema.ledger import LEDGER_ENTRIES, LedgerQuery
from app.domains.finance.schema.ledger_journals import LedgerJournalMutation, LedgerJournalQuery
from app.domains.finance.schema.payment_mutations import AllocationMutation
from app.domains.finance.schema.payment_queries import PaymentQuery
from app.domains.finance.schema.payments import PAYMENTS, REFUNDS, PaymentMutation
from app.domains.finance.schema.periods import PeriodMutation, PeriodQuery
from app.domains.finance.schema.status import StatusQuery
from app.domains.finance.schema.wallet_mutations import WalletCorrectionMutation
from app.domains.finance.schema.wallet_queries import WALLET_ENTRIES, WALLETS, WalletQuery
from app.domains.finance.schema.wallets import WalletMutation

__all__ = ["NODES", "Mutation", "Query", "Subscription"]

NODES = (
    FEE_SCHEDULES,
    INVOICES,
    CREDIT_NOTES,
    PAYMENTS,
    REFUNDS,
    WALLETS,
    WALLET_ENTRIES,
    JOURNAL_ENTRIES,
    LEDGER_ENTRIES,
)


@strawberry.type
class Query(
    StatusQuery,
    FeeQuery,
    InvoiceQuery,
    PaymentQuery,
    WalletQuery,
    JournalQuery,
    LedgerQuery,
    BalanceQuery,
    PeriodQuery,
    AccountQuery,
    LedgerJournalQuery,
):
    pass


@strawberry.type
class Mutation(
    PaymentMutation,
    FeeMutation,
    AllocationMutation,
    InvoiceMutation,
    WalletMutation,
    WalletCorrectionMutation,
    EntryMutation,
    PeriodMutation,
    AccountMutation,
    LedgerJournalMutation,
):
    pass
