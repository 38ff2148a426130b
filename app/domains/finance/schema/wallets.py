"""Top-ups of canteen wallets as the API takes and shows them."""

from dataclasses import asdict
from typing import Annotated, Self
from uuid import UUID

import strawberry
from strawberry import argument

from app.core.graph.context import Context, Info
from app.core.graph.failure import Failure
from app.core.graph.scoped import any_scope, scoped
from app.core.money import to_decimal_string, to_minor
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance import errors
from app.domains.finance.records import TopUpRecord
from app.domains.finance.schema.payments import CurrencyMismatchFailure, IdempotencyKey, PaymentProvider
from app.domains.finance.service import top_up_wallet
from app.domains.finance.service.checks import REFERENCE
from app.domains.partners.idempotency import once
from app.domains.students.errors import StudentNotFound
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


@strawberry.type(name="WalletConflict", description="The provider's reference already stands for another top-up.")
class WalletConflictFailure(Failure):
    pass


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


async def _top_up_wallet(
    info: Info,
    input: Annotated[TopUpWalletInput, argument(description="The top-up.")],
    idempotency_key: IdempotencyKey = None,
) -> TopUpWalletResult:
    language = info.context.language
    try:
        record = await _once(info.context, input, idempotency_key)
    except StudentNotFound as error:
        return StudentNotFoundFailure.of(error, language)
    except errors.CurrencyMismatch as error:
        return CurrencyMismatchFailure.of(error, language)
    except errors.WalletConflict as error:
        return WalletConflictFailure.of(error, language)
    return WalletTopUp.of(record)


async def _once(context: Context, top_up: TopUpWalletInput, key: str | None) -> TopUpRecord:
    asked = {**asdict(top_up), "provider": top_up.provider.value}
    done = {**asked, "amount": to_minor(top_up.amount, top_up.currency), "occurred_at": context.clock.now()}
    async with context.write() as session:
        record = await once(
            session,
            context.actor,
            operation="topUpWallet",
            key=key,
            payload=asked,
            perform=lambda: top_up_wallet(session, context.actor, **done),
            encode=TopUpRecord.encode,
            decode=TopUpRecord.decode,
        )
        context.saw(record.student_id)
    return record


@strawberry.type
class WalletMutation:
    top_up_wallet: TopUpWalletResult = scoped(
        Scope.WALLETS_WRITE,
        description="Puts money into a student's canteen wallet. A provider's reference is one top-up.",
        resolver=_top_up_wallet,
        cost=10,
    )
