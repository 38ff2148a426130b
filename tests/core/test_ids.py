"""UUIDv7: ordered by time, and told apart within it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.core.ids import first_id_at, new_id

moments = st.integers(86_400, 2**37).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def test_new_ids_are_version_7_and_ascend() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert {each.version for each in ids} == {7}
    assert len(set(ids)) == 1_000
    assert ids == sorted(ids)


def test_a_new_id_holds_the_present() -> None:
    now = datetime.now(UTC)
    assert first_id_at(now - timedelta(seconds=1)) < new_id() < first_id_at(now + timedelta(minutes=1))


def test_before_1970_no_id_is_earlier() -> None:
    """Found by fuzzing: an instant of the year 97 was a negative id."""
    assert first_id_at(datetime(97, 12, 27, tzinfo=UTC)) == first_id_at(datetime(1970, 1, 1, tzinfo=UTC))


@given(moments)
def test_the_first_id_of_an_instant_carries_it(moment: datetime) -> None:
    bound = first_id_at(moment)
    assert bound.version == 7
    assert bound.int >> 80 == int(moment.timestamp() * 1000)


@given(moments, moments)
def test_bounds_are_in_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (first_id_at(one) <= first_id_at(other)) == (int(one.timestamp() * 1000) <= int(other.timestamp() * 1000))
