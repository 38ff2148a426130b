"""Fiscal years and periods: reading, opening, closing, opening again."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession
from strawberry import argument

from app.core.graph.context import Context, Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance.journal_records import FiscalYearRecord, PeriodRecord
from app.domains.finance.schema.book_failures import (
    FiscalYearClosedFailure,
    FiscalYearHasOpenPeriodsFailure,
    FiscalYearNotFoundFailure,
    FiscalYearOutOfOrderFailure,
    FiscalYearOverlapsFailure,
    FiscalYearTakenFailure,
    FiscalYearUnchangedFailure,
    PeriodHasDraftsFailure,
    PeriodNotFoundFailure,
    PeriodOutOfOrderFailure,
    PeriodUnchangedFailure,
)
from app.domains.finance.service import (
    close_fiscal_year,
    close_period,
    fiscal_year,
    fiscal_years,
    open_fiscal_year,
    reopen_fiscal_year,
    reopen_period,
)
from app.domains.finance.service.checks import LABEL
from app.domains.partners.mutations import IdempotencyKey, perform_once

_of_years = any_scope([Scope.FINANCE_BOOKS_READ, Scope.FINANCE_PERIODS_WRITE])
_given = any_scope([Scope.FINANCE_PERIODS_WRITE])
_ID = "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"


@strawberry.type(description="A period of a fiscal year, a month or a part of one. Both days belong to it.")
class FiscalPeriod:
    id: UUID = _of_years(description="Its identifier.", example=_ID)
    code: str = _of_years(description="Its month, or its first day where a year begins inside one.", example="2024-12")
    fiscal_year: str = _of_years(description="Code of its fiscal year.", example="2024")
    starts_on: date = _of_years(description="Its first day.", example="2024-12-01")
    ends_on: date = _of_years(description="Its last day.", example="2024-12-31")
    closed_at: datetime | None = _of_years(
        description="When it was closed, in the school's time zone; null while it is open.",
        example="2025-01-10T00:00:00+00:00",
    )
    draft_count: int = _of_years(description="How many drafts are in it: it does not close before.", example=0)

    @classmethod
    def of(cls, period: PeriodRecord, timezone: str) -> Self:
        return cls(
            id=period.id,
            code=period.code,
            fiscal_year=period.fiscal_year,
            starts_on=period.starts_on,
            ends_on=period.ends_on,
            closed_at=_local(period.closed_at, timezone),
            draft_count=period.drafts,
        )


@strawberry.type(description="A fiscal year (exercice). Both days belong to it.")
class FiscalYear:
    id: UUID = _of_years(description="Its identifier.", example=_ID)
    code: str = _of_years(description="Its code.", example="2024")
    starts_on: date = _of_years(description="Its first day.", example="2024-01-01")
    ends_on: date = _of_years(description="Its last day.", example="2024-12-31")
    closed_at: datetime | None = _of_years(
        description="When it was closed, in the school's time zone; null while it is open.",
        example="2025-06-30T00:00:00+00:00",
    )
    periods: list[FiscalPeriod] = _of_years(description="In the order of their days.", size=12)

    @classmethod
    def of(cls, year: FiscalYearRecord, timezone: str) -> Self:
        return cls(
            id=year.id,
            code=year.code,
            starts_on=year.starts_on,
            ends_on=year.ends_on,
            closed_at=_local(year.closed_at, timezone),
            periods=[FiscalPeriod.of(period, timezone) for period in year.periods],
        )


def _local(moment: datetime | None, timezone: str) -> datetime | None:
    return None if moment is None else moment.astimezone(ZoneInfo(timezone))


@strawberry.input(description="A fiscal year to open; a period is made for each month it touches.")
class OpenFiscalYearInput:
    code: str = _given(description="Its code.", example="2025", form=IDENTIFIER)
    starts_on: date = _given(description="Its first day, of any month.", example="2025-01-01")
    ends_on: date = _given(description="Its last day.", example="2025-12-31")


OpenFiscalYearResult = Annotated[
    FiscalYear | FiscalYearTakenFailure | FiscalYearOverlapsFailure | InvalidInputFailure,
    strawberry.union("OpenFiscalYearResult", description="The fiscal year, or why there is none."),
]
CloseFiscalYearResult = Annotated[
    FiscalYear
    | FiscalYearNotFoundFailure
    | FiscalYearUnchangedFailure
    | FiscalYearHasOpenPeriodsFailure
    | InvalidInputFailure,
    strawberry.union("CloseFiscalYearResult", description="The fiscal year, closed, or why it stays open."),
]
ReopenFiscalYearResult = Annotated[
    FiscalYear
    | FiscalYearNotFoundFailure
    | FiscalYearUnchangedFailure
    | FiscalYearOutOfOrderFailure
    | InvalidInputFailure,
    strawberry.union("ReopenFiscalYearResult", description="The fiscal year, open, or why it stays closed."),
]
ClosePeriodResult = Annotated[
    FiscalPeriod
    | PeriodNotFoundFailure
    | PeriodUnchangedFailure
    | PeriodHasDraftsFailure
    | PeriodOutOfOrderFailure
    | FiscalYearClosedFailure
    | InvalidInputFailure,
    strawberry.union("ClosePeriodResult", description="The period, closed, or why it stays open."),
]
ReopenPeriodResult = Annotated[
    FiscalPeriod
    | PeriodNotFoundFailure
    | PeriodUnchangedFailure
    | PeriodOutOfOrderFailure
    | FiscalYearClosedFailure
    | InvalidInputFailure,
    strawberry.union("ReopenPeriodResult", description="The period, open, or why it stays closed."),
]
_YearCode = Annotated[str, takes(IDENTIFIER, description="Code of the fiscal year.", example="2024")]
_PeriodCode = Annotated[str, takes(IDENTIFIER, description="Code of the period.", example="2024-12")]
_Reason = Annotated[str, takes(LABEL, description="Why: it is kept in the log.", example="Facture oubliée")]


async def _year(
    context: Context,
    operation: str,
    key: str | None,
    asked: Mapping[str, Any],
    perform: Callable[[AsyncSession], Awaitable[FiscalYearRecord]],
) -> FiscalYear:
    record = await perform_once(context, operation, key, asked, perform, FiscalYearRecord, concerns=lambda _: ())
    return FiscalYear.of(record, context.actor.timezone)


async def _period(
    context: Context,
    operation: str,
    key: str | None,
    asked: Mapping[str, Any],
    perform: Callable[[AsyncSession], Awaitable[PeriodRecord]],
) -> FiscalPeriod:
    record = await perform_once(context, operation, key, asked, perform, PeriodRecord, concerns=lambda _: ())
    return FiscalPeriod.of(record, context.actor.timezone)


@expected(OpenFiscalYearResult)
async def _open_fiscal_year(
    info: Info,
    input: Annotated[OpenFiscalYearInput, argument(description="The fiscal year.")],
    idempotency_key: IdempotencyKey = None,
) -> OpenFiscalYearResult:
    asked = plain(input)

    async def perform(session: AsyncSession) -> FiscalYearRecord:
        return await fiscal_year(session, await open_fiscal_year(session, **asked))

    return await _year(info.context, "openFiscalYear", idempotency_key, asked, perform)


@expected(CloseFiscalYearResult)
async def _close_fiscal_year(
    info: Info, fiscal_year: _YearCode, idempotency_key: IdempotencyKey = None
) -> CloseFiscalYearResult:
    context, asked = info.context, {"fiscal_year": fiscal_year}
    return await _year(
        context,
        "closeFiscalYear",
        idempotency_key,
        asked,
        lambda session: close_fiscal_year(session, fiscal_year, now=context.clock.now()),
    )


@expected(ReopenFiscalYearResult)
async def _reopen_fiscal_year(
    info: Info, fiscal_year: _YearCode, reason: _Reason, idempotency_key: IdempotencyKey = None
) -> ReopenFiscalYearResult:
    asked = {"fiscal_year": fiscal_year, "reason": reason}
    return await _year(
        info.context,
        "reopenFiscalYear",
        idempotency_key,
        asked,
        lambda session: reopen_fiscal_year(session, fiscal_year, reason=reason),
    )


@expected(ClosePeriodResult)
async def _close_period(info: Info, period: _PeriodCode, idempotency_key: IdempotencyKey = None) -> ClosePeriodResult:
    context = info.context
    return await _period(
        context,
        "closePeriod",
        idempotency_key,
        {"period": period},
        lambda session: close_period(session, period, now=context.clock.now()),
    )


@expected(ReopenPeriodResult)
async def _reopen_period(
    info: Info, period: _PeriodCode, reason: _Reason, idempotency_key: IdempotencyKey = None
) -> ReopenPeriodResult:
    asked = {"period": period, "reason": reason}
    return await _period(
        info.context,
        "reopenPeriod",
        idempotency_key,
        asked,
        lambda session: reopen_period(session, period, reason=reason),
    )


async def _fiscal_years(info: Info) -> list[FiscalYear]:
    async with info.context.read() as session:
        found = await fiscal_years(session)
    return [FiscalYear.of(year, info.context.actor.timezone) for year in found]


@strawberry.type
class PeriodQuery:
    fiscal_years: list[FiscalYear] = scoped(
        Scope.FINANCE_BOOKS_READ,
        description="The fiscal years and their periods, in the order of their days.",
        resolver=_fiscal_years,
        cost=5,
        size=10,
    )


def _writes(description: str, resolver: Callable[..., Any]) -> Any:
    return scoped(Scope.FINANCE_PERIODS_WRITE, description=description, resolver=resolver, cost=10)


@strawberry.type
class PeriodMutation:
    open_fiscal_year: OpenFiscalYearResult = _writes(
        "Opens a fiscal year with a period for each month it touches.", _open_fiscal_year
    )
    close_fiscal_year: CloseFiscalYearResult = _writes(
        "Closes a fiscal year whose periods are closed.", _close_fiscal_year
    )
    reopen_fiscal_year: ReopenFiscalYearResult = _writes(
        "Opens the last closed fiscal year again; its periods stay closed until they are opened.", _reopen_fiscal_year
    )
    close_period: ClosePeriodResult = _writes(
        "Closes the first open period: nothing is posted into it any more.", _close_period
    )
    reopen_period: ReopenPeriodResult = _writes("Opens the last closed period again.", _reopen_period)
