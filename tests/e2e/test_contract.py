"""The served OpenAPI document against the running platform, with the key of every preset."""

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import positive_data_acceptance

from tests.e2e.conftest import School

PRESETS = ["cantine", "tourniquet", "bibliotheque", "comptabilite", "absences", "scolarite", "core"]
BEYOND_SCHEMAS = [positive_data_acceptance]
"""A well-formed absence may lie too far ahead, a well-formed badge be too long: rules that no schema tells."""


def contract(school: School) -> schemathesis.schemas.BaseSchema:
    return schemathesis.openapi.from_dict(school.client("core").get("/v1/openapi.json").json())


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_request_gets_an_answer_the_contract_does_not_tell(
    school: School, preset: str, mode: GenerationMode
) -> None:
    for result in contract(school).get_all_operations():

        @settings(max_examples=8, suppress_health_check=list(HealthCheck))
        @given(case=result.ok().as_strategy(generation_mode=mode))
        def check(case: Case) -> None:
            case.call_and_validate(
                base_url=f"{school.platform.url}/v1",
                headers={"X-API-KEY": school.keys[preset]},
                excluded_checks=BEYOND_SCHEMAS,
            )

        check()


def test_every_example_of_a_reading_endpoint_is_answered(school: School) -> None:
    """With the first key that opens it. The badge of the example is denied: that is an answer as well."""
    document = school.client("core").get("/v1/openapi.json").json()
    asked = 0
    for path, methods in document["paths"].items():
        if "get" in methods:
            answer = _first_answer(school, path, methods["get"]["parameters"])
            assert answer.status_code == 200 or answer.json()["decision"] == "denied"
            asked += 1
    assert asked


def _first_answer(school: School, path: str, parameters: list[dict[str, Any]]) -> httpx.Response:
    for each in parameters:
        path = path.replace(f"{{{each['name']}}}", each["example"].replace("/", "%2F"))
    query = {each["name"]: each["example"] for each in parameters if each["in"] == "query"}
    answers = (school.client(preset).get(f"/v1{path}", params=query or None) for preset in PRESETS)
    return next(each for each in answers if "insufficient-scope" not in each.text)
