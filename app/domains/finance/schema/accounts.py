"""The chart of accounts, and where what Skooly posts goes."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession
from strawberry import argument

from app.core.graph.context import Context, Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance.account_records import AccountMapRecord, AccountRecord
from app.domains.finance.account_tables import ACCOUNT_USES, JOURNAL_USES
from app.domains.finance.errors import AccountMapMissing
from app.domains.finance.schema.book_failures import (
    AccountMapMissingFailure,
    AccountNotFoundFailure,
    AccountTakenFailure,
    ChartInUseFailure,
    JournalNotFoundFailure,
)
from app.domains.finance.service import (
    account_map,
    change_account_map,
    choose_chart,
    create_account,
    list_accounts,
)
from app.domains.finance.service.checks import LABEL
from app.domains.partners.mutations import IdempotencyKey, perform_once

_of_accounts = any_scope([Scope.FINANCE_BOOKS_READ, Scope.FINANCE_ACCOUNTS_WRITE])
_for_accounts = any_scope([Scope.FINANCE_ACCOUNTS_WRITE])


@strawberry.enum(name="ShippedChart", description="A chart of accounts that Skooly knows.")
class ShippedChart(Enum):
    syscohada = strawberry.enum_value("syscohada", description="SYSCOHADA révisé, of the OHADA countries.")
    pcg = strawberry.enum_value("pcg", description="Plan comptable général, of France.")


@strawberry.enum(name="AccountUse", description="What an account takes.")
class AccountUse(Enum):
    receivable = strawberry.enum_value("receivable", description="What students owe; by student.")
    wallet = strawberry.enum_value("wallet", description="What the school owes them: canteen money; by student.")
    tuition = strawberry.enum_value("tuition", description="Revenue of tuition.")
    canteen = strawberry.enum_value("canteen", description="Revenue of the canteen.")
    other = strawberry.enum_value("other", description="Other revenue.")
    deferred_income = strawberry.enum_value("deferred_income", description="Revenue of periods to come.")
    bank = strawberry.enum_value("bank", description="Money at the bank.")
    mobile_money = strawberry.enum_value("mobile_money", description="Money at operators of mobile money.")
    cash = strawberry.enum_value("cash", description="Money in the till.")
    bank_fees = strawberry.enum_value("bank_fees", description="What banks and operators keep.")
    adjustment = strawberry.enum_value("adjustment", description="What a wallet is corrected by.")


@strawberry.enum(name="JournalUse", description="What is posted in a journal.")
class JournalUse(Enum):
    sales = strawberry.enum_value("sales", description="Invoices, credits and cancellations.")
    bank = strawberry.enum_value("bank", description="Money through the bank.")
    mobile_money = strawberry.enum_value("mobile_money", description="Money through operators of mobile money.")
    cash = strawberry.enum_value("cash", description="Money through the till.")
    canteen = strawberry.enum_value("canteen", description="Meals and other debits of wallets.")
    general = strawberry.enum_value("general", description="Everything else.")


assert tuple(each.name for each in AccountUse) == ACCOUNT_USES
assert tuple(each.name for each in JournalUse) == JOURNAL_USES


@strawberry.type(description="An account of the school's chart.")
class LedgerAccount:
    code: str = _of_accounts(description="Its number.", example="4111")
    label: str = _of_accounts(description="Its name.", example="Étudiants")


@strawberry.type(description="The account that takes what is posted for a use.")
class MappedAccount:
    use: AccountUse = _of_accounts(description="The use.")
    account: str = _of_accounts(description="The account's number.", example="4111")
    label: str = _of_accounts(description="The account's name.", example="Étudiants")


@strawberry.type(description="The journal in which what belongs to a use is posted.")
class MappedJournal:
    use: JournalUse = _of_accounts(description="The use.")
    journal: str = _of_accounts(description="The journal's code.", example="VT")
    label: str = _of_accounts(description="The journal's name.", example="Ventes")


@strawberry.type(description="Where a school's invoices, payments and wallets are posted.")
class AccountMap:
    chart: ShippedChart = _of_accounts(description="The chart it began with.")
    chart_label: str = _of_accounts(description="Its name.", example="SYSCOHADA révisé")
    chosen_at: datetime = _of_accounts(
        description="What happened before is not posted. In the school's time zone.",
        example="2024-09-01T08:00:00+00:00",
    )
    accounts: list[MappedAccount] = _of_accounts(description="One for each use.", size=len(ACCOUNT_USES))
    journals: list[MappedJournal] = _of_accounts(description="One for each use.", size=len(JOURNAL_USES))

    @classmethod
    def of(cls, record: AccountMapRecord, timezone: str) -> Self:
        return cls(
            chart=ShippedChart(record.chart),
            chart_label=record.chart_label,
            chosen_at=record.chosen_at.astimezone(ZoneInfo(timezone)),
            accounts=[MappedAccount(use=AccountUse(a.use), account=a.account, label=a.label) for a in record.accounts],
            journals=[MappedJournal(use=JournalUse(j.use), journal=j.journal, label=j.label) for j in record.journals],
        )


@strawberry.input(description="An account to add to the chart.")
class CreateAccountInput:
    code: str = _for_accounts(description="Its number.", example="5521", form=IDENTIFIER)
    label: str = _for_accounts(description="Its name.", example="Wave", form=LABEL)


@strawberry.input(description="Which account takes a use.")
class AccountForUseInput:
    use: AccountUse = _for_accounts(description="The use.")
    account: str = _for_accounts(description="An account of the chart.", example="5521", form=IDENTIFIER)


@strawberry.input(description="Which journal takes a use.")
class JournalForUseInput:
    use: JournalUse = _for_accounts(description="The use.")
    journal: str = _for_accounts(description="The journal's code.", example="BQ", form=IDENTIFIER)


@strawberry.input(description="What is to be posted elsewhere from now on; other uses stay as they are.")
class ChangeAccountMapInput:
    accounts: list[AccountForUseInput] = _for_accounts(
        description="New accounts.", size=2, optional=True, default_factory=list
    )
    journals: list[JournalForUseInput] = _for_accounts(
        description="New journals.", size=2, optional=True, default_factory=list
    )


CreateAccountResult = Annotated[
    LedgerAccount | AccountTakenFailure | InvalidInputFailure,
    strawberry.union("CreateAccountResult", description="The account, or why there is none."),
]
ChooseChartResult = Annotated[
    AccountMap | ChartInUseFailure,
    strawberry.union("ChooseChartResult", description="Where everything is posted, or why the chart stays."),
]
ChangeAccountMapResult = Annotated[
    AccountMap | AccountMapMissingFailure | AccountNotFoundFailure | JournalNotFoundFailure | InvalidInputFailure,
    strawberry.union("ChangeAccountMapResult", description="Where everything is posted, or why nothing changed."),
]


async def _map(
    context: Context,
    operation: str,
    key: str | None,
    asked: Mapping[str, Any],
    perform: Callable[[AsyncSession], Awaitable[AccountMapRecord]],
) -> AccountMap:
    record = await perform_once(context, operation, key, asked, perform, AccountMapRecord, concerns=lambda _: ())
    return AccountMap.of(record, context.actor.timezone)


@expected(CreateAccountResult)
async def _create_account(
    info: Info,
    input: Annotated[CreateAccountInput, argument(description="The account.")],
    idempotency_key: IdempotencyKey = None,
) -> CreateAccountResult:
    asked = plain(input)
    record = await perform_once(
        info.context,
        "createAccount",
        idempotency_key,
        asked,
        lambda session: create_account(session, **asked),
        AccountRecord,
        concerns=lambda _: (),
    )
    return LedgerAccount(code=record.code, label=record.label)


@expected(ChooseChartResult)
async def _choose_chart(
    info: Info,
    chart: Annotated[ShippedChart, argument(description="The chart to begin with.")],
    idempotency_key: IdempotencyKey = None,
) -> ChooseChartResult:
    asked = {"chart": chart.name}
    return await _map(
        info.context, "chooseChart", idempotency_key, asked, lambda session: choose_chart(session, chart.name)
    )


@expected(ChangeAccountMapResult)
async def _change_account_map(
    info: Info,
    input: Annotated[ChangeAccountMapInput, argument(description="What changes.")],
    idempotency_key: IdempotencyKey = None,
) -> ChangeAccountMapResult:
    asked = plain(input)
    accounts = {each["use"]: each["account"] for each in asked["accounts"]}
    journals = {each["use"]: each["journal"] for each in asked["journals"]}
    return await _map(
        info.context,
        "changeAccountMap",
        idempotency_key,
        asked,
        lambda session: change_account_map(session, accounts=accounts, journals=journals),
    )


async def _accounts(info: Info) -> list[LedgerAccount]:
    async with info.context.read() as session:
        return [LedgerAccount(code=each.code, label=each.label) for each in await list_accounts(session)]


async def _account_map(info: Info) -> AccountMap | None:
    try:
        async with info.context.read() as session:
            return AccountMap.of(await account_map(session), info.context.actor.timezone)
    except AccountMapMissing:
        return None


@strawberry.type
class AccountQuery:
    ledger_accounts: list[LedgerAccount] = scoped(
        Scope.FINANCE_BOOKS_READ, description="The school's chart of accounts.", resolver=_accounts, cost=2, size=50
    )
    account_map: AccountMap | None = scoped(
        Scope.FINANCE_BOOKS_READ,
        description="Where what happens is posted; null while the school has no chart, and posts nothing.",
        resolver=_account_map,
        cost=2,
    )


def _writes(scope: Scope, description: str, resolver: Callable[..., Any]) -> Any:
    return scoped(scope, description=description, resolver=resolver, cost=10)


@strawberry.type
class AccountMutation:
    create_account: CreateAccountResult = _writes(
        Scope.FINANCE_ACCOUNTS_WRITE, "Adds an account to the school's chart.", _create_account
    )
    choose_chart: ChooseChartResult = _writes(
        Scope.FINANCE_ACCOUNTS_WRITE,
        "Gives the school a chart, its journals and its map: from now on what happens is posted.",
        _choose_chart,
    )
    change_account_map: ChangeAccountMapResult = _writes(
        Scope.FINANCE_ACCOUNTS_WRITE,
        "Gives some uses another account or journal; what is posted already stays where it is.",
        _change_account_map,
    )
