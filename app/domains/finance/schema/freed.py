"""Money that settles nothing any more."""

from typing import Self
from uuid import UUID

import strawberry

from app.core.graph.scoped import any_scope
from app.core.money import to_decimal_string
from app.domains.finance.invoice_records import FreedRecord
from app.domains.finance.schema.words import AN_ID, INVOICE_SCOPES, PAYMENT_SCOPES

_of_both = any_scope([*INVOICE_SCOPES, *PAYMENT_SCOPES])


@strawberry.type(description="Money taken back from an instalment, which is owed again unless it was credited.")
class FreedMoney:
    payment_id: UUID = _of_both(description="The payment whose money it is.", example=AN_ID)
    invoice_number: str = _of_both(description="The invoice that it had settled.", example="FA-2025-000042")
    instalment: int = _of_both(description="The instalment's number, from 1.", example=1)
    amount: str = _of_both(description="How much, a decimal.", personal=True, example="50000")

    @classmethod
    def of(cls, record: FreedRecord, currency: str) -> Self:
        amount = to_decimal_string(record.amount, currency)
        return cls(
            payment_id=record.payment_id,
            invoice_number=record.invoice_number,
            instalment=record.instalment,
            amount=amount,
        )
