"""What commands ask of inputs that did not come through the schema."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.core.errors import InvalidInput
from app.domains.finance.service.checks import amount_of, instant_of, one_of


def test_an_instant_is_told_in_utc() -> None:
    paris = datetime(2025, 1, 13, 9, tzinfo=timezone(timedelta(hours=1)))
    assert instant_of(paris, "receivedAt") == datetime(2025, 1, 13, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2025, 1, 13, 9),  # noqa: DTZ001  # without an offset is the point
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12))),
    ],
)
def test_an_instant_lies_in_the_calendar(moment: datetime) -> None:
    with pytest.raises(InvalidInput) as refusal:
        instant_of(moment, "receivedAt")
    assert refusal.value.field == "receivedAt"


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1])
def test_an_amount_is_positive_and_sensible(amount: int) -> None:
    with pytest.raises(InvalidInput):
        amount_of(amount, "XOF")


def test_a_choice_is_named_with_what_there_is() -> None:
    with pytest.raises(InvalidInput, match="orange_money, wave"):
        one_of("paypal", ("orange_money", "wave"), "provider")
