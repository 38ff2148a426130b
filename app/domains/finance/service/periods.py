"""Fiscal years and their periods: opened, closed in order, and opened again the other way round, for a reason."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.errors import InvalidInput
from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance.errors import (
    FiscalYearNotFound,
    FiscalYearTaken,
    FiscalYearUnchanged,
    PeriodNotFound,
    PeriodUnchanged,
)
from app.domains.finance.facts import fiscal_year_facts, period_facts
from app.domains.finance.journal_records import FiscalYearRecord, PeriodRecord
from app.domains.finance.journal_tables import FiscalPeriod, FiscalYear, Journal, JournalEntry
from app.domains.finance.service.books import named_refusals
from app.domains.finance.service.checks import LABEL


async def open_fiscal_year(session: AsyncSession, *, code: str, starts_on: date, ends_on: date) -> UUID:
    """Opens a year with a period for each month it touches. Both days belong to it.

    A period is called after its month, 2024-12, or after its first day where a year begins inside a month. Raises
    FiscalYearTaken, FiscalYearOverlaps, and InvalidInput when the year ends first.
    """
    if ends_on <= starts_on:
        raise InvalidInput(
            field="endsOn", reason_fr="la fin doit venir après le début", reason_en="the end must come after the start"
        )
    year = normalise_code(code, "code")
    if await session.scalar(_year_id(year)) is not None:
        raise FiscalYearTaken(field="code", fiscal_year=year)
    try:
        with named_refusals(fiscal_year=year):
            async with session.begin_nested():
                return await _make_year(session, year, starts_on, ends_on)
    except IntegrityError as error:
        raise FiscalYearTaken(field="code", fiscal_year=year) from error


async def _make_year(session: AsyncSession, code: str, starts_on: date, ends_on: date) -> UUID:
    made = insert(FiscalYear).values(school_id=THIS_SCHOOL, code=code, starts_on=starts_on, ends_on=ends_on)
    year_id: UUID = (await session.execute(made.returning(col(FiscalYear.id)))).scalar_one()
    periods = [
        {"school_id": THIS_SCHOOL, "fiscal_year_id": year_id, "code": name, "starts_on": first, "ends_on": last}
        for name, first, last in _months(starts_on, ends_on)
    ]
    await session.execute(insert(FiscalPeriod).values(periods))
    facts = fiscal_year_facts(code=code, starts_on=starts_on, ends_on=ends_on)
    record_event(session, Topic.FISCAL_YEAR_OPENED, subject=year_id, facts=facts)
    return year_id


def _months(starts_on: date, ends_on: date) -> Iterator[tuple[str, date, date]]:
    first = starts_on
    while first <= ends_on:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        name = f"{first:%Y-%m}" if first.day == 1 else first.isoformat()
        yield name, first, min(following - timedelta(days=1), ends_on)
        first = following


async def close_period(session: AsyncSession, code: str, *, now: datetime) -> PeriodRecord:
    """Nothing is posted into it any more. Raises PeriodNotFound, PeriodUnchanged, PeriodHasDrafts, PeriodOutOfOrder.

    Its journals are held first, as those who post hold them: a fact that is being posted finds the period open, or
    sees that it no longer is and takes the next one.
    """
    await _hold_journals(session)
    period = await _set_period(session, code, closed_at=now)
    record_event(session, Topic.PERIOD_CLOSED, subject=period.id, facts=period_facts(period))
    return period


async def reopen_period(session: AsyncSession, code: str, *, reason: str) -> PeriodRecord:
    """The last closed one. Raises PeriodNotFound, PeriodUnchanged, PeriodOutOfOrder, FiscalYearClosed, InvalidInput."""
    because = LABEL.read(reason, "reason")
    period = await _set_period(session, code, closed_at=None)
    record_event(session, Topic.PERIOD_OPENED, subject=period.id, facts=period_facts(period, reason=because))
    return period


async def _set_period(session: AsyncSession, code: str, *, closed_at: datetime | None) -> PeriodRecord:
    wanted = normalise_code(code, "period")
    mine = and_(col(FiscalPeriod.school_id) == THIS_SCHOOL, col(FiscalPeriod.code) == wanted)
    held = (await session.execute(select(FiscalPeriod).where(mine).with_for_update())).scalar_one_or_none()
    if held is None:
        raise PeriodNotFound(field="period", period=wanted)
    if (held.closed_at is None) == (closed_at is None):
        raise PeriodUnchanged(field="period", period=wanted)
    with named_refusals(period=wanted):
        await session.execute(update(FiscalPeriod).where(mine).values(closed_at=closed_at))
    return next(each for year in await fiscal_years(session) for each in year.periods if each.code == wanted)


async def close_fiscal_year(session: AsyncSession, code: str, *, now: datetime) -> FiscalYearRecord:
    """Its periods stay closed. Raises FiscalYearNotFound, FiscalYearUnchanged, FiscalYearHasOpenPeriods."""
    year = await _set_year(session, code, closed_at=now)
    record_event(session, Topic.FISCAL_YEAR_CLOSED, subject=year.id, facts=_facts(year))
    return year


async def reopen_fiscal_year(session: AsyncSession, code: str, *, reason: str) -> FiscalYearRecord:
    """The last closed one: its periods can then be opened. Raises FiscalYearNotFound, FiscalYearUnchanged,
    FiscalYearOutOfOrder, InvalidInput."""
    because = LABEL.read(reason, "reason")
    year = await _set_year(session, code, closed_at=None)
    record_event(session, Topic.FISCAL_YEAR_OPENED, subject=year.id, facts={**_facts(year), "reason": because})
    return year


async def _set_year(session: AsyncSession, code: str, *, closed_at: datetime | None) -> FiscalYearRecord:
    wanted = normalise_code(code, "fiscalYear")
    mine = and_(col(FiscalYear.school_id) == THIS_SCHOOL, col(FiscalYear.code) == wanted)
    held = (await session.execute(select(FiscalYear).where(mine).with_for_update())).scalar_one_or_none()
    if held is None:
        raise FiscalYearNotFound(field="fiscalYear", fiscal_year=wanted)
    if (held.closed_at is None) == (closed_at is None):
        raise FiscalYearUnchanged(field="fiscalYear", fiscal_year=wanted)
    with named_refusals(fiscal_year=wanted):
        await session.execute(update(FiscalYear).where(mine).values(closed_at=closed_at))
    return next(year for year in await fiscal_years(session) if year.code == wanted)


async def fiscal_years(session: AsyncSession) -> list[FiscalYearRecord]:
    """All of them with their periods, in the order of their days."""
    drafts = (
        select(func.count())
        .where(
            col(JournalEntry.school_id) == THIS_SCHOOL,
            col(JournalEntry.period_id) == FiscalPeriod.id,
            col(JournalEntry.status) == "draft",
        )
        .scalar_subquery()
    )
    same_year = and_(col(FiscalYear.school_id) == THIS_SCHOOL, col(FiscalYear.id) == FiscalPeriod.fiscal_year_id)
    asked = (
        select(FiscalPeriod, FiscalYear, drafts.label("drafts"))
        .join(FiscalYear, same_year)
        .where(col(FiscalPeriod.school_id) == THIS_SCHOOL)
        .order_by(col(FiscalYear.starts_on), col(FiscalPeriod.starts_on))
        .execution_options(populate_existing=True)
    )
    years: dict[UUID, FiscalYear] = {}
    periods: defaultdict[UUID, list[PeriodRecord]] = defaultdict(list)
    for period, year, count in await session.execute(asked):
        years[year.id] = year
        periods[year.id].append(
            PeriodRecord(period.id, period.code, year.code, period.starts_on, period.ends_on, period.closed_at, count)
        )
    return [
        FiscalYearRecord(year.id, year.code, year.starts_on, year.ends_on, year.closed_at, tuple(periods[year.id]))
        for year in years.values()
    ]


async def fiscal_year(session: AsyncSession, year_id: UUID) -> FiscalYearRecord:
    return next(year for year in await fiscal_years(session) if year.id == year_id)


def _facts(year: FiscalYearRecord) -> dict[str, object]:
    return fiscal_year_facts(code=year.code, starts_on=year.starts_on, ends_on=year.ends_on)


def _year_id(code: str) -> Select[UUID]:
    return select(col(FiscalYear.id)).where(col(FiscalYear.school_id) == THIS_SCHOOL, col(FiscalYear.code) == code)


async def _hold_journals(session: AsyncSession) -> None:
    held = select(col(Journal.id)).where(col(Journal.school_id) == THIS_SCHOOL).order_by(col(Journal.id))
    await session.execute(held.with_for_update(key_share=True))
