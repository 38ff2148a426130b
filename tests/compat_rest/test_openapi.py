"""The OpenAPI document says what the endpoints do: it is held against their answers."""

from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import orjson
import pytest

from compat_rest.facade import Facade
from compat_rest.openapi import export
from tests.compat_rest.documents import DOCUMENTS
from tests.compat_rest.librarian import Librarian
from tests.compat_rest.support import facade_of, write


@pytest.fixture
def document(facade: Facade) -> dict[str, Any]:
    return orjson.loads(facade.openapi)


def operation(document: dict[str, Any], path: str, method: str = "get") -> dict[str, Any]:
    return document["paths"][path][method]


def answer(document: dict[str, Any], path: str, status: int = 200, method: str = "get") -> dict[str, Any]:
    return operation(document, path, method)["responses"][str(status)]["content"]["application/json"]["schema"]


def described(tmp_path: Path, text: str, **more: str) -> dict[str, Any]:
    """The document with one more operation, called X."""
    return orjson.loads(facade_of(tmp_path, {**DOCUMENTS, "x/X": text, **more}).openapi)


def valid(document: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
    whole = {**schema, "components": document["components"]}
    return jsonschema_rs.validator_for(whole).is_valid(value)


def test_the_command_writes_what_the_server_serves(tmp_path: Path, facade: Facade) -> None:
    folder = write(tmp_path, DOCUMENTS)
    assert export(Librarian(), folder / "operations", folder / "fragments") == facade.openapi


def test_every_schema_is_one(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate({**schema, "components": document["components"]})


@pytest.mark.parametrize(
    ("method", "template", "url", "body"),
    [
        ("get", "/books/{isbn}", "/v1/books/978%2F2", None),
        ("get", "/books/{isbn}", "/v1/books/badge%2FX", None),
        ("get", "/books/{isbn}", "/v1/books/none", None),
        ("get", "/books/{isbn}", "/v1/books/%FF", None),
        ("get", "/books/badge/{isbn}", "/v1/books/badge/badge", None),
        ("get", "/books", "/v1/books?first=1", None),
        ("get", "/books", "/v1/books?genre=poem&x=1", None),
        ("get", "/shelf", "/v1/shelf", None),
        ("get", "/shelf", "/v1/shelf?brief=false", None),
        ("get", "/old-shelf", "/v1/old-shelf", None),
        ("get", "/doors/visit", "/v1/doors/visit?reader=a&door=1", None),
        ("get", "/doors/visit", "/v1/doors/visit?reader=a&door=0", None),
        ("get", "/doors/visit", "/v1/doors/visit?reader=nobody&door=0", None),
        ("get", "/echo", "/v1/echo?words=a", None),
        ("get", "/secrets/{isbn}", "/v1/secrets/badge", None),
        ("post", "/loans", "/v1/loans", {"isbn": "badge"}),
        ("post", "/loans", "/v1/loans", {"isbn": "none"}),
        ("post", "/loans", "/v1/loans", {"isbn": 1, "x": []}),
    ],
)
async def test_what_is_answered_is_what_is_documented(
    client: httpx.AsyncClient, document: dict[str, Any], method: str, template: str, url: str, body: Any
) -> None:
    response = await client.request(method, url, **({"json": body} if body else {}))
    documented = operation(document, template, method)["responses"][str(response.status_code)]
    if "$ref" in documented:
        documented = document["components"]["responses"][documented["$ref"].rsplit("/", 1)[1]]
    schema = documented["content"][response.headers["content-type"]]["schema"]
    assert valid(document, schema, response.json())
    if body:
        taken = operation(document, template, method)["requestBody"]["content"]["application/json"]["schema"]
        assert valid(document, taken, body) == (response.status_code != 422)


def test_the_keys_are_those_selected_under_their_aliases(document: dict[str, Any]) -> None:
    schema = answer(document, "/books/badge/{isbn}")
    assert (list(schema["properties"]), schema["required"]) == (["isbn", "heading"], ["isbn", "heading"])


def test_a_conditional_key_is_not_required(document: dict[str, Any]) -> None:
    assert answer(document, "/shelf")["items"]["required"] == ["isbn"]


def test_a_fragment_is_a_component_and_nullable_is_a_type(document: dict[str, Any]) -> None:
    assert answer(document, "/books/{isbn}") == {"$ref": "#/components/schemas/Book"}
    book = document["components"]["schemas"]["Book"]
    assert book["properties"]["pages"]["type"] == ["integer", "null"]
    assert book["properties"]["author"] == {"$ref": "#/components/schemas/Author"}
    assert book["required"] == ["isbn", "title", "genre", "pages", "author"]


def test_fragments_of_one_name_in_two_documents_stay_two(tmp_path: Path) -> None:
    first = 'query X @rest(method: GET, path: "/x") { shelf { ...Y } } fragment Y on Book { isbn }'
    second = 'query Z @rest(method: GET, path: "/z") { shelf { ...Y } } fragment Y on Book { title }'
    document = described(tmp_path, first, **{"x/Z": second})
    schemas = document["components"]["schemas"]
    assert (schemas["Y"]["required"], schemas["ZY"]["required"]) == (["isbn"], ["title"])
    assert answer(document, "/z")["items"] == {"$ref": "#/components/schemas/ZY"}


def test_enum_values_are_described(document: dict[str, Any]) -> None:
    genre = document["components"]["schemas"]["Genre"]
    assert genre["enum"] == ["novel", "essay"]
    assert genre["description"] == "What a book is about.\n- `novel`: Made up.\n- `essay`: Thought up."


def test_examples_come_from_the_schema(document: dict[str, Any]) -> None:
    (parameter,) = operation(document, "/books/{isbn}")["parameters"]
    assert (parameter["example"], parameter["description"]) == ("978/2", "Its number.")
    assert document["components"]["schemas"]["Book"]["properties"]["isbn"]["examples"] == ["978/2"]


def test_a_deprecated_endpoint_and_a_deprecated_field_are_marked(document: dict[str, Any]) -> None:
    assert operation(document, "/old-shelf")["deprecated"] is True
    assert "deprecated" not in operation(document, "/shelf")
    author = answer(document, "/old-shelf")["items"]["properties"]["author"]
    assert author["properties"]["penName"]["deprecated"] is True


def test_each_member_of_a_union_answers_under_its_own_status(document: dict[str, Any]) -> None:
    responses = operation(document, "/doors/visit")["responses"]
    assert list(answer(document, "/doors/visit")["properties"]) == ["decision", "door"]
    assert list(answer(document, "/doors/visit", 403)["properties"]) == ["decision", "reason", "message"]
    assert list(responses["403"]["content"]) == ["application/json", "application/problem+json"]
    assert list(responses["404"]["content"]) == ["application/problem+json"]
    assert responses["404"]["description"] == "No book has this ISBN."


def test_members_under_one_status_are_told_apart_by_what_the_answer_says(tmp_path: Path) -> None:
    status = '[{type: "BookNotFound", code: 404}]'
    text = f"""
        query X @rest(method: GET, path: "/x", status: {status}) {{
          visit(reader: "a", door: 1) {{
            kind: __typename ... on Welcome {{ door }} ... on TurnedAway {{ reason }}
          }}
        }}
    """
    document = described(tmp_path, text)
    schema = answer(document, "/x")
    assert schema["discriminator"] == {
        "propertyName": "kind",
        "mapping": {
            "Welcome": "#/components/schemas/XWelcome",
            "TurnedAway": "#/components/schemas/XTurnedAway",
        },
    }
    assert valid(document, schema, {"kind": "TurnedAway", "reason": "x"})
    assert not valid(document, schema, {"kind": "Welcome", "reason": "x"})


def test_members_that_nothing_tells_apart_have_no_discriminator(tmp_path: Path) -> None:
    status = '[{type: "BookNotFound", code: 404}]'
    text = f"""
        query X @rest(method: GET, path: "/x", status: {status}) {{
          visit(reader: "a", door: 1) {{ ... on Welcome {{ decision }} ... on TurnedAway {{ decision }} }}
        }}
    """
    schema = answer(described(tmp_path, text), "/x")
    assert (list(schema), len(schema["anyOf"])) == (["anyOf"], 2)


def test_what_else_a_failure_tells_is_documented(document: dict[str, Any]) -> None:
    schema = operation(document, "/loans", "post")["responses"]["409"]["content"]["application/problem+json"]["schema"]
    assert schema["$ref"] == "#/components/schemas/Problem"
    assert schema["properties"]["until"] == {"type": "string", "format": "date"}


def test_every_status_is_documented(document: dict[str, Any]) -> None:
    always = {"400", "401", "403", "406", "414", "429", "500"}
    assert set(operation(document, "/books/{isbn}")["responses"]) == {*always, "200", "304", "404"}
    assert set(operation(document, "/loans", "post")["responses"]) == {
        *always,
        "201",
        "404",
        "409",
        "413",
        "415",
        "422",
    }
    taken = document["components"]["responses"]["Problem400"]["content"]["application/problem+json"]
    assert list(taken["examples"]) == ["INVALID_PARAMETERS", "BAD_USER_INPUT"]


def test_keys_and_scopes_are_documented(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert (schemes["apiKey"]["name"], schemes["bearer"]["scheme"]) == ("X-API-KEY", "bearer")
    assert operation(document, "/shelf")["security"] == [{"apiKey": ["shelf:use"]}, {"bearer": ["shelf:use"]}]


def test_words_come_from_the_document_then_from_the_schema(document: dict[str, Any]) -> None:
    words = {path: operation(document, path) for path in document["paths"] if "get" in document["paths"][path]}
    assert words["/books/{isbn}"]["summary"] == "One book"
    assert words["/books/{isbn}"]["description"].startswith("One book.\nEven its author.\n")
    assert words["/doors/visit"]["summary"] == "Whether a reader may come in"
    assert words["/books/badge/{isbn}"]["summary"] == "The book with this number"
    assert (words["/old-shelf"]["summary"], words["/old-shelf"]["tags"]) == ("The old shelf", ["museum"])


def test_parameters_say_what_they_take(document: dict[str, Any]) -> None:
    parameters = {each["name"]: each for each in operation(document, "/echo")["parameters"]}
    assert parameters["number"]["schema"] == {
        "type": "integer",
        "minimum": -(2**31),
        "maximum": 2**31 - 1,
        "default": 0,
    }
    assert parameters["words"]["schema"]["items"]["pattern"] == parameters["maybe"]["schema"]["pattern"]
    assert parameters["maybe"]["schema"]["type"] == "string"
    assert not any(each.get("required") for each in parameters.values())
    (key,) = operation(document, "/loans", "post")["parameters"]
    assert (key["name"], key["in"], key["schema"]["maxLength"]) == ("Idempotency-Key", "header", 255)


def test_the_body_refuses_what_is_not_there(document: dict[str, Any]) -> None:
    lend = document["components"]["schemas"]["LendInput"]
    assert (lend["required"], lend["additionalProperties"]) == (["isbn"], False)
    assert lend["properties"]["days"]["default"] == 14
    assert lend["properties"]["note"]["type"] == ["string", "null"]
    following = document["components"]["schemas"]["ReminderInput"]["properties"]["next"]
    assert following["anyOf"] == [{"$ref": "#/components/schemas/ReminderInput"}, {"type": "null"}]
