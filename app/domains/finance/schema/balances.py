"""The trial balance (balance générale) and the general ledger (grand livre)."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry import argument

from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Info
from app.core.graph.scoped import any_scope, scoped
from app.core.money import to_decimal_string
from app.core.pagination import DEFAULT_PAGE
from app.core.scopes import Scope
from app.domains.finance import journal_records as records
from app.domains.finance.service import account_lines, place_of, trial_balance

_of_books = any_scope([Scope.FINANCE_BOOKS_READ])
ACCOUNTS = 60
_NAME = "generalLedger"


@strawberry.type(description="What an account says in one currency; balances are positive where debit prevails.")
class BalanceLine:
    account: str = _of_books(description="The general account.", example="4111")
    account_label: str = _of_books(description="Its name.", example="Étudiants")
    currency: str = _of_books(description="ISO 4217 code.", example="XOF")
    opening: str = _of_books(description="Since the fiscal year began, before the period.", example="150000")
    debit: str = _of_books(description="Debited in the period.", example="300000")
    credit: str = _of_books(description="Credited in the period.", example="250000")
    closing: str = _of_books(description="At the end of the period.", example="200000")

    @classmethod
    def of(cls, line: records.BalanceLine) -> Self:
        opening, debit, credit, closing = (
            to_decimal_string(amount, line.currency) for amount in (line.opening, line.debit, line.credit, line.closing)
        )
        return cls(
            account=line.account,
            account_label=line.label,
            currency=line.currency,
            opening=opening,
            debit=debit,
            credit=credit,
            closing=closing,
        )


@strawberry.type(description="A validated line of an account.")
class LedgerLine:
    entry_id: UUID = _of_books(description="Its entry.", example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e")
    entry_date: date = _of_books(description="The day it counts for.", example="2024-12-31")
    journal_code: str = _of_books(description="The journal's code.", example="VT")
    entry_number: int = _of_books(description="The entry's number in its journal and fiscal year.", example=42)
    piece_ref: str = _of_books(description="The piece's reference.", example="F-2024-0001")
    currency: str = _of_books(description="ISO 4217 code.", example="XOF")
    line_no: int = _of_books(description="Its place in the entry, from 1.", example=1)
    account: str = _of_books(description="The general account.", example="4111")
    aux_account: str | None = _of_books(
        description="The auxiliary account: a student's matricule.", personal=True, example="2024/INF/0123"
    )
    aux_label: str | None = _of_books(description="Its name.", personal=True, example="N'Diaye Aïssatou")
    label: str = _of_books(description="What it is about.", example="Scolarité, 1re tranche")
    debit: str = _of_books(description="A decimal.", example="150000")
    credit: str = _of_books(description="A decimal.", example="0")
    lettering: str | None = _of_books(description="The letter that matches debits with credits.", example="A")

    @classmethod
    def of(cls, line: records.LedgerLineRecord) -> Self:
        return cls(
            entry_id=line.entry_id,
            entry_date=line.entry_date,
            journal_code=line.journal_code,
            entry_number=line.number,
            piece_ref=line.piece_ref,
            currency=line.currency,
            line_no=line.line_no,
            account=line.account,
            aux_account=line.aux_account,
            aux_label=line.aux_label,
            label=line.label,
            debit=to_decimal_string(line.debit, line.currency),
            credit=to_decimal_string(line.credit, line.currency),
            lettering=line.lettering,
        )


LedgerLines = Connection[LedgerLine]


def _asks(description: str, example: str) -> Any:
    return argument(description=description, metadata={"example": example})


async def _trial_balance(
    info: Info, period: Annotated[str, _asks("The period, by its code.", "2024-12")]
) -> list[BalanceLine]:
    async with info.context.read() as session:
        return [BalanceLine.of(line) for line in await trial_balance(session, period)]


async def _general_ledger(
    info: Info,
    account: Annotated[str, _asks("The general account.", "4111")],
    aux_account: Annotated[str | None, _asks("Only this auxiliary account.", "2024/INF/0123")] = None,
    since: Annotated[date | None, _asks("From this day on.", "2024-12-01")] = None,
    until: Annotated[date | None, _asks("Until this day, included.", "2024-12-31")] = None,
    first: First = DEFAULT_PAGE,
    after: After = None,
) -> LedgerLines:
    context = info.context
    async with context.read() as session:
        page, students = await account_lines(
            session,
            account,
            aux_account=aux_account,
            since=since,
            until=until,
            first=first,
            after=read_cursor(context, _NAME, after),
        )
    context.saw(*students)
    return LedgerLines.of(context, _NAME, page, show=LedgerLine.of, position=place_of)


@strawberry.type
class BalanceQuery:
    trial_balance: list[BalanceLine] = scoped(
        Scope.FINANCE_BOOKS_READ,
        description="What each account says in a period, by account and currency; all closings add up to zero.",
        resolver=_trial_balance,
        cost=20,
        size=ACCOUNTS,
    )
    general_ledger: LedgerLines = scoped(
        Scope.FINANCE_BOOKS_READ,
        description="The validated lines of an account, by day.",
        resolver=_general_ledger,
        cost=10,
    )
