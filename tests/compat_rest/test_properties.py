"""For any input: what the codec writes it reads back, a segment stays a segment, and nothing is ever a 500."""

import asyncio
import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLString,
    coerce_input_value,
)
from graphql.pyutils import Undefined
from hypothesis import given, settings
from hypothesis import strategies as st

from compat_rest.binding import Segment
from compat_rest.encoding import Undecodable, decode, pairs
from compat_rest.facade import Facade
from compat_rest.problems import FieldError
from compat_rest.routes import Routes
from compat_rest.values import BodyChecks, Refused, text_reader
from tests.compat_rest.librarian import READER
from tests.compat_rest.library import schema

INTEGERS = st.integers(-(2**31), 2**31 - 1)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
LEND: GraphQLInputObjectType = schema._schema.type_map["LendInput"]  # type: ignore[assignment]
LENDISH = st.fixed_dictionaries(
    {"isbn": st.text(max_size=3) | JSON},
    optional={
        "days": INTEGERS | JSON,
        "note": st.none() | st.text(max_size=3) | JSON,
        "genres": st.lists(st.sampled_from(["novel", "essay", "poem"]), max_size=2) | JSON,
        "reminders": st.lists(st.fixed_dictionaries({"on": st.dates().map(str) | JSON}), max_size=2) | JSON,
        "colour": JSON,
    },
)


@given(TEXTS)
def test_a_text_survives_a_path_and_a_query(text: str) -> None:
    assert decode(quote(text, safe="").encode()) == text
    ((name, value),) = pairs(f"{quote_plus(text)}n={quote_plus(text)}".encode())
    assert (decode(name), decode(value)) == (text + "n", text)


@given(st.binary())
def test_bytes_are_text_or_refused(raw: bytes) -> None:
    try:
        text = decode(raw)
    except Undecodable:
        return
    assert decode(quote(text, safe="").encode()) == text


@given(INTEGERS, st.booleans(), st.floats(-1e300, 1e300), st.dates())
def test_a_value_survives_being_a_text(number: int, flag: bool, share: float, day: date) -> None:
    assert text_reader(GraphQLInt)(str(number)) == number
    assert text_reader(GraphQLBoolean)(json.dumps(flag)) is flag
    assert text_reader(GraphQLFloat)(json.dumps(share)) == share
    assert text_reader(schema._schema.type_map["Date"])(day.isoformat()) == day.isoformat()  # type: ignore[arg-type]


@given(st.sampled_from(["Int", "Float", "Boolean", "String", "Date", "Genre"]), st.text())
def test_a_text_that_is_read_is_one_that_graphql_takes(name: str, text: str) -> None:
    type_: Any = schema._schema.type_map[name]
    try:
        value = text_reader(type_)(text)
    except Refused:
        return
    assert coerce_input_value(value, GraphQLNonNull(type_)) is not Undefined


@given(JSON | LENDISH)
def test_a_body_that_passes_is_one_that_graphql_takes(body: Any) -> None:
    errors: list[FieldError] = []
    BodyChecks().compile(GraphQLNonNull(LEND))(body, "", errors)
    if not errors:
        assert coerce_input_value(body, GraphQLNonNull(LEND)) is not Undefined


SEGMENTS = st.builds(Segment, text=st.sampled_from(["a", "b", "badge"]), placeholder=st.just(False)) | st.builds(
    Segment, text=st.just("x"), placeholder=st.just(True)
)
TEMPLATES = st.lists(st.lists(SEGMENTS, min_size=1, max_size=4).map(tuple), min_size=1, max_size=8, unique=True)


@given(TEMPLATES, st.lists(TEXTS.filter(bool) | st.sampled_from(["a", "b", "badge"]), min_size=1, max_size=4))
def test_the_tree_finds_what_a_scan_of_all_templates_finds(
    templates: list[tuple[Segment, ...]], texts: list[str]
) -> None:
    routes = Routes("/v1", [("GET", each, _template(each), each) for each in templates])
    match = routes.find(("/v1/" + "/".join(quote(text, safe="") for text in texts)).encode())
    fitting = [each for each in templates if _fits(each, texts)]
    assert (match is None) == (not fitting)
    if match is not None:
        chosen = match.resource.methods["GET"]
        assert _rank(chosen) == min(_rank(each) for each in fitting)
        assert [decode(raw) for raw in match.segments] == [
            text for segment, text in zip(chosen, texts, strict=True) if segment.placeholder
        ]


def _template(segments: tuple[Segment, ...]) -> str:
    return "".join("/{x}" if each.placeholder else f"/{each.text}" for each in segments)


def _fits(template: tuple[Segment, ...], texts: list[str]) -> bool:
    same_length = len(template) == len(texts)
    return same_length and all(s.placeholder or s.text == text for s, text in zip(template, texts, strict=True))


def _rank(template: tuple[Segment, ...]) -> tuple[bool, ...]:
    """From the left, a literal goes before a placeholder."""
    return tuple(each.placeholder for each in template)


PATHS = st.sampled_from(["/v1/books/", "/v1/books/badge/", "/v1/", "/v1/problems/", ""]).flatmap(
    lambda start: st.binary(max_size=20).map(lambda rest: start.encode() + rest)
)
KNOWN_PATHS = st.sampled_from(["/v1/echo", "/v1/books", "/v1/doors/visit", "/v1/loans", "/v1/books/badge"])
NAMES = st.sampled_from(
    ["text", "number", "share", "flag", "genre", "on", "words", "maybe", "first", "after", "door", "reader"]
)
QUERIES = st.binary(max_size=30) | st.lists(st.tuples(NAMES, st.text(max_size=8)), max_size=4).map(
    lambda items: "&".join(f"{name}={quote(value)}" for name, value in items).encode()
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"accept", b"accept-language", b"if-none-match", b"idempotency-key", b"content-length"]),
        st.binary(max_size=12),
    ),
    max_size=3,
)


@settings(max_examples=400)
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT", "TRACE"]),
    path=PATHS | KNOWN_PATHS.map(str.encode),
    query=QUERIES,
    headers=HEADERS,
    body=st.binary(max_size=20) | (JSON | LENDISH).map(lambda value: json.dumps(value).encode()),
)
def test_no_request_is_an_internal_error(
    open_library: Facade,
    method: str,
    path: bytes,
    query: bytes,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
) -> None:
    own = [(b"x-api-key", READER.encode()), (b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "method": method,
        "path": path.decode("latin-1"),
        "raw_path": path,
        "query_string": query,
        "headers": [*own, *headers],
        "client": ("127.0.0.1", 1),
    }
    status, content_type, answer = asyncio.run(_ask(open_library, scope, body))
    assert status < 500
    if status >= 400 and content_type == "application/problem+json" and method != "HEAD":
        assert json.loads(answer)["status"] == status


async def _ask(facade: Facade, scope: dict[str, Any], body: bytes) -> tuple[int, str, bytes]:
    sent: list[Mapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await facade(scope, receive, send)  # type: ignore[arg-type]
    headers = dict(sent[0]["headers"])
    return sent[0]["status"], headers.get(b"content-type", b"").decode(), sent[1]["body"]


@pytest.mark.parametrize("name", ["String", "ID"])
def test_an_empty_text_is_a_text(name: str) -> None:
    assert text_reader(GraphQLString)("") == ""
