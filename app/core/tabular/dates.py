"""Dates as schools type them: the day comes first, the year has four digits."""

import re
from datetime import date, datetime, time
from functools import lru_cache

from app.core.tabular.cells import shown
from app.core.tabular.errors import NotADate, SerialDate, TwoDigitYear

_DAY_FIRST = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})", re.ASCII)
_RUN_TOGETHER = re.compile(r"((?:19|20|21)\d{2})([01]\d)([0-3]\d)", re.ASCII)
_TIME = re.compile(r"(.{8,10}?)[T ]+(\d{1,2})[:h](\d{2})(?::(\d{2})(?:\.\d{1,6})?)?", re.ASCII)
_SHORT_YEAR = re.compile(r"\d{1,2}[/.\- ]\d{1,2}[/.\- ]\d{2}", re.ASCII)
_SERIAL = re.compile(r"\d{5}([.,]\d+)?", re.ASCII)
EARLIEST, LATEST = 1900, 2199


@lru_cache(4096)
def day(cell: str) -> date:
    """31/12/2024, 31.12.2024, 31-12-2024, 2024-12-31 or 20241231; a time of midnight, which Excel adds, is dropped."""
    value = moment(cell)
    if value.time() != time.min:
        raise NotADate(text=shown(cell))
    return value.date()


def moment(cell: str) -> datetime:
    """A day with or without a time: naive, in the school's time zone."""
    timed = _TIME.fullmatch(cell)
    if timed is None:
        return datetime.combine(_date(cell, cell), time.min)
    try:
        clock = time(int(timed[2]), int(timed[3]), int(timed[4] or 0))
    except ValueError:
        raise NotADate(text=shown(cell)) from None
    return datetime.combine(_date(timed[1], cell), clock)


def _date(written: str, cell: str) -> date:
    if found := _DAY_FIRST.fullmatch(written):
        day_, month, year = map(int, found.groups())
    elif found := _YEAR_FIRST.fullmatch(written) or _RUN_TOGETHER.fullmatch(written):
        year, month, day_ = map(int, found.groups())
    else:
        raise _reason(cell)
    try:
        value = date(year, month, day_)
    except ValueError:
        raise NotADate(text=shown(cell)) from None
    if not EARLIEST <= year <= LATEST:
        raise NotADate(text=shown(cell))
    return value


def _reason(cell: str) -> NotADate | TwoDigitYear | SerialDate:
    if _SHORT_YEAR.fullmatch(cell):
        return TwoDigitYear(text=cell)
    if _SERIAL.fullmatch(cell):
        return SerialDate(text=cell)
    return NotADate(text=shown(cell))
