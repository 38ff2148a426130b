"""What a mutation made under an idempotency key is kept as JSON: every record that is, comes back as it was."""

import ast
import dataclasses
import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

import app.domains
from app.domains.partners.service import ShownKey

st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
st.register_type_strategy(Mapping, lambda kind: st.dictionaries(*map(st.from_type, get_args(kind)), max_size=3))


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(app.domains.__path__, "app.domains."):
        if ".schema" in found.name:
            yield importlib.import_module(found.name)


def kept_in(module: ModuleType) -> Iterator[Any]:
    """The records named where the module performs something once: beside the students whom they concern."""
    for call in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(call, ast.Call) and any(each.arg == "concerns" for each in call.keywords):
            named = (getattr(module, each.id, None) for each in call.args if isinstance(each, ast.Name))
            yield from (each for each in named if dataclasses.is_dataclass(each) and isinstance(each, type))


RECORDS = {record.__name__: record for module in modules() for record in kept_in(module)}


def test_all_of_them_are_tried() -> None:
    assert len(RECORDS) > 20


@pytest.mark.parametrize("name", sorted(RECORDS))
@settings(max_examples=8, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_record_comes_back_as_it_was(name: str, data: st.DataObject) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(RECORDS[name])
    record = data.draw(st.from_type(RECORDS[name]))
    kept = json.loads(json.dumps(adapter.dump_python(record, mode="json")))
    back = adapter.validate_python(kept)
    if isinstance(record, ShownKey):
        record = dataclasses.replace(record, text=None)
    assert back == record
    assert adapter.dump_python(back, mode="json") == kept
