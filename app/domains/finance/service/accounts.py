"""The chart of accounts of a school, and its map: which account and journal take what Skooly posts."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.core.text import IDENTIFIER, normalise_code
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance.account_records import AccountMapRecord, AccountRecord, MappedAccount, MappedJournal
from app.domains.finance.account_tables import (
    ACCOUNT_USES,
    JOURNAL_USES,
    AccountMap,
    AccountUse,
    JournalUse,
    LedgerAccount,
)
from app.domains.finance.charts import CHARTS, Chart, chart_named
from app.domains.finance.errors import AccountMapMissing, AccountNotFound, AccountTaken, ChartInUse, JournalNotFound
from app.domains.finance.facts import account_map_facts
from app.domains.finance.journal_tables import Journal, JournalEntry
from app.domains.finance.service.books import ensure_journal
from app.domains.finance.service.checks import LABEL, one_of

_SOURCED = select(col(JournalEntry.id)).where(
    col(JournalEntry.school_id) == THIS_SCHOOL, col(JournalEntry.source_id).is_not(None)
)


async def choose_chart(session: AsyncSession, chart: str) -> AccountMapRecord:
    """Gives the school a shipped chart's accounts, journals and map; from now on its facts are posted.

    The same chart again puts back what was changed since. Raises InvalidInput for an unknown chart, and ChartInUse for
    another one once something has been posted.
    """
    wanted = chart_named(one_of(chart, CHARTS, "chart"))
    chosen: str | None = await session.scalar(
        select(col(AccountMap.chart)).where(col(AccountMap.school_id) == THIS_SCHOOL).with_for_update()
    )
    if chosen not in (None, wanted.name) and await session.scalar(select(_SOURCED.exists())):
        raise ChartInUse(field="chart", chart=chosen)
    await session.execute(
        insert(AccountMap)
        .values(school_id=THIS_SCHOOL, chart=wanted.name, chosen_at=func.now())
        .on_conflict_do_update(constraint="pk_account_map", set_={"chart": wanted.name})
    )
    await _take_over(session, wanted)
    return await _told(session)


async def _take_over(session: AsyncSession, chart: Chart) -> None:
    rows = [{"school_id": THIS_SCHOOL, "code": code, "label": label} for code, label in chart.accounts.items()]
    await session.execute(insert(LedgerAccount).values(rows).on_conflict_do_nothing())
    await _map_accounts(session, chart.uses)
    for code, label in dict(chart.journals.values()).items():
        await ensure_journal(session, code=code, label=label)
    await _map_journals(session, {use: code for use, (code, _) in chart.journals.items()})


async def change_account_map(
    session: AsyncSession, *, accounts: Mapping[str, str] | None = None, journals: Mapping[str, str] | None = None
) -> AccountMapRecord:
    """Gives some uses another account of the chart (use → account) or another journal (use → code).

    What is posted already stays where it is. Raises AccountMapMissing, AccountNotFound, JournalNotFound, and
    InvalidInput for an unknown use.
    """
    await account_map(session)
    wanted = {one_of(use, ACCOUNT_USES, "accounts"): account for use, account in (accounts or {}).items()}
    found = {each.code for each in await list_accounts(session)}
    for account in wanted.values():
        if account not in found:
            raise AccountNotFound(field="accounts", account=account)
    await _map_accounts(session, wanted)
    codes = {one_of(use, JOURNAL_USES, "journals"): code for use, code in (journals or {}).items()}
    await _map_journals(session, {use: normalise_code(code, "journals") for use, code in codes.items()})
    return await _told(session)


async def _map_accounts(session: AsyncSession, uses: Mapping[str, str]) -> None:
    if not uses:
        return
    rows = [{"school_id": THIS_SCHOOL, "use": use, "account": account} for use, account in sorted(uses.items())]
    made = insert(AccountUse).values(rows)
    await session.execute(
        made.on_conflict_do_update(constraint="pk_account_use", set_={"account": made.excluded.account})
    )


async def _map_journals(session: AsyncSession, uses: Mapping[str, str]) -> None:
    if not uses:
        return
    found = await session.execute(
        select(col(Journal.code), col(Journal.id)).where(col(Journal.school_id) == THIS_SCHOOL)
    )
    journals: dict[str, Any] = {row.code: row.id for row in found}
    for code in uses.values():
        if code not in journals:
            raise JournalNotFound(field="journals", journal=code)
    rows = [{"school_id": THIS_SCHOOL, "use": use, "journal_id": journals[code]} for use, code in sorted(uses.items())]
    made = insert(JournalUse).values(rows)
    await session.execute(
        made.on_conflict_do_update(constraint="pk_journal_use", set_={"journal_id": made.excluded.journal_id})
    )


async def create_account(session: AsyncSession, *, code: str, label: str) -> AccountRecord:
    """Adds an account to the school's chart. Raises AccountTaken, and InvalidInput for unusable texts."""
    account = AccountRecord(IDENTIFIER.read(code, "code"), LABEL.read(label, "label"))
    made = insert(LedgerAccount).values(school_id=THIS_SCHOOL, code=account.code, label=account.label)
    made = made.on_conflict_do_nothing(constraint="uq_ledger_account_school_id_code")
    account_id = await session.scalar(made.returning(col(LedgerAccount.id)))
    if account_id is None:
        raise AccountTaken(field="code", account=account.code)
    facts = {"code": account.code, "label": account.label}
    record_event(session, Topic.ACCOUNT_CREATED, subject=account_id, facts=facts)
    return account


