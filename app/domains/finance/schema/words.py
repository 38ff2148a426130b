"""What the types of this slice share: enums, and how amounts and instants are shown."""

from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

import strawberry

from app.core.scopes import Scope

INVOICE_SCOPES = (Scope.INVOICES_READ, Scope.INVOICES_WRITE)
PAYMENT_SCOPES = (Scope.PAYMENTS_READ, Scope.PAYMENTS_WRITE, Scope.PAYMENTS_REFUND)
WALLET_SCOPES = (Scope.WALLETS_READ, Scope.WALLETS_CORRECT)
FEE_SCOPES = (Scope.FEES_READ, Scope.FEES_WRITE)

AN_ID = "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"


@strawberry.enum(name="PaymentProvider", description="Through whom money came in.")
class PaymentProvider(Enum):
    orange_money = strawberry.enum_value("orange_money", description="Orange Money.")
    wave = strawberry.enum_value("wave", description="Wave.")
    mtn = strawberry.enum_value("mtn", description="MTN Mobile Money.")
    bank = strawberry.enum_value("bank", description="A bank: transfer, card or cheque.")
    cash = strawberry.enum_value("cash", description="Cash at the counter.")


@strawberry.enum(name="InvoiceKind", description="What is billed.")
class InvoiceKind(Enum):
    tuition = strawberry.enum_value("tuition", description="Tuition: being late with it closes doors.")
    canteen = strawberry.enum_value("canteen", description="The canteen.")
    other = strawberry.enum_value("other", description="Anything else: a book, an outing, a diploma.")


@strawberry.enum(name="InvoiceStatus", description="Where an invoice stands, as of today in the school's time zone.")
class InvoiceStatus(Enum):
    open = strawberry.enum_value("open", description="Something is left to pay, nothing of it due before today.")
    late = strawberry.enum_value("late", description="A due date is past with something left to pay.")
    paid = strawberry.enum_value("paid", description="Nothing is left to pay: it was paid, credited, or both.")
    cancelled = strawberry.enum_value("cancelled", description="It should never have been, and nothing is owed on it.")


@strawberry.enum(
    name="AllocationRule", description="What happens to money that already settles what is cancelled or credited."
)
class AllocationRule(Enum):
    refuse = strawberry.enum_value("refuse", description="Where there is such money, nothing is done.")
    free = strawberry.enum_value(
        "free", description="It is free again: its payments keep it for something else, or to be refunded."
    )


def local(moment: datetime, timezone: str) -> datetime:
    return moment.astimezone(ZoneInfo(timezone))
