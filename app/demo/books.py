"""Fiscal years and journals, and the complete books of one day: 31 December 2024.

Accounts follow SYSCOHADA. They are data of this school: nothing else in Skooly knows them.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from app.demo.calendar import Calendar, at, first_of_month
from app.demo.draft import Draft
from app.demo.entries import DAY, Piece, pieces
from app.domains.finance.journal_tables import FiscalPeriod, FiscalYear, Journal, JournalEntry, JournalLine

FIRST_YEAR = DAY.year
JOURNALS = {"VT": "Ventes", "BQ": "Banque et mobile money", "OD": "Opérations diverses", "CN": "Cantine"}
CLOSED_UNTIL = date(2024, 11, 30)
"""Months that end by then take no more entries."""


@dataclass(frozen=True, slots=True)
class _Books:
    year: UUID
    period: UUID
    journals: dict[str, UUID]


def draw_books(draft: Draft, calendar: Calendar) -> None:
    periods = {}
    for year in range(FIRST_YEAR, calendar.today.year + 2):
        periods.update(_fiscal_year(draft, year))
    year_id, period_id = periods[DAY.replace(day=1)]
    opened = at(date(FIRST_YEAR, 1, 1))
    journals = {code: draft.make(Journal, opened, code=code, label=label) for code, label in JOURNALS.items()}
    _post(draft, _Books(year_id, period_id, journals))


def _fiscal_year(draft: Draft, year: int) -> dict[date, tuple[UUID, UUID]]:
    """A calendar year and its months: the ids of year and period by a month's first day."""
    starts_on = date(year, 1, 1)
    year_id = draft.make(FiscalYear, at(starts_on), code=str(year), starts_on=starts_on, ends_on=date(year, 12, 31))
    return {month: (year_id, _period(draft, year_id, month)) for month in (date(year, n, 1) for n in range(1, 13))}


def _period(draft: Draft, year_id: UUID, starts_on: date) -> UUID:
    ends_on = first_of_month(starts_on, 1) - timedelta(days=1)
    return draft.make(
        FiscalPeriod,
        at(starts_on),
        fiscal_year_id=year_id,
        code=f"{starts_on:%Y-%m}",
        starts_on=starts_on,
        ends_on=ends_on,
        closed_at=at(ends_on + timedelta(days=10)) if ends_on <= CLOSED_UNTIL else None,
    )


def _post(draft: Draft, books: _Books) -> None:
    numbers: Counter[str] = Counter()
    posted: dict[str, UUID] = {}
    for place, piece in enumerate(pieces()):
        numbers[piece.journal] += 1
        entry_id = draft.make(
            JournalEntry,
            at(DAY, 8) + timedelta(minutes=place),
            journal_id=books.journals[piece.journal],
            fiscal_year_id=books.year,
            period_id=books.period,
            number=numbers[piece.journal],
            entry_date=DAY,
            piece_ref=piece.ref,
            piece_date=DAY,
            label=piece.label,
            currency=piece.currency,
            source_type=piece.source,
            reverses_entry_id=posted.get(piece.reverses or ""),
        )
        posted[piece.ref] = entry_id
        _lines(draft, piece, entry_id)


def _lines(draft: Draft, piece: Piece, entry_id: UUID) -> None:
    for line_no, line in enumerate(piece.lines, 1):
        row: dict[str, Any] = line.row(line_no, piece.label)
        draft.add(JournalLine, **{**row, "entry_id": entry_id, "analytic": orjson.dumps(row["analytic"]).decode()})


def validated_at() -> datetime:
    """When the day's entries were validated: that evening."""
    return datetime(DAY.year, DAY.month, DAY.day, 18, 30, tzinfo=UTC)
