"""Operations that mean harm, or nothing at all: each time errors with a name, in time, and nothing of the inside."""

from typing import Any

import orjson
import pytest

from app.domains.partners.presets import PRESETS
from tests.contracts.test_scope_matrix import OPENED, OPENED_TO_ALL
from tests.contracts.well_formed import JSON
from tests.contracts.wire import Answer, Headers, Wire, assert_discreet

Keys = dict[str, Headers]
TYPENAME = "{ __typename }"
STUDENT = "query($m: String!) { student(matricule: $m) { matricule } }"
TOP_UP = "mutation($i: TopUpWalletInput!, $k: String) { topUpWallet(input: $i, idempotencyKey: $k) { __typename } }"
MONEY = {"matricule": "2024/INF/0123", "provider": "wave", "reference": "hostile", "amount": "5", "currency": "XOF"}
FLOODS = {
    "aliases": "{" + " ".join(f"a{number}: __typename" for number in range(300)) + "}",
    "a field, 24 KB of it": "{" + "__typename " * 2_200 + "}",
    "a nested field, over and over": "{ students { nodes {" + "matricule " * 900 + "} } }",
    "spreads": "{" + "...F " * 200 + "} fragment F on Query { __typename }",
    "fragments of fragments": "{ ...F0 }"
    + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30))
    + "fragment F30 on Query { __typename }",
    "inline fragments": "{" + "... { __typename } " * 200 + "}",
    "directives": "{ __typename " + "@include(if: true) " * 100 + "}",
    "comments": "#\n" * 3_000 + TYPENAME,
    "variables": "query(" + " ".join(f"$v{number}: Int" for number in range(900)) + ") { __typename }",
    "introspection": "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
    "mutations": "mutation($i: TopUpWalletInput!) {"
    + " ".join(f"a{n}: topUpWallet(input: $i) {{ __typename }}" for n in range(11))
    + "}",
    "pages": "{"
    + " ".join(f"a{n}: students(first: 100) {{ nodes {{ enrolments {{ programme {{ code }} }} }} }}" for n in range(9))
    + "}",
}
INVALID = {
    "a cycle": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "an unknown directive": "{ __typename @skipp(if: true) }",
    "an unknown field": "{ students { nodes { password } } }",
    "a long name": "{" + "a" * 60_000 + "}",
    "arguments, over and over": "{ student(" + 'matricule: "x" ' * 200 + ") { matricule } }",
    "a number of 5,000 digits": "{ students(first: " + "9" * 5_000 + ") { nodes { matricule } } }",
    "an endless number": "{ students(first: 1e400) { nodes { matricule } } }",
    "a number for a text": "{ student(matricule: 1) { matricule } }",
    "NUL in a text": '{ student(matricule: "\\u0000") { matricule } }',
    "NUL, another way": '{ student(matricule: "\\u{0}") { matricule } }',
    "NUL in a block": '{ student(matricule: """\x00""") { matricule } }',
    "a type": "type A { a: Int }",
    "a subscription": "subscription { __typename }",
    "an unknown type": "query($a: Nope) { __typename }",
    "an output type as input": "query($a: Student) { __typename }",
}
UNREADABLE = {
    "cut": "{",
    "deep": "{a" * 400 + "}" * 400,
    "deep lists": "{ student(matricule: " + "[" * 400 + "]" * 400 + ") { matricule } }",
    "deep objects": "{ student(matricule: " + "{a:" * 400 + "1" + "}" * 400 + ") { matricule } }",
    "deep inline fragments": "{" + "...{" * 400 + "__typename" + "}" * 400 + "}",
    "NUL": "{ __typename \x00 }",
    "a lone surrogate": '{ student(matricule: "\\ud800") { matricule } }',
    "SQL": "'; DROP TABLE student; --",
}
NO_REQUESTS: dict[str, tuple[bytes, str]] = {
    "null": (b"null", "MALFORMED_REQUEST"),
    "a text": (b'"{ __typename }"', "MALFORMED_REQUEST"),
    "nothing": (b"{}", "MALFORMED_REQUEST"),
    "an empty query": (b'{"query":""}', "MALFORMED_REQUEST"),
    "a number": (b'{"query":1}', "MALFORMED_REQUEST"),
    "an unknown key": (b'{"query":"{ __typename }","debug":true}', "MALFORMED_REQUEST"),
    "variables that are a list": (b'{"query":"{ __typename }","variables":[]}', "MALFORMED_REQUEST"),
    "variables that are a text": (b'{"query":"{ __typename }","variables":"{}"}', "MALFORMED_REQUEST"),
    "a name that is a number": (b'{"query":"{ __typename }","operationName":1}', "MALFORMED_REQUEST"),
    "extensions that are a text": (b'{"query":"{ __typename }","extensions":"x"}', "MALFORMED_REQUEST"),
    "a batch": (b'[{"query":"{ __typename }"}]', "BATCH_REFUSED"),
    "a large batch": (b"[" + b",".join([b'{"query":"{ __typename }"}'] * 1_000) + b"]", "BATCH_REFUSED"),
    "a persisted query": (
        b'{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}',
        "PERSISTED_QUERY_REFUSED",
    ),
    "a name twice": (b'{"query":"{ __typename }","query":"{ a }"}', "MALFORMED_JSON"),
    "NaN": (b'{"query":"{ __typename }","variables":{"a":NaN}}', "MALFORMED_JSON"),
    "an endless number": (b'{"query":"{ __typename }","variables":{"a":1e400}}', "MALFORMED_JSON"),
    "a huge whole number": (b'{"query":"{ __typename }","variables":{"a":' + b"9" * 5_000 + b"}}", "MALFORMED_JSON"),
    "a lone surrogate": (b'{"query":"{ __typename }","variables":{"a":"\\ud800"}}', "MALFORMED_JSON"),
    "latin-1": (b'{"query":"\xe9"}', "MALFORMED_JSON"),
    "UTF-16": ('{"query":"{ __typename }"}'.encode("utf-16"), "MALFORMED_JSON"),
    "deep": (b'{"a":' * 9_000 + b"1" + b"}" * 9_000, "MALFORMED_JSON"),
}
AMOUNTS = [
    "NaN",
    "Infinity",
    "1e5",
    "-1",
    "0",
    "١٢",
    "1_000",
    "0x10",
    " 5",
    "5\n",
    "9" * 40,
    "1.5",
    "+5",
    "",
    "5.",
    ".5",
]
CURRENCIES = ["xof", "XXX", "", "é", "XOF ", "XOFF"]
INSTANTS = ["2025-01-01", "2025-01-01T00:00:00+24:00", "2025-01-01T24:00:00Z", "2025-W01-1", "now", ""]


