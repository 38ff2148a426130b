"""What students owe and pay, their wallets and the books, as the API shows them."""

import strawberry

from app.domains.finance.schema.journals import JOURNAL_ENTRIES, JournalQuery
from app.domains.finance.schema.payments import PAYMENTS, PaymentMutation
from app.domains.finance.schema.status import StatusQuery
from app.domains.finance.schema.wallets import WalletMutation

NODES = (PAYMENTS, JOURNAL_ENTRIES)


@strawberry.type
class Query(StatusQuery, JournalQuery):
    pass


@strawberry.type
class Mutation(PaymentMutation, WalletMutation):
    pass
