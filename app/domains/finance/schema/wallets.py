"""Top-ups of canteen wallets as the API takes and shows them."""

from typing import Annotated, Self
from uuid import UUID

import strawberry
from strawberry import argument

from app.core.graph.context import Info
from app.core.graph.failure import expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.money import to_decimal_string, to_minor
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance.records import TopUpRecord
from app.domains.finance.schema.failures import CurrencyMismatchFailure, WalletConflictFailure
from app.domains.finance.schema.words import PaymentProvider
from app.domains.finance.service import top_up_wallet
from app.domains.finance.service.checks import REFERENCE
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.students.schema import StudentNotFoundFailure

_of_wallet = any_scope([Scope.WALLETS_WRITE])


@strawberry.type(description="Money put into a student's canteen wallet.")
class WalletTopUp:
    id: UUID = _of_wallet(description="Its identifier.", example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e")
    matricule: str = _of_wallet(description="Whose wallet.", personal=True, example="2024/INF/0123")
    provider: PaymentProvider = _of_wallet(description="Through whom.", example="wave")
    reference: str = _of_wallet(description="The provider's reference.", example="WAVE-8841")
    amount: str = _of_wallet(description="How much, a decimal.", personal=True, example="5000")
    currency: str = _of_wallet(description="ISO 4217 code.", example="XOF")
    balance: str = _of_wallet(description="What the wallet then held, a decimal.", personal=True, example="5500")

    @classmethod
    def of(cls, record: TopUpRecord) -> Self:
        return cls(
            id=record.id,
            matricule=record.matricule,
            provider=PaymentProvider(record.provider),
            reference=record.reference,
            amount=to_decimal_string(record.amount, record.currency),
            currency=record.currency,
            balance=to_decimal_string(record.balance, record.currency),
        )


TopUpWalletResult = Annotated[
    WalletTopUp | StudentNotFoundFailure | CurrencyMismatchFailure | WalletConflictFailure,
    strawberry.union("TopUpWalletResult", description="The top-up, or why there is none."),
]


@strawberry.input(description="Money to put into a wallet, which is made where there is none.")
class TopUpWalletInput:
    matricule: str = _of_wallet(
        description="Whose wallet, in any case.", personal=True, example="2024/INF/0123", form=IDENTIFIER
    )
    provider: PaymentProvider = _of_wallet(description="Through whom.", example="wave")
    reference: str = _of_wallet(
        description="The provider's reference: given twice, it is still one top-up.",
        example="WAVE-8841",
        form=REFERENCE,
    )
    amount: str = _of_wallet(description="How much: a decimal like `5000` or `10.50`.", example="5000")
    currency: str = _of_wallet(description="ISO 4217 code, the wallet's own where there is one.", example="XOF")


@expected(TopUpWalletResult)
async def _top_up_wallet(
    info: Info,
    input: Annotated[TopUpWalletInput, argument(description="The top-up.")],
    idempotency_key: IdempotencyKey = None,
) -> TopUpWalletResult:
    context = info.context
    asked = plain(input)
    done = {**asked, "amount": to_minor(input.amount, input.currency), "occurred_at": context.clock.now()}
    record = await perform_once(
        context,
        "topUpWallet",
        idempotency_key,
        asked,
        lambda session: top_up_wallet(session, context.actor, **done),
        TopUpRecord,
        concerns=lambda made: [made.student_id],
    )
    return WalletTopUp.of(record)


@strawberry.type
class WalletMutation:
    top_up_wallet: TopUpWalletResult = scoped(
        Scope.WALLETS_WRITE,
        description="Puts money into a student's canteen wallet. A provider's reference is one top-up.",
        resolver=_top_up_wallet,
        cost=10,
    )