def post(wire: Wire, headers: Headers, body: bytes) -> Answer:
    answer = wire.ask("POST", "/graphql", {**headers, **JSON}, body)
    assert_discreet(answer)
    return answer


def ask(wire: Wire, headers: Headers, query: str, **more: Any) -> Answer:
    return post(wire, headers, orjson.dumps({"query": query, **more}))


def codes(answer: Answer) -> set[str]:
    """Of a request that was not run."""
    assert "data" not in answer.json, answer.body
    assert all(error["message"] for error in answer.json["errors"])
    return {error["extensions"]["code"] for error in answer.json["errors"]}


@pytest.mark.parametrize("query", FLOODS.values(), ids=FLOODS)
def test_floods_end_at_a_limit(wire: Wire, keys: Keys, query: str) -> None:
    assert codes(ask(wire, keys["core"], query)) <= {"LIMIT_EXCEEDED", "COST_EXCEEDED"}


@pytest.mark.parametrize("query", INVALID.values(), ids=INVALID)
def test_documents_that_do_not_fit(wire: Wire, keys: Keys, query: str) -> None:
    answer = ask(wire, keys["core"], query)
    assert codes(answer) == {"GRAPHQL_VALIDATION_FAILED"}
    assert "Did you mean" not in answer.body.decode()
    assert len(answer.body) < 5_000


@pytest.mark.parametrize("query", UNREADABLE.values(), ids=UNREADABLE)
def test_documents_that_are_none(wire: Wire, keys: Keys, query: str) -> None:
    assert codes(ask(wire, keys["core"], query)) == {"GRAPHQL_PARSE_FAILED"}


@pytest.mark.parametrize(("body", "code"), NO_REQUESTS.values(), ids=NO_REQUESTS)
def test_requests_that_are_none(wire: Wire, keys: Keys, body: bytes, code: str) -> None:
    answer = post(wire, keys["core"], body)
    assert (answer.status, codes(answer)) == (400, {code})


