"""What cells may hold."""

from datetime import date, datetime

import pytest

from app.core.tabular import boolean, choice, day, email, errors, identifier, minor_units, moment, text, whole_number
from app.core.tabular.columns import tidy

NO_BREAK, NARROW = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [
        ("15000", "XOF", 15_000),
        ("15 000", "XOF", 15_000),
        (f"15{NO_BREAK}000", "XOF", 15_000),
        (f"1{NARROW}500{NARROW}000", "XOF", 1_500_000),
        ("15.000", "XOF", 15_000),
        ("15,000", "XOF", 15_000),
        ("1.500.000", "XOF", 1_500_000),
        ("15 000,00", "XOF", 15_000),
        ("15000.0", "XOF", 15_000),
        ("15000,000", "XOF", 15_000),
        (f"15{NARROW}000{NO_BREAK}F CFA", "XOF", 15_000),
        ("15 000 F.CFA", "XOF", 15_000),
        ("XOF 15 000", "XOF", 15_000),
        ("15 000,00", "EUR", 1_500_000),
        ("15.000,50", "EUR", 1_500_050),
        ("1,234.56", "EUR", 123_456),
        ("1'234.56", "EUR", 123_456),
        ("1.234.567,89", "EUR", 123_456_789),
        ("0,5", "EUR", 50),
        ("0,500", "EUR", 50),
        ("12,50 €", "EUR", 1_250),
        ("€12.50", "EUR", 1_250),
        ("+12.50", "EUR", 1_250),
        ("1,5", "TND", 1_500),
        ("0.125", "TND", 125),
    ],
)
def test_amounts(written: str, currency: str, minor: int) -> None:
    assert minor_units(written, currency) == minor


@pytest.mark.parametrize(
    ("written", "currency", "error"),
    [
        ("abc", "XOF", errors.NotAnAmount),
        ("12,", "EUR", errors.NotAnAmount),
        (",5", "EUR", errors.NotAnAmount),
        ("1,23,45", "EUR", errors.NotAnAmount),
        ("1.23.456,00", "EUR", errors.NotAnAmount),
        ("1,234.56.78", "EUR", errors.NotAnAmount),
        ("1,5E+06", "XOF", errors.NotAnAmount),
        ("--5", "XOF", errors.NotAnAmount),
        ("١٥٠", "XOF", errors.NotAnAmount),
        ("12,50", "XOF", errors.TooManyDecimals),
        ("12.5050", "EUR", errors.TooManyDecimals),
        ("1,234", "TND", errors.AmbiguousAmount),
        ("12 €", "XOF", errors.OtherCurrency),
        ("12 F CFA", "EUR", errors.OtherCurrency),
        ("0", "XOF", errors.NotPositive),
        ("-5", "XOF", errors.NotPositive),
        ("\u22125", "XOF", errors.NotPositive),
        ("9" * 16, "XOF", errors.TooLarge),
    ],
)
def test_amounts_refused(written: str, currency: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        minor_units(written, currency)


def test_zero_where_it_is_allowed() -> None:
    assert minor_units("0,00", "EUR", zero=True) == 0


@pytest.mark.parametrize(
    "written", ["31/12/2024", "31.12.2024", "31-12-2024", "2024-12-31", "2024/12/31", "20241231", "31/12/2024 00:00:00"]
)
def test_dates(written: str) -> None:
    assert day(written) == date(2024, 12, 31)


@pytest.mark.parametrize("written", ["31/12/2024 14:05", "2024-12-31T14:05:00", "31/12/2024 14h05"])
def test_moments(written: str) -> None:
    assert moment(written) == datetime(2024, 12, 31, 14, 5)  # noqa: DTZ001  # the school's own wall clock


@pytest.mark.parametrize(
    ("written", "error"),
    [
        ("31/12/24", errors.TwoDigitYear),
        ("45657", errors.SerialDate),
        ("45657,5", errors.SerialDate),
        ("12/31/2024", errors.NotADate),
        ("30/02/2024", errors.NotADate),
        ("31/12/2024 14:05", errors.NotADate),
        ("31/12/2024 25:00", errors.NotADate),
        ("31 décembre 2024", errors.NotADate),
        ("01/01/0024", errors.NotADate),
        ("٣١/١٢/٢٠٢٤", errors.NotADate),
    ],
)
def test_dates_refused(written: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        day(written)


@pytest.mark.parametrize("written", ["1,23E+15", "1.23E+15", "5E+12", "1e+15", "4,5E-05"])
def test_a_long_number_that_excel_rounded(written: str) -> None:
    with pytest.raises(errors.ScientificNotation) as refused:
        identifier(str.upper)(written)
    assert "Texte" in refused.value.message("fr")


@pytest.mark.parametrize("written", ["04E12345", "1E5", "2024/INF/0123"])
def test_identifiers_that_only_look_like_it(written: str) -> None:
    assert identifier(str.upper)(written) == written


def test_text_is_composed_and_spaced_alike() -> None:
    assert text(20)(f"Ai\u0308ssatou{NO_BREAK} N'Diaye") == "Aïssatou N'Diaye"


@pytest.mark.parametrize("bad", ["a\x07b", "a\nb", "a\tb", "a\u200bb", "a\ufffdb", "a\u202eb", "a\x85b", "\ud800"])
def test_text_that_cannot_be_seen_is_refused(bad: str) -> None:
    with pytest.raises(errors.UnreadableCharacter):
        text(20)(bad)


def test_text_that_is_too_long() -> None:
    with pytest.raises(errors.TooLong):
        text(3)("abcd")


@pytest.mark.parametrize(("raw", "meant"), [('="00123"', "00123"), (f" {NARROW}a{NO_BREAK} ", "a"), ('="', '="')])
def test_what_surrounds_a_cell_is_taken_off(raw: str, meant: str) -> None:
    assert tidy(raw) == meant


@pytest.mark.parametrize("yes", ["oui", "OUI", "Vrai", "x", "1", "yes"])
def test_yes(yes: str) -> None:
    assert boolean(yes) is True


@pytest.mark.parametrize("no", ["non", "FAUX", "0", "no"])
def test_no(no: str) -> None:
    assert boolean(no) is False


def test_neither_yes_nor_no() -> None:
    with pytest.raises(errors.NotABoolean):
        boolean("peut-être")


def test_choices() -> None:
    read = choice({"orange_money": ("Orange Money", "OM"), "cash": ("espèces", "caisse")})
    assert [read(word) for word in ("ORANGE-MONEY", "om", "Especes", "cash")] == ["orange_money"] * 2 + ["cash"] * 2
    with pytest.raises(errors.NotOneOf) as refused:
        read("troc")
    assert "Orange Money, espèces" in refused.value.message("fr")


def test_whole_numbers() -> None:
    read = whole_number(1, 999)
    assert read("012") == 12
    for wrong in ("0", "1000", "1,5", "x", "²"):
        with pytest.raises(errors.NotANumber):
            read(wrong)


def test_addresses() -> None:
    assert email("Awa.Sow+x@ecole.sn") == "Awa.Sow+x@ecole.sn"
    for wrong in ("awa", "awa@ecole", "a b@c.sn", "a@b@c.sn", "a@b..sn"):
        with pytest.raises(errors.NotAnEmail):
            email(wrong)
