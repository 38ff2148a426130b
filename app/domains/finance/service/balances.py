"""What the books add up to: the trial balance of a period, and the lines of an account. Validated entries only."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, and_, case, cast, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.pagination import Page, Position, page_size
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code
from app.domains.finance.errors import PeriodNotFound
from app.domains.finance.journal_records import BalanceLine, LedgerLineRecord
from app.domains.finance.journal_tables import FiscalPeriod, FiscalYear, Journal, JournalEntry, JournalLine
from app.domains.finance.service.journals import students_named_by

_OF_ENTRY = and_(col(JournalLine.school_id) == THIS_SCHOOL, col(JournalLine.entry_id) == JournalEntry.id)
_VALIDATED = (col(JournalEntry.school_id) == THIS_SCHOOL, col(JournalEntry.status) == "validated")


async def trial_balance(session: AsyncSession, period: str) -> list[BalanceLine]:
    """By account, then by currency; what came before the period counts from the beginning of its fiscal year.

    Raises PeriodNotFound.
    """
    return [_balance(*row) for row in await session.execute(balances_of(*await _days(session, period)))]


def balances_of(starts_on: date, ends_on: date, year_starts_on: date) -> Select[*tuple[Any, ...]]:
    """The statement behind `trial_balance`."""
    within = col(JournalEntry.entry_date) >= starts_on
    before = case((within, 0), else_=col(JournalLine.debit) - col(JournalLine.credit))
    sums = [before, case((within, col(JournalLine.debit)), else_=0), case((within, col(JournalLine.credit)), else_=0)]
    return (
        select(
            col(JournalLine.account),
            func.max(col(JournalLine.account_label)),
            col(JournalEntry.currency),
            *(cast(func.sum(each), BigInteger) for each in sums),
        )
        .join(JournalLine, _OF_ENTRY)
        .where(*_VALIDATED, col(JournalEntry.entry_date).between(year_starts_on, ends_on))
        .group_by(col(JournalLine.account), col(JournalEntry.currency))
        .order_by(col(JournalLine.account), col(JournalEntry.currency))
    )


def _balance(*row: Any) -> BalanceLine:
    account, label, currency, opening, debit, credit = row
    return BalanceLine(account, label, currency, opening, debit, credit)


async def _days(session: AsyncSession, period: str) -> tuple[date, date, date]:
    """First and last day of a period, and the first of its fiscal year."""
    code = normalise_code(period, "period")
    same_year = and_(col(FiscalYear.school_id) == THIS_SCHOOL, col(FiscalYear.id) == FiscalPeriod.fiscal_year_id)
    found = await session.execute(
        select(col(FiscalPeriod.starts_on), col(FiscalPeriod.ends_on), col(FiscalYear.starts_on))
        .join(FiscalYear, same_year)
        .where(col(FiscalPeriod.school_id) == THIS_SCHOOL, col(FiscalPeriod.code) == code)
    )
    days = found.one_or_none()
    if days is None:
        raise PeriodNotFound(field="period", period=code)
    return days[0], days[1], days[2]


async def account_lines(
    session: AsyncSession,
    account: str,
    *,
    aux_account: str | None,
    since: date | None,
    until: date | None,
    first: int,
    after: Position | None,
) -> tuple[Page[LedgerLineRecord], list[UUID]]:
    """The lines of an account by day, and the students they name. Both days are meant inclusively."""
    asked = account_page(account, aux_account, since, until, page_size(first), after)
    page = Page.cut([LedgerLineRecord(*row) for row in await session.execute(asked)], first)
    named = await students_named_by(session, (line.aux_account for line in page.items))
    return page, sorted(set(named.values()))


def account_page(
    account: str, aux_account: str | None, since: date | None, until: date | None, first: int, after: Position | None
) -> Select[*tuple[Any, ...]]:
    """One line more than the page has, to tell whether others follow."""
    return (
        select(
            col(JournalEntry.id),
            col(JournalEntry.entry_date),
            col(Journal.code),
            col(JournalEntry.number),
            col(JournalEntry.piece_ref),
            col(JournalEntry.currency),
            *(col(column) for column in _LINE),
        )
        .join(JournalLine, _OF_ENTRY)
        .join(Journal, and_(col(Journal.school_id) == THIS_SCHOOL, col(Journal.id) == JournalEntry.journal_id))
        .where(*_VALIDATED, *_conditions(account, aux_account, since, until, after))
        .order_by(*_ORDER)
        .limit(first + 1)
    )


_LINE: tuple[Any, ...] = (
    JournalLine.line_no,
    JournalLine.account,
    JournalLine.aux_account,
    JournalLine.aux_label,
    JournalLine.label,
    JournalLine.debit,
    JournalLine.credit,
    JournalLine.lettering,
)
_ORDER = (col(JournalEntry.entry_date), col(JournalEntry.id), col(JournalLine.line_no))


def place_of(line: LedgerLineRecord) -> Position:
    """Where a line stands: its day and its place in the entry, and the entry."""
    return Position(f"{line.entry_date.isoformat()} {line.line_no}", line.entry_id)


def _conditions(
    account: str, aux_account: str | None, since: date | None, until: date | None, after: Position | None
) -> Iterable[Any]:
    yield col(JournalLine.account) == account
    if aux_account is not None:
        yield col(JournalLine.aux_account) == aux_account
    if since is not None:
        yield col(JournalEntry.entry_date) >= since
    if until is not None:
        yield col(JournalEntry.entry_date) <= until
    if after is not None:
        day, _, line_no = str(after.key).partition(" ")
        last = date.fromisoformat(day)
        yield col(JournalEntry.entry_date) >= last
        yield tuple_(*_ORDER) > tuple_(last, after.id, int(line_no))