@pytest.mark.parametrize("name", ["B", "", "é", "A" * 60_000])
def test_operations_that_are_not_there(wire: Wire, keys: Keys, name: str) -> None:
    assert codes(ask(wire, keys["core"], "query A { __typename }", operationName=name)) == {"UNKNOWN_OPERATION"}


@pytest.mark.parametrize("given", [None, 1, True, ["x"], {"a": 1}, "a\x00", "a\ud7ff\x07"])
def test_variables_of_the_wrong_shape(wire: Wire, keys: Keys, given: Any) -> None:
    assert codes(ask(wire, keys["core"], STUDENT, variables={"m": given})) == {"BAD_USER_INPUT"}


@pytest.mark.parametrize("variables", [{}, {"m": "x", "n": 1}, {"M": "x"}, {"m": "x", "n": [[[]]] * 3_000}])
def test_variables_that_are_missing_or_too_many(wire: Wire, keys: Keys, variables: Any) -> None:
    assert codes(ask(wire, keys["core"], STUDENT, variables=variables)) == {"BAD_USER_INPUT"}


@pytest.mark.parametrize("given", [None, [], "x", 1, {}, {"x": 1}, {**MONEY, "x": 1}, {**MONEY, "provider": "paypal"}])
def test_inputs_of_the_wrong_shape(wire: Wire, keys: Keys, given: Any) -> None:
    assert codes(ask(wire, keys["core"], TOP_UP, variables={"i": given})) == {"BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(("amount", amount) for amount in AMOUNTS),
        *(("currency", currency) for currency in CURRENCIES),
        ("matricule", " "),
        ("matricule", "x" * 60_000),
        ("reference", ""),
        ("reference", "a\tb"),
    ],
)
def test_texts_that_cannot_be_what_they_should(wire: Wire, keys: Keys, field: str, text: str) -> None:
    answer = ask(wire, keys["core"], TOP_UP, variables={"i": {**MONEY, field: text}})
    [error] = answer.json["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("INVALID_INPUT", field)
    assert answer.json["data"] is None


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_idempotency_keys(wire: Wire, keys: Keys, key: str) -> None:
    [error] = ask(wire, keys["core"], TOP_UP, variables={"i": MONEY, "k": key}).json["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("INVALID_INPUT", "idempotencyKey")


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1, -(2**31)])
def test_pages_of_impossible_sizes(wire: Wire, keys: Keys, first: int) -> None:
    answer = ask(
        wire, keys["core"], "query($n: Int!) { students(first: $n) { nodes { matricule } } }", variables={"n": first}
    )
    [error] = answer.json["errors"]
    assert error["extensions"]["code"] in ("INVALID_INPUT", "COST_EXCEEDED")


@pytest.mark.parametrize("cursor", ["", "x", "a.b.c", "é\u2028", "x" * 50_000, "MDE5NDYwMGY="])
def test_cursors_of_nobody(wire: Wire, keys: Keys, cursor: str) -> None:
    query = "query($a: String) { students(after: $a) { nodes { matricule } } }"
    [error] = ask(wire, keys["core"], query, variables={"a": cursor}).json["errors"]
    assert error["extensions"]["code"] == "BAD_CURSOR"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods(wire: Wire, keys: Keys, method: str) -> None:
    answer = wire.ask(method, "/graphql?query=%7B__typename%7D", keys["core"])
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/graphql", ""])
def test_other_content_types(wire: Wire, keys: Keys, content_type: str) -> None:
    body = orjson.dumps({"query": TYPENAME})
    answer = wire.ask("POST", "/graphql", {**keys["core"], "Content-Type": content_type}, body)
    assert (answer.status, codes(answer)) == (415, {"UNSUPPORTED_MEDIA_TYPE"})


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_introspection_shows_no_other_preset_s_fields(wire: Wire, keys: Keys, preset: str) -> None:
    answer = ask(wire, keys[preset], "{ __schema { types { name fields { name } } } }")
    assert answer.status == 200
    types = answer.json["data"]["__schema"]["types"]
    shown = {f"{each['name']}.{field['name']}" for each in types for field in each["fields"] or ()}
    roots = {where for where in shown if where.startswith(("Query.", "Mutation.", "Subscription."))}
    assert roots == OPENED[preset] | OPENED_TO_ALL
