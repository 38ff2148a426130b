"""Amounts: integers of minor units inside, decimal strings on the wire.

XOF and XAF have no decimals, EUR has two (ISO 4217). A float never holds money.
"""

import re
from decimal import Decimal

from app.core.errors import InvalidInput

EXPONENTS: dict[str, int] = {"XOF": 0, "XAF": 0, "GNF": 0, "EUR": 2, "USD": 2, "MAD": 2, "CDF": 2, "TND": 3}
LARGEST = 10**15
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,3})?", re.ASCII)


def exponent(currency: str) -> int:
    """Decimals of a currency. Raises InvalidInput for one we do not know."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        known = ", ".join(sorted(EXPONENTS))
        raise InvalidInput(
            field="currency",
            reason_fr=f"devise inconnue « {currency} » (connues : {known})",
            reason_en=f"unknown currency “{currency}” (known: {known})",
        ) from None


def to_decimal_string(minor: int, currency: str) -> str:
    """1500000 XOF → "1500000"; 1050 EUR → "10.50"."""
    decimals = exponent(currency)
    return f"{Decimal(minor).scaleb(-decimals):.{decimals}f}"


def to_minor(amount: str, currency: str, field: str = "amount") -> int:
    """ "10.50" EUR → 1050. Raises InvalidInput naming `field`: another notation, too many decimals, an absurd size."""
    if not _DECIMAL.fullmatch(amount):
        raise InvalidInput(
            field=field,
            reason_fr="un montant s'écrit comme « 15000 » ou « 10.50 »",
            reason_en="an amount is written like “15000” or “10.50”",
        )
    scaled = Decimal(amount).scaleb(exponent(currency))
    if scaled != scaled.to_integral_value() or abs(scaled) > LARGEST:
        raise InvalidInput(
            field=field,
            reason_fr=f"{exponent(currency)} décimales au plus en {currency}, et un montant raisonnable",
            reason_en=f"at most {exponent(currency)} decimals in {currency}, and a sensible size",
        )
    return int(scaled)
