"""The GraphQL-over-HTTP draft, in the order of the `graphql-http` audit suite, and what we refuse besides."""

from typing import Any

import httpx
import orjson
import pytest

from app.web.negotiation import GRAPHQL_JSON, PLAIN_JSON
from tests.api.support import Sample
from tests.web.support import KEY, ask, client_of, code_of, make_app

TYPENAME = "{ __typename }"
NO_SUCH_FIELD = "{ 8f31403dfe404bccbb0e835f2629c6a7 }"
COERCION = "query Q($m: String!) { student(matricule: $m) { name } }"


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (PLAIN_JSON, PLAIN_JSON),
        ("*/*", PLAIN_JSON),
        ("application/*", PLAIN_JSON),
        (f"{GRAPHQL_JSON}; charset=utf-8, {PLAIN_JSON}; charset=utf-8", GRAPHQL_JSON),
        (f"{PLAIN_JSON};q=0.5, {GRAPHQL_JSON}", GRAPHQL_JSON),
        ("text/html, */*;q=0.1", PLAIN_JSON),
    ],
)
async def test_the_answer_has_the_type_that_is_accepted(client: httpx.AsyncClient, accept: str, answered: str) -> None:
    response = await ask(client, TYPENAME, accept)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{answered}; charset=utf-8"
    assert response.json()["data"] == {"__typename": "Query"}


async def test_json_is_assumed_when_nothing_is_accepted_in_particular(client: httpx.AsyncClient) -> None:
    del client.headers["accept"]
    response = await ask(client, TYPENAME)
    assert response.headers["content-type"].startswith(PLAIN_JSON)


