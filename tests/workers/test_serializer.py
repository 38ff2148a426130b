"""Jobs travel as JSON: nothing that is read from Valkey can run code."""

import pickle

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.serializer import deserialize, serialize
from workers.settings import WorkerSettings

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from("tfake"), VALUES))
def test_what_goes_in_comes_out(job: dict[str, object]) -> None:
    assert deserialize(serialize(job)) == job


def test_a_failure_keeps_its_type_and_loses_its_message() -> None:
    assert deserialize(serialize({"r": ValueError("Awa Diop, 2024/INF/0123")})) == {"r": "ValueError"}


def test_a_pickle_is_refused() -> None:
    with pytest.raises(orjson.JSONDecodeError):
        WorkerSettings.job_deserializer(pickle.dumps({"f": "anything"}))
