"""Taking money out of wallets, and putting wallets right, over the API."""

from typing import Annotated

import strawberry
from strawberry import argument

from app.core.graph.context import Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.money import to_minor
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance.records import WalletEntryRecord
from app.domains.finance.schema.failures import (
    CurrencyMismatchFailure,
    InsufficientBalanceFailure,
    WalletConflictFailure,
    WalletNotFoundFailure,
)
from app.domains.finance.schema.wallet_queries import WalletEntry
from app.domains.finance.service import correct_wallet, debit_wallet
from app.domains.finance.service.checks import LABEL, REFERENCE
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.students.schema import StudentNotFoundFailure

_to_correct = any_scope([Scope.WALLETS_CORRECT])


@strawberry.input(description="Money to take out of a wallet.")
class DebitWalletInput:
    matricule: str = _to_correct(
        description="Whose wallet, in any case.", personal=True, example="2024/INF/0123", form=IDENTIFIER
    )
    amount: str = _to_correct(description="How much: a decimal greater than zero.", example="1500")
    currency: str = _to_correct(description="ISO 4217 code, the wallet's own.", example="XOF")
    reference: str = _to_correct(
        description="A reference of one's own: given twice, it is still one debit.",
        example="SORTIE-2025-014",
        form=REFERENCE,
    )
    reason: str | None = _to_correct(
        description="Why; a forced debit has a reason.", example="Goûter de la sortie", optional=True, form=LABEL
    )
    forced: bool = _to_correct(
        description="Whether to debit it below zero if need be.", example=False, optional=True, default=False
    )


@strawberry.input(description="An error of a wallet to put right.")
class CorrectWalletInput:
    matricule: str = _to_correct(
        description="Whose wallet, in any case.", personal=True, example="2024/INF/0123", form=IDENTIFIER
    )
    amount: str = _to_correct(
        description="A decimal: positive fills the wallet, negative empties it, below zero if need be.", example="-750"
    )
    currency: str = _to_correct(description="ISO 4217 code, the wallet's own.", example="XOF")
    reference: str = _to_correct(
        description="A reference of one's own: given twice, it is still one correction.",
        example="COR-2025-003",
        form=REFERENCE,
    )
    reason: str = _to_correct(description="Why.", example="Repas compté deux fois", form=LABEL)


DebitWalletResult = Annotated[
    WalletEntry
    | StudentNotFoundFailure
    | WalletNotFoundFailure
    | CurrencyMismatchFailure
    | InsufficientBalanceFailure
    | WalletConflictFailure
    | InvalidInputFailure,
    strawberry.union("DebitWalletResult", description="The line of the ledger, or why there is none."),
]
CorrectWalletResult = Annotated[
    WalletEntry
    | StudentNotFoundFailure
    | WalletNotFoundFailure
    | CurrencyMismatchFailure
    | WalletConflictFailure
    | InvalidInputFailure,
    strawberry.union("CorrectWalletResult", description="The line of the ledger, or why there is none."),
]


@expected(DebitWalletResult)
async def _debit_wallet(
    info: Info,
    input: Annotated[DebitWalletInput, argument(description="The debit.")],
    idempotency_key: IdempotencyKey = None,
) -> DebitWalletResult:
    context = info.context
    asked = plain(input)
    done = {**asked, "amount": to_minor(input.amount, input.currency), "occurred_at": context.clock.now()}
    record = await perform_once(
        context,
        "debitWallet",
        idempotency_key,
        asked,
        lambda session: debit_wallet(session, **done),
        WalletEntryRecord,
        concerns=lambda made: [made.student_id],
    )
    return WalletEntry.of(record, context.actor.timezone)


@expected(CorrectWalletResult)
async def _correct_wallet(
    info: Info,
    input: Annotated[CorrectWalletInput, argument(description="The correction.")],
    idempotency_key: IdempotencyKey = None,
) -> CorrectWalletResult:
    context = info.context
    asked = plain(input)
    done = {**asked, "amount": to_minor(input.amount, input.currency), "occurred_at": context.clock.now()}
    record = await perform_once(
        context,
        "correctWallet",
        idempotency_key,
        asked,
        lambda session: correct_wallet(session, **done),
        WalletEntryRecord,
        concerns=lambda made: [made.student_id],
    )
    return WalletEntry.of(record, context.actor.timezone)


@strawberry.type
class WalletCorrectionMutation:
    debit_wallet: DebitWalletResult = scoped(
        Scope.WALLETS_CORRECT,
        description="Takes money out of a student's wallet, never below zero unless forced.",
        resolver=_debit_wallet,
        cost=10,
    )
    correct_wallet: CorrectWalletResult = scoped(
        Scope.WALLETS_CORRECT,
        description="Puts an error of a student's wallet right, in either direction, for a reason.",
        resolver=_correct_wallet,
        cost=10,
    )
