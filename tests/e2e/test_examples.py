"""Every example of a reading endpoint in the OpenAPI document is answered by the demo school."""

from typing import Any

import httpx

from tests.e2e.conftest import School


def test_every_example_of_a_reading_endpoint_is_answered(school: School) -> None:
    """With the first key that opens it. The badge of the example is denied: that is an answer as well."""
    document = school.client("core").get("/v1/openapi.json").json()
    asked = 0
    for path, methods in document["paths"].items():
        if "get" in methods and "application/json" in methods["get"]["responses"]["200"]["content"]:
            answer = _first_answer(school, path, methods["get"].get("parameters", []))
            made_by_hand = path.startswith("/webhooks/") and "{" in path  # its ids are of chance
            assert answer.status_code == (404 if made_by_hand else 200) or answer.json()["decision"] == "denied"
            asked += 1
    assert asked


def _first_answer(school: School, path: str, parameters: list[dict[str, Any]]) -> httpx.Response:
    """What only the server can make, a cursor, has no example."""
    for each in parameters:
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", each["example"].replace("/", "%2F"))
    query = {each["name"]: each["example"] for each in parameters if each["in"] == "query" and "example" in each}
    answers = (school.client(preset).get(f"/v1{path}", params=query or None) for preset in school.keys)
    return next(each for each in answers if "insufficient-scope" not in each.text)
