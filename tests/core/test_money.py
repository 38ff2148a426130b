"""Minor units inside, decimal strings outside, and nothing lost between them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidInput
from app.core.money import EXPONENTS, LARGEST, exponent, to_decimal_string, to_minor

currencies = st.sampled_from(sorted(EXPONENTS))


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (1_500_000, "XOF", "1500000"),
        (1050, "EUR", "10.50"),
        (5, "EUR", "0.05"),
        (-5, "EUR", "-0.05"),
        (0, "XOF", "0"),
        (0, "EUR", "0.00"),
        (1, "TND", "0.001"),
    ],
)
def test_written(minor: int, currency: str, written: str) -> None:
    assert to_decimal_string(minor, currency) == written
    assert to_minor(written, currency) == minor


@given(st.integers(-LARGEST + 1, LARGEST - 1), currencies)
def test_there_and_back(minor: int, currency: str) -> None:
    assert to_minor(to_decimal_string(minor, currency), currency) == minor


@pytest.mark.parametrize("amount", ["", " 1", "1 ", "1,5", "1e3", "+1", "1.", ".5", "--1", "NaN", "١٢", "1_000", "0x1"])
def test_other_notations_are_refused(amount: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        to_minor(amount, "EUR")
    assert refusal.value.field == "amount"


@pytest.mark.parametrize(("amount", "currency"), [("1.5", "XOF"), ("1.005", "EUR"), ("999999999999999", "EUR")])
def test_too_many_decimals_and_absurd_sizes_are_refused(amount: str, currency: str) -> None:
    with pytest.raises(InvalidInput):
        to_minor(amount, currency)


def test_decimals_that_say_nothing_are_let_through() -> None:
    assert to_minor("1500.0", "XOF") == 1500


@given(st.text(max_size=30), currencies)
def test_any_text_is_an_amount_or_a_named_refusal(amount: str, currency: str) -> None:
    with suppress(InvalidInput):
        assert abs(to_minor(amount, currency)) <= LARGEST


def test_an_unknown_currency_is_named() -> None:
    with pytest.raises(InvalidInput) as refusal:
        exponent("ZWL")
    assert "ZWL" in refusal.value.message("fr")
    assert refusal.value.field == "currency"
