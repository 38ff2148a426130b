"""`skooly accounts`: the chart a school keeps its books by, and where what Skooly posts goes."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.chosen_school import SchoolOption, choose_school
from app.cli.instance import DataOption, JsonOption, open_instance
from app.cli.ringing import open_database
from app.cli.steps import say
from app.cli.tables import print_table
from app.core.database import Wall
from app.domains.finance.account_records import AccountMapRecord
from app.domains.finance.errors import AccountMapMissing
from app.domains.finance.service import account_map, change_account_map, choose_chart, create_account, list_accounts
from app.settings import Settings

Answer = TypeVar("Answer")

accounts = typer.Typer(
    help="The chart of accounts of a school: once it has one, invoices, payments, wallets and meals are posted.",
    no_args_is_help=True,
)


@accounts.command()
def use(
    chart: Annotated[str, typer.Argument(help="syscohada or pcg.")],
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose a school's chart. From then on its facts are posted; what happened before is not."""
    _show(_within(school, data, lambda session: choose_chart(session, chart.lower())), as_json=as_json)


@accounts.command(name="set")
def set_account(
    use: Annotated[str, typer.Argument(help="What for: receivable, wallet, tuition, bank …")],
    account: Annotated[str, typer.Argument(help="The account's number.")],
    label: Annotated[str | None, typer.Option(help="Adds the account to the chart under this name.")] = None,
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give one use another account. What is posted already stays where it is."""

    async def change(session: AsyncSession) -> AccountMapRecord:
        if label is not None:
            await create_account(session, code=account, label=label)
        return await change_account_map(session, accounts={use: account})

    _show(_within(school, data, change), as_json=as_json)


@accounts.command(name="list")
def list_them(school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """The chart of a school, and which account takes what."""

    async def read(session: AsyncSession) -> tuple[AccountMapRecord | None, list[dict[str, object]]]:
        try:
            chosen = await account_map(session)
        except AccountMapMissing:
            chosen = None
        uses: dict[str, list[str]] = {}
        for each in chosen.accounts if chosen else ():
            uses.setdefault(each.account, []).append(each.use)
        rows = await list_accounts(session)
        return chosen, [{"code": row.code, "label": row.label, "uses": uses.get(row.code, [])} for row in rows]

    chosen, rows = _within(school, data, read)
    if as_json:
        told = {"chart": chosen.chart if chosen else None, "accounts": rows}
        print(json.dumps(told, ensure_ascii=False))
    elif rows:
        print_table(("code", "label", "uses"), rows)
    else:
        say("The school has no chart yet. Choose one with ./skooly accounts use syscohada (or pcg).")


def _within(school: str | None, data: Path | None, ask: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
    async def run(settings: Settings) -> Answer:
        async with open_database(settings) as database:
            chosen = await choose_school(database, school)
            async with database.transaction(Wall.app(chosen.id)) as session:
                return await ask(session)

    with open_instance(data) as settings:
        return asyncio.run(run(settings))


def _show(chosen: AccountMapRecord, *, as_json: bool) -> None:
    if as_json:
        accounts = {each.use: each.account for each in chosen.accounts}
        journals = {each.use: each.journal for each in chosen.journals}
        print(json.dumps({"chart": chosen.chart, "accounts": accounts, "journals": journals}))
        return
    rows = [{"use": each.use, "account": each.account, "label": each.label} for each in chosen.accounts]
    print_table(("use", "account", "label"), rows)