async def test_nothing_else_can_be_had(client: httpx.AsyncClient) -> None:
    for accept in ("text/html", f"{PLAIN_JSON};q=0"):
        response = await ask(client, TYPENAME, accept)
        assert (response.status_code, code_of(response)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
async def test_json_in_utf_8_is_read(client: httpx.AsyncClient, content_type: str) -> None:
    body = orjson.dumps({"query": '{ __type(name: "Run🏃Swim🏊") { name } }'})
    response = await client.post("/graphql", content=body, headers={"content-type": content_type})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/graphql"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
async def test_anything_but_json_is_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    response = await client.post("/graphql", content=orjson.dumps({"query": TYPENAME}), headers=headers)
    assert (response.status_code, code_of(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_only_post_is_allowed(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/graphql", params={"query": "mutation { __typename }"})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


BODIES: list[tuple[bytes, str]] = [
    (b"", "MALFORMED_JSON"),
    (b'{ "not a JSON', "MALFORMED_JSON"),
    (b"\xff\xfe", "MALFORMED_JSON"),
    (b'\xef\xbb\xbf{"query": "{ __typename }"}', "MALFORMED_JSON"),
    (b'{"query": "{ __typename }", "variables": {"a": NaN}}', "MALFORMED_JSON"),
    (b'{"query": "{ __typename }", "variables": {"a": 1e999}}', "MALFORMED_JSON"),
    (b'{"query": "{ __typename }", "variables": {"a": ' + b"9" * 5000 + b"}}", "MALFORMED_JSON"),
    (b'{"query": "\\ud800"}', "MALFORMED_JSON"),
    (b'{"query": "{ __typename }", "query": "{ __typename }"}', "MALFORMED_JSON"),
    (b'{"query": "{ __typename }", "variables": {"a": {"b": 1, "b": 2}}}', "MALFORMED_JSON"),
    (b"[" * 60_000, "MALFORMED_JSON"),
    (b'{"a":' * 10_000, "MALFORMED_JSON"),
    (b'[{"query": "{ __typename }"}]', "BATCH_REFUSED"),
    (b'"{ __typename }"', "MALFORMED_REQUEST"),
    (b"null", "MALFORMED_REQUEST"),
    (b'{"notquery": "{ __typename }"}', "MALFORMED_REQUEST"),
    (b'{"query": "{ __typename }", "qeury": 1}', "MALFORMED_REQUEST"),
    (b'{"query": null}', "MALFORMED_REQUEST"),
    (b'{"query": ""}', "MALFORMED_REQUEST"),
    *[
        (orjson.dumps({"query": TYPENAME, key: value}), "MALFORMED_REQUEST")
        for key, values in {
            "query": [{"obj": "ect"}, 0, False, ["array"]],
            "operationName": [{"obj": "ect"}, 0, False, ["array"]],
            "variables": ["string", 0, False, ["array"]],
            "extensions": ["string", 0, False, ["array"]],
        }.items()
        for value in values
    ],
    (b'{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "x"}}}', "PERSISTED_QUERY_REFUSED"),
    (b'{"documentId": "sha256:x"}', "PERSISTED_QUERY_REFUSED"),
]


@pytest.mark.parametrize("accept", [GRAPHQL_JSON, PLAIN_JSON])
@pytest.mark.parametrize(("body", "code"), BODIES)
async def test_a_malformed_request_is_400(client: httpx.AsyncClient, body: bytes, code: str, accept: str) -> None:
    headers = {"content-type": "application/json", "accept": accept}
    response = await client.post("/graphql", content=body, headers=headers)
    assert (response.status_code, code_of(response)) == (400, code)
    assert "data" not in response.json()


@pytest.mark.parametrize("accept", [GRAPHQL_JSON, PLAIN_JSON])
@pytest.mark.parametrize(
    "parameters",
    [
        {"operationName": None},
        {"variables": None},
        {"extensions": None},
        {"extensions": {"some": "value"}},
        {"variables": {}},
    ],
)
async def test_null_and_empty_parameters_are_allowed(
    client: httpx.AsyncClient, parameters: dict[str, Any], accept: str
) -> None:
    response = await ask(client, TYPENAME, accept, **parameters)
    assert response.status_code == 200
    assert "errors" not in response.json()


async def test_an_operation_is_chosen_by_its_name(client: httpx.AsyncClient) -> None:
    both = "query A { __typename } query B { b: __typename }"
    assert (await ask(client, both, operationName="B")).json()["data"] == {"b": "Query"}
    for name in ("C", None):
        assert code_of(await ask(client, both, operationName=name)) == "UNKNOWN_OPERATION"


REQUEST_ERRORS = [
    ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    ({"query": NO_SUCH_FIELD}, "GRAPHQL_PARSE_FAILED"),
    ({"query": "{ nope }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "{ a: nope b: nada }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": COERCION, "variables": {"m": None}}, "BAD_USER_INPUT"),
    ({"query": COERCION}, "BAD_USER_INPUT"),
    ({"query": "{ " + "__typename " * 2_000 + "}"}, "LIMIT_EXCEEDED"),
    ({"query": "{ students(first: 100000) { nodes { name } } }"}, "COST_EXCEEDED"),
    (
        {"query": '{ __typename __schema { queryType { name } } student(matricule: "M") { name } }'},
        "MIXED_INTROSPECTION",
    ),
    ({"query": "subscription { __typename }"}, "GRAPHQL_VALIDATION_FAILED"),
]


@pytest.mark.parametrize(("request_body", "code"), REQUEST_ERRORS)
async def test_a_refused_document_is_400_or_a_200_with_errors(
    client: httpx.AsyncClient, request_body: dict[str, Any], code: str
) -> None:
    for accept, status in ((GRAPHQL_JSON, 400), (PLAIN_JSON, 200)):
        headers = {"content-type": "application/json", "accept": accept}
        response = await client.post("/graphql", content=orjson.dumps(request_body), headers=headers)
        assert (response.status_code, code_of(response)) == (status, code)
        assert "data" not in response.json()
        assert "Did you mean" not in response.text


async def test_every_flaw_of_a_document_is_told_with_its_place(client: httpx.AsyncClient) -> None:
    errors = (await ask(client, "{ nope\n nada }")).json()["errors"]
    assert [each["locations"] for each in errors] == [[{"line": 1, "column": 3}], [{"line": 2, "column": 2}]]


async def test_field_errors_come_with_the_data(client: httpx.AsyncClient) -> None:
    response = await ask(
        client, '{ a: student(matricule: "refuse") { name } b: student(matricule: "M") { name } }', GRAPHQL_JSON
    )
    assert response.status_code == 200
    body = response.json()
    assert body["data"] == {"a": None, "b": {"name": "Ndiaye"}}
    (error,) = body["errors"]
    assert error["path"] == ["a"]
    assert error["extensions"]["field"] == "matricule"
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]


async def test_an_unexpected_failure_is_masked(client: httpx.AsyncClient) -> None:
    for accept in (GRAPHQL_JSON, PLAIN_JSON):
        response = await ask(client, '{ student(matricule: "crash") { name } }', accept)
        assert (response.status_code, code_of(response)) == (500, "INTERNAL_ERROR")
        assert response.headers["x-request-id"] in response.text
        assert "secret" not in response.text


async def test_the_cost_is_shown(client: httpx.AsyncClient) -> None:
    response = await ask(client, "{ students(first: 3) { nodes { name } } }")
    assert response.json()["extensions"]["cost"] == {
        "requested": 3,
        "maximum": 1_000,
        "nodes": 4,
        "maximumNodes": 10_000,
    }


async def test_messages_are_french_unless_english_is_preferred(client: httpx.AsyncClient) -> None:
    for languages, word in (("", "null n'est pas accepté"), ("en-GB, fr;q=0.5", "null is not accepted")):
        client.headers["accept-language"] = languages
        response = await ask(client, COERCION, variables={"m": None})
        assert word in response.json()["errors"][0]["message"]
        assert response.headers["content-language"] == ("en" if languages else "fr")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "UNAUTHENTICATED"),
        ({"x-api-key": "nope"}, "UNAUTHENTICATED"),
        ({"authorization": "Bearer nope"}, "UNAUTHENTICATED"),
        ({"authorization": f"Basic {KEY}"}, "UNAUTHENTICATED"),
        ({"x-api-key": ""}, "UNAUTHENTICATED"),
        ({"x-api-key": KEY, "authorization": "Bearer other"}, "CONFLICTING_KEYS"),
    ],
)
async def test_without_a_good_key_it_is_401(sample: Sample, headers: dict[str, str], code: str) -> None:
    async with client_of(make_app(sample), None, **headers) as client:
        for accept in (GRAPHQL_JSON, PLAIN_JSON):
            response = await ask(client, TYPENAME, accept)
            assert (response.status_code, code_of(response)) == (401, code)
            assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "headers",
    [{"x-api-key": KEY}, {"authorization": f"bearer {KEY}"}, {"x-api-key": KEY, "authorization": f"Bearer {KEY}"}],
)
async def test_the_key_may_come_in_either_header(sample: Sample, headers: dict[str, str]) -> None:
    async with client_of(make_app(sample), None, **headers) as client:
        assert (await ask(client, TYPENAME)).status_code == 200


async def test_a_key_in_the_url_opens_nothing(sample: Sample) -> None:
    async with client_of(make_app(sample), None) as client:
        response = await client.post(f"/graphql?api_key={KEY}", json={"query": TYPENAME})
        assert response.status_code == 401


async def test_a_closed_coordinate_is_403_for_every_client(sample: Sample) -> None:
    async with client_of(make_app(sample), "sk_live_badges:read") as client:
        assert (await ask(client, '{ holder(badge: "B1") { ... on Holder { name } } }')).status_code == 200
        for accept in (GRAPHQL_JSON, PLAIN_JSON):
            response = await ask(client, '{ student(matricule: "M") { name } }', accept)
            assert (response.status_code, code_of(response)) == (403, "INSUFFICIENT_SCOPE")
            assert "students:read" in response.text


async def test_a_body_beyond_64_kb_is_413(client: httpx.AsyncClient) -> None:
    body = orjson.dumps({"query": TYPENAME, "variables": {"pad": "x" * 70_000}})

    async def in_pieces() -> Any:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    for content in (body, in_pieces()):
        headers = {"content-type": "application/json"}
        response = await client.post("/graphql", content=content, headers=headers)
        assert (response.status_code, code_of(response)) == (413, "BODY_TOO_LARGE")


async def test_thousands_of_faults_in_variables_are_one_refusal(client: httpx.AsyncClient) -> None:
    query = "mutation M($i: AbsenceInput!) { recordAbsence(input: $i) { name } }"
    lines = [{"hours": "x"}] * 3_000
    response = await ask(client, query, variables={"i": {"matricule": "M", "on": "2025-01-01", "lines": lines}})
    assert code_of(response) == "BAD_USER_INPUT"
    assert len(response.json()["errors"]) == 1
