"""Bodies that mean harm, or nothing at all: each time a problem with a name, and in time."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from app.web.body import MAX_BODY
from tests.contracts.well_formed import ABSENCE, ABSENCES, JSON, PASSAGE, PASSAGES
from tests.contracts.wire import Answer, Headers, Wire, head, refusal
from tests.e2e.conftest import School

Keys = dict[str, Headers]
WRITES = {"absences": ABSENCES, "tourniquet": PASSAGES}
NOT_JSON: dict[str, bytes] = {
    "spaces": b"  ",
    "cut": b'{"reason":',
    "two": b"{} {}",
    "a comment": b"{} // x",
    "single quotes": b"{'reason':'x'}",
    "a comma too many": b'{"reason":"x",}',
    "NaN": b'{"reason":NaN}',
    "Infinity": b'{"reason":-Infinity}',
    "an endless number": b'{"reason":1e400}',
    "a huge whole number": b'{"reason":' + b"9" * 5_000 + b"}",
    "a lone surrogate": b'{"reason":"\\ud800"}',
    "surrogates the wrong way round": b'{"reason":"\\udc00\\ud800"}',
    "a raw control character": b'{"reason":"\x01"}',
    "latin-1": b'{"reason":"\xe9"}',
    "an overlong slash": b'{"reason":"\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"reason":"\xed\xa0\x80"}',
    "UTF-16": '{"reason":"x"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "deep": b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    "deep lists": b"[" * 30_000 + b"]" * 30_000,
    "a name twice": b'{"reason":"a","reason":"b"}',
    "a name twice, escaped": b'{"reason":"a","r\\u0065ason":"b"}',
}
MISSHAPEN: list[tuple[dict[str, Any], str, str]] = [
    ({"matricule": None}, "matricule", "NULL"),
    ({"matricule": 1}, "matricule", "NOT_TEXT"),
    ({"matricule": ["2024/INF/0123"]}, "matricule", "NOT_TEXT"),
    ({"matricule": {"$ne": ""}}, "matricule", "NOT_TEXT"),
    ({"matricule": "a\x00b"}, "matricule", "CONTROL_CHARACTER"),
    ({"reason": "a\x1bb"}, "reason", "CONTROL_CHARACTER"),
    ({"reason": True}, "reason", "NOT_TEXT"),
    ({"justified": None}, "justified", "NULL"),
    ({"justified": "true"}, "justified", "NOT_BOOLEAN"),
    ({"justified": 1}, "justified", "NOT_BOOLEAN"),
    ({"startsAt": 1_700_000_000}, "startsAt", "NOT_A_DATETIME"),
    ({"startsAt": "2026-01-13"}, "startsAt", "NOT_A_DATETIME"),
    ({"startsAt": "2026-01-13T08:00:00"}, "startsAt", "NOT_A_DATETIME"),
    ({"startsAt": "2026-01-13T08:00:00+25:00"}, "startsAt", "NOT_A_DATETIME"),
    ({"startsAt": "0001-01-01T00:00:00+14:00"}, "startsAt", "NOT_A_DATETIME"),
    ({"endsAt": "9999-12-31T23:59:59-14:00"}, "endsAt", "NOT_A_DATETIME"),
    ({"endsAt": ""}, "endsAt", "NOT_A_DATETIME"),
    ({"schoolId": "x"}, "schoolId", "UNKNOWN"),
    ({"__proto__": {}}, "__proto__", "UNKNOWN"),
    ({"Matricule": "x"}, "Matricule", "UNKNOWN"),
    ({"x" * 60_000: 1}, "x" * 100, "UNKNOWN"),
]
UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"matricule": ""}, "matricule"),
    ({"matricule": " \u00a0"}, "matricule"),
    ({"matricule": "x" * 65}, "matricule"),
    ({"reason": "x" * 501}, "reason"),
    ({"reason": "a\nb"}, "reason"),
]
TYPES = ["", "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
TYPES += ["application/json; charset=latin-1", "application/merge-patch+json", "application/json, text/plain", "\xff"]


def absent(wire: Wire, keys: Keys, body: bytes, **headers: str) -> Answer:
    return wire.ask("POST", ABSENCES, {**keys["absences"], **JSON, **headers}, body)


@pytest.mark.parametrize("preset", WRITES)
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_json(wire: Wire, keys: Keys, preset: str, body: bytes) -> None:
    assert refusal(wire.ask("POST", WRITES[preset], {**keys[preset], **JSON}, body)) == (400, "MALFORMED_JSON")


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"1", b'"x"', b"true", b'["2024/INF/0123"]', b"{}"])
def test_what_is_no_absence(wire: Wire, keys: Keys, body: bytes) -> None:
    assert refusal(absent(wire, keys, body)) == (422, "INVALID_BODY")


@pytest.mark.parametrize(("change", "field", "reason"), MISSHAPEN)
def test_one_field_of_the_wrong_shape(wire: Wire, keys: Keys, change: dict[str, Any], field: str, reason: str) -> None:
    answer = absent(wire, keys, orjson.dumps({**ABSENCE, **change}))
    assert refusal(answer) == (422, "INVALID_BODY")
    assert [(error["field"], error["code"]) for error in answer.json["errors"]] == [(field, reason)]


@pytest.mark.parametrize(("change", "field"), UNFIT)
def test_texts_that_cannot_be_what_they_should(wire: Wire, keys: Keys, change: dict[str, Any], field: str) -> None:
    answer = absent(wire, keys, orjson.dumps({**ABSENCE, **change}))
    assert refusal(answer) == (422, "INVALID_INPUT")
    assert answer.json["field"] == field


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "PASSAGE_TOO_OLD"),
        ({"granted": None}, "PASSAGE_TOO_OLD"),
        ({"granted": ""}, "INVALID_BODY"),
        ({"offline": None}, "INVALID_BODY"),
        ({"offline": ""}, "INVALID_BODY"),
        ({"direction": None}, "INVALID_BODY"),
        ({"direction": ""}, "INVALID_BODY"),
        ({"direction": "IN"}, "INVALID_BODY"),
        ({"deviceId": ""}, "INVALID_INPUT"),
    ],
)
def test_absent_null_and_empty_are_three_things(wire: Wire, keys: Keys, change: dict[str, Any], code: str) -> None:
    """`granted` may be absent or null, `offline` and `direction` absent, and nothing may be empty."""
    body = orjson.dumps({**PASSAGE, **change})
    assert refusal(wire.ask("POST", PASSAGES, {**keys["tourniquet"], **JSON}, body)) == (422, code)


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "é", "a\tb"])
def test_idempotency_keys_that_no_header_carries(wire: Wire, keys: Keys, key: str) -> None:
    answer = absent(wire, keys, orjson.dumps(ABSENCE), **{"Idempotency-Key": key})
    assert refusal(answer) == (400, "INVALID_PARAMETERS")
    assert answer.json["field"] == "Idempotency-Key"


def test_a_long_idempotency_key(wire: Wire, keys: Keys) -> None:
    answer = absent(wire, keys, orjson.dumps(ABSENCE), **{"Idempotency-Key": "x" * 201})
    assert refusal(answer) == (422, "INVALID_INPUT")
    assert answer.json["field"] == "Idempotency-Key"


@pytest.mark.parametrize("content_type", TYPES)
def test_content_types(wire: Wire, keys: Keys, content_type: str) -> None:
    answer = absent(wire, keys, b"{}", **{"Content-Type": content_type})
    assert refusal(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
def test_compressed_bodies(wire: Wire, keys: Keys, encoding: str) -> None:
    assert refusal(absent(wire, keys, b"{}", **{"Content-Encoding": encoding})) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("path", [ABSENCES, "/graphql"])
@pytest.mark.parametrize("size", [MAX_BODY + 1, 10_000_000])
def test_large_bodies_are_refused_before_they_are_read(school: School, wire: Wire, path: str, size: int) -> None:
    given = {"Host": "x", "Connection": "close", "X-API-KEY": school.keys["absences"], **JSON}
    announced = head("POST", path, [*given.items(), ("Content-Length", str(size))])
    chunked = head("POST", path, [*given.items(), ("Transfer-Encoding", "chunked")])
    for pieces in ([announced], [announced, b" " * size], [chunked, *_chunks(size)]):
        [answer] = wire.say(pieces)
        assert answer.status == 413
        assert b"BODY_TOO_LARGE" in answer.body


def _chunks(size: int) -> Iterator[bytes]:
    for start in range(0, size, 65_536):
        part = min(65_536, size - start)
        yield b"%x\r\n%s\r\n" % (part, b" " * part)
    yield b"0\r\n\r\n"


def test_a_body_of_the_greatest_size_is_read(wire: Wire, keys: Keys) -> None:
    body = orjson.dumps({**ABSENCE, "endsAt": ABSENCE["startsAt"]})
    assert refusal(absent(wire, keys, body.ljust(MAX_BODY))) == (422, "ABSENCE_ENDS_FIRST")
