"""Amounts as schools type them, to integers of minor units.

Spaces of every kind group thousands. With both `.` and `,` the last one is the decimal mark. One that comes twice
groups. A single one followed by exactly three digits is a group where the currency has fewer than three decimals
("15.000" is fifteen thousand francs), and is refused as ambiguous where it has three.
"""

import re
from collections.abc import Callable

from app.core.errors import SkoolyError
from app.core.money import LARGEST, exponent
from app.core.tabular.cells import shown, text
from app.core.tabular.errors import (
    AmbiguousAmount,
    NotAnAmount,
    NotPositive,
    OtherCurrency,
    TooLarge,
    TooManyDecimals,
)

_SYMBOLS = {
    "XOF": ("FCFA", "CFA", "F"),
    "XAF": ("FCFA", "CFA", "F"),
    "GNF": ("FG", "GNF"),
    "EUR": ("€",),
    "USD": ("$", "US$"),
    "MAD": ("DH", "DHS"),
    "CDF": ("FC",),
    "TND": ("DT",),
}
_SIGNED = re.compile(r"([+\u2212-]?)([0-9][0-9.,'’]*)")
_WORDED = re.compile(r"([^0-9.,+\u2212-]*)(.*?)((?:[^0-9.,][^0-9,]*)?)", re.DOTALL)
_ONE_GROUP = re.compile(r"[1-9]\d{0,2}", re.ASCII)


def amount(currency: str, *, zero: bool = False) -> Callable[[str], int]:
    """Reads an amount greater than zero (or equal, with `zero`) in `currency`."""

    def read(cell: str) -> int:
        return minor_units(cell, currency, zero=zero)

    return read


def unread_amount(cell: str) -> str:
    """Kept as text, for a file whose lines name their own currency: pass it to `minor_units`."""
    return text(60)(cell)


def minor_units(cell: str, currency: str, *, zero: bool = False) -> int:
    """ "15 000,50" EUR → 1500050. Raises CellRefused; InvalidInput for a currency we do not know."""
    decimals = exponent(currency)
    number = _without_symbol("".join(cell.split()), cell, currency)
    signed = _SIGNED.fullmatch(number)
    if signed is None:
        raise NotAnAmount(text=shown(cell))
    whole, fraction = _parts(re.sub("['’]", "", signed[2]), decimals, cell, currency)
    if len(fraction.rstrip("0")) > decimals:
        raise TooManyDecimals(text=shown(cell), decimals=decimals, currency=currency)
    value = int(whole + fraction[:decimals].ljust(decimals, "0"))
    refusal = _bounds(-value if signed[1] not in ("", "+") else value, cell, zero)
    if refusal:
        raise refusal
    return value


def _without_symbol(squeezed: str, cell: str, currency: str) -> str:
    worded = _WORDED.fullmatch(squeezed)
    assert worded is not None
    before, number, after = worded.groups()
    symbol = (before + after).upper().replace(".", "")
    if before and after:
        raise NotAnAmount(text=shown(cell))
    if symbol in ("", currency, *_SYMBOLS.get(currency, ())):
        return number
    if symbol in _SYMBOLS or any(symbol in symbols for symbols in _SYMBOLS.values()):
        raise OtherCurrency(text=shown(cell), currency=currency)
    raise NotAnAmount(text=shown(cell))


def _parts(number: str, decimals: int, cell: str, currency: str) -> tuple[str, str]:
    """The digits before and after the decimal mark."""
    marks = [mark for mark in ".," if mark in number]
    if not marks:
        return number, ""
    last = max(marks, key=number.rindex)
    if len(marks) == 1 and number.count(last) > 1:
        return _joined(number.split(last), cell), ""
    head, _, tail = number.rpartition(last)
    if last in head or not tail:
        raise NotAnAmount(text=shown(cell))
    if len(marks) == 2:
        group = "," if last == "." else "."
        return _joined(head.split(group), cell), tail
    if len(tail) == 3 and _ONE_GROUP.fullmatch(head):
        if decimals >= 3:
            raise AmbiguousAmount(text=shown(cell), currency=currency, whole=head + tail, decimal=f"{head},{tail}0")
        return head + tail, ""
    return head, tail


def _joined(groups: list[str], cell: str) -> str:
    """Thousands put together again: every group but the first has three digits."""
    if not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:]):
        raise NotAnAmount(text=shown(cell))
    return "".join(groups)


def _bounds(value: int, cell: str, zero: bool) -> SkoolyError | None:
    if value < 0 or (value == 0 and not zero):
        return NotPositive(text=shown(cell))
    return TooLarge(text=shown(cell)) if value > LARGEST else None
