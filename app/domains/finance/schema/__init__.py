"""What students owe and pay, their wallets and the books, as the API shows them."""

import strawberry

from app.domains.finance.schema.accounts import AccountMutation, AccountQuery
from app.domains.finance.schema.entries import EntryMutation
from app.domains.finance.schema.journals import JOURNAL_ENTRIES, JournalQuery
from app.domains.finance.schema.ledger import LEDGER_ENTRIES, LedgerQuery
from app.domains.finance.schema.ledger_journals import LedgerJournalMutation, LedgerJournalQuery
from app.domains.finance.schema.payments import PAYMENTS, PaymentMutation
from app.domains.finance.schema.periods import PeriodMutation, PeriodQuery
from app.domains.finance.schema.status import StatusQuery
from app.domains.finance.schema.wallets import WalletMutation

NODES = (PAYMENTS, JOURNAL_ENTRIES, LEDGER_ENTRIES)


@strawberry.type
class Query(StatusQuery, JournalQuery, LedgerQuery, PeriodQuery, AccountQuery, LedgerJournalQuery):
    pass


@strawberry.type
class Mutation(PaymentMutation, WalletMutation, EntryMutation, PeriodMutation, AccountMutation, LedgerJournalMutation):
    pass
