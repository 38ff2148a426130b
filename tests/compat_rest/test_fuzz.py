"""Schemathesis reads the OpenAPI document and looks for an answer that it does not describe."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode

from compat_rest.facade import Facade
from tests.compat_rest.librarian import READER


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_the_document_describes_every_answer(open_library: Facade, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", open_library)
    checked = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path in ("/secrets/{isbn}",) or (mode is GenerationMode.NEGATIVE and not _has_input(operation)):
            continue

        @settings(max_examples=8, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Case) -> None:
            case.call_and_validate(headers={"X-API-KEY": READER})

        check()
        checked += 1
    assert checked


def _has_input(operation: object) -> bool:
    return bool(list(operation.iter_parameters()) or operation.body)  # type: ignore[attr-defined]
