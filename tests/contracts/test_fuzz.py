"""Anything at all: bytes as requests, paths, query strings, headers and bodies. Never a failure of the server's."""

import json
import string
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.contracts.well_formed import ABSENCE, ABSENCES, CHECK, JSON, PASSAGE, PASSAGES, READS
from tests.contracts.wire import Answer, Headers, Wire

Keys = dict[str, Headers]
fuzzed = settings(
    max_examples=150,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ESCAPES = st.integers(0, 255).map(lambda byte: b"%%%02x" % byte)
WRITTEN = st.sampled_from([bytes([code]) for code in range(0x21, 0x7F)])
NASTY = st.sampled_from(
    [b"%", b"%%", b"%u0041", b"..", b"/", b"//", b";", b"&", b"=", b"+", b"[]", b"%2f", b"%00", b"#"]
)
COMPONENT = st.lists(ESCAPES | WRITTEN | NASTY, max_size=30).map(b"".join)
TEXT = st.text(st.characters(codec="utf-8"), max_size=70) | st.sampled_from(
    ["", " ", "\x00", "\ufeff", "null", "🐪" * 64]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.datetimes().map(str)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
PAYMENT = {"matricule": "2024/INF/0123", "provider": "wave", "reference": "fuzz", "amount": "5", "currency": "XOF"}
PAYMENT |= {"receivedAt": "2025-01-13T09:00:00Z", "invoiceNumber": "F-1"}
RECORD_PAYMENT = """mutation($i: RecordPaymentInput!, $k: String) {
    recordPayment(input: $i, idempotencyKey: $k) { __typename ... on Failure { code message field } }
}"""
NAMES = "query mutation subscription fragment on F __typename __schema __type types name student students nodes edges"
NAMES += " studentByBadge matricule first after true null $v String Int a topUpWallet input include if"
TOKENS = st.sampled_from(
    ["{", "}", "(", ")", "[", "]", ":", "!", "|", "@", "&", "$", "=", "...", "#", "\x00", '"x"', '"""x"""']
)
TOKENS |= st.sampled_from(["1", "-1", "1.5", "1e9"]) | st.sampled_from(NAMES.split())


def harmless(answers: list[Answer]) -> None:
    """What is refused has a name. Nobody looks for leaks here: Hypothesis draws the words by which they are known."""
    for answer in answers:
        assert answer.status < 500, answer
        if answer.headers.get("content-type") == "application/problem+json":
            assert answer.json["status"] == answer.status
            assert answer.json["code"]
        elif answer.headers.get("content-type", "").startswith("application/json"):
            errors = answer.json.get("errors", [])
            assert all(error["extensions"]["code"] not in ("INTERNAL_ERROR", "TIMEOUT") for error in errors), answer


@fuzzed
@given(raw=st.binary(max_size=300) | st.text(string.printable, max_size=300).map(str.encode))
@example(raw=b"GET / HTTP/1.1\r\n" * 3)
@example(raw=b"\r\n" * 100)
def test_bytes_for_requests(wire: Wire, raw: bytes) -> None:
    harmless(wire.say([raw, b"\r\n\r\n"], leave=True))


@fuzzed
@given(component=COMPONENT, preset=st.sampled_from(sorted(READS)))
def test_paths(wire: Wire, keys: Keys, component: bytes, preset: str) -> None:
    folder = READS[preset].partition("?")[0].rpartition("/")[0].encode()
    for target in (b"/" + component, b"/v1/" + component, folder + b"/" + component):
        harmless([wire.ask("GET", target, keys[preset])])


@fuzzed
@given(query=COMPONENT, name=st.sampled_from([b"", b"nfc=", b"nfc=1&zone=", b"zone=RESTAURANT&nfc=", b"date="]))
def test_query_strings(wire: Wire, keys: Keys, query: bytes, name: bytes) -> None:
    for preset, path in (("tourniquet", CHECK), ("comptabilite", "/v1/finance/journals"), ("core", "/graphql")):
        harmless([wire.ask("GET", path.encode() + b"?" + name + query, keys[preset])])


@fuzzed
@given(
    name=st.sampled_from(
        ["Accept", "Accept-Language", "If-None-Match", "Idempotency-Key", "X-API-KEY", "Authorization"]
    )
    | st.sampled_from(["Content-Type", "Content-Encoding", "X-Forwarded-For", "Host", "Cookie", "Expect", "TE", "Via"])
    | st.text(string.ascii_letters + "-_", min_size=1, max_size=20),
    value=st.binary(max_size=60).map(lambda raw: raw.translate(None, b"\r\n\x00")),
    preset=st.sampled_from(sorted(READS)),
)
def test_headers(wire: Wire, keys: Keys, name: str, value: bytes, preset: str) -> None:
    harmless([wire.ask("GET", READS[preset], {**keys[preset], name: value})])
    harmless([wire.ask("POST", ABSENCES, {**keys["absences"], **JSON, name: value}, orjson.dumps(ABSENCE))])


def _spoilt(whole: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A well-formed body with some fields replaced, left out or added."""
    changes = st.dictionaries(st.sampled_from(sorted(whole)) | TEXT, VALUES, max_size=3)
    gone = st.sets(st.sampled_from(sorted(whole)), max_size=1)
    return st.builds(
        lambda change, without: {**{k: whole[k] for k in whole if k not in without}, **change}, changes, gone
    )


@pytest.mark.parametrize(
    ("preset", "path", "whole"), [("absences", ABSENCES, ABSENCE), ("tourniquet", PASSAGES, PASSAGE)]
)
@fuzzed
@given(data=st.data())
def test_bodies(wire: Wire, keys: Keys, preset: str, path: str, whole: dict[str, Any], data: st.DataObject) -> None:
    body = data.draw(_spoilt(whole) | VALUES)
    answer = wire.ask("POST", path, {**keys[preset], **JSON}, _dumped(body))
    harmless([answer])
    assert answer.status in (201, 400, 404, 409, 422)


@fuzzed
@given(query=st.lists(TOKENS, max_size=40).map(" ".join) | TEXT, variables=VALUES, name=st.none() | TEXT)
def test_operations(wire: Wire, keys: Keys, query: str, variables: Any, name: str | None) -> None:
    body = _dumped({"query": query, "variables": variables, "operationName": name})
    for preset in ("core", "cantine"):
        harmless([wire.ask("POST", "/graphql", {**keys[preset], **JSON}, body)])


@fuzzed
@given(variables=st.fixed_dictionaries({"i": _spoilt(PAYMENT) | VALUES}, optional={"k": TEXT | VALUES, "x": VALUES}))
def test_variables(wire: Wire, keys: Keys, variables: dict[str, Any]) -> None:
    body = _dumped({"query": RECORD_PAYMENT, "variables": variables})
    harmless([wire.ask("POST", "/graphql", {**keys["core"], **JSON}, body)])


def _dumped(value: Any) -> bytes:
    """JSON where it can be, and what Python calls JSON where it cannot: NaN, whole numbers of any size."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()
