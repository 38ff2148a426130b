import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.scalars import SCALARS


def read(kind: type, text: Any) -> Any:
    parse = SCALARS[kind].parse_value
    assert parse is not None
    return parse(text)


def write(value: Any) -> Any:
    serialize = SCALARS[type(value)].serialize
    assert serialize is not None
    return serialize(value)


@given(st.one_of(st.dates(), st.uuids(), st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC))))  # noqa: DTZ001
def test_what_is_written_is_read_back(value: Any) -> None:
    assert read(type(value), write(value)) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (date, "20241231"),
        (date, "2024-W53-2"),
        (date, "2024-02-30"),
        (date, "٢٠٢٤-12-31"),
        (date, 20241231),
        (date, ""),
        (datetime, "2024-12-31"),
        (datetime, "0001-01-01T00:00:00+14:00"),
        (datetime, "2024-12-31T25:00:00Z"),
        (uuid.UUID, "{0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e}"),
        (uuid.UUID, "0194600f6f2a7c3e8b1d2f4a5b6c7d8e"),
        (uuid.UUID, None),
    ],
)
def test_other_notations_are_refused(kind: type, text: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read(kind, text)