async def list_accounts(session: AsyncSession) -> list[AccountRecord]:
    """The school's chart, by code."""
    found = await session.execute(
        select(col(LedgerAccount.code), col(LedgerAccount.label))
        .where(col(LedgerAccount.school_id) == THIS_SCHOOL)
        .order_by(col(LedgerAccount.code))
    )
    return [AccountRecord(*row) for row in found]


async def account_map(session: AsyncSession) -> AccountMapRecord:
    """Raises AccountMapMissing where the school has not chosen a chart."""
    found = await session.execute(
        select(col(AccountMap.chart), col(AccountMap.chosen_at)).where(col(AccountMap.school_id) == THIS_SCHOOL)
    )
    chosen = found.one_or_none()
    if chosen is None:
        raise AccountMapMissing
    chart, chosen_at = chosen
    return AccountMapRecord(
        chart, chart_named(chart).label, chosen_at, await _mapped_accounts(session), await _mapped_journals(session)
    )


async def _mapped_accounts(session: AsyncSession) -> tuple[MappedAccount, ...]:
    same = and_(
        col(LedgerAccount.school_id) == AccountUse.school_id, col(LedgerAccount.code) == col(AccountUse.account)
    )
    found = await session.execute(
        select(col(AccountUse.use), col(AccountUse.account), col(LedgerAccount.label))
        .join(LedgerAccount, same)
        .where(col(AccountUse.school_id) == THIS_SCHOOL)
    )
    return tuple(sorted((MappedAccount(*row) for row in found), key=lambda each: ACCOUNT_USES.index(each.use)))


async def _mapped_journals(session: AsyncSession) -> tuple[MappedJournal, ...]:
    same = and_(col(Journal.school_id) == JournalUse.school_id, col(Journal.id) == JournalUse.journal_id)
    found = await session.execute(
        select(col(JournalUse.use), col(Journal.code), col(Journal.label))
        .join(Journal, same)
        .where(col(JournalUse.school_id) == THIS_SCHOOL)
    )
    return tuple(sorted((MappedJournal(*row) for row in found), key=lambda each: JOURNAL_USES.index(each.use)))


async def _told(session: AsyncSession) -> AccountMapRecord:
    record = await account_map(session)
    school_id = await session.scalar(select(THIS_SCHOOL))
    assert school_id is not None
    facts = account_map_facts(
        chart=record.chart,
        accounts={each.use: each.account for each in record.accounts},
        journals={each.use: each.journal for each in record.journals},
    )
    record_event(session, Topic.ACCOUNT_MAP_CHANGED, subject=school_id, facts=facts)
    return record
