"""What is no HTTP, or HTTP that two readers would read differently: refused, and the connection closed."""

import pytest

from app.web.connection import MAX_HEAD, MAX_HEADERS
from tests.contracts.well_formed import READS
from tests.contracts.wire import Headers, Wire, head, refusal

Keys = dict[str, Headers]
NONSENSE = {
    "nothing": b"\r\n\r\n",
    "zeros": b"\x00" * 1_000,
    "TLS": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"x" * 160,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "Redis": b"*1\r\n$8\r\nFLUSHALL\r\n",
    "a lower-case method": b"get / HTTP/1.1\r\n\r\n",
    "an unheard-of method": b"BREW / HTTP/1.1\r\n\r\n",
    "an endless method": b"A" * 5_000 + b" / HTTP/1.1\r\n\r\n",
    "CONNECT": b"CONNECT a.b:80 HTTP/1.1\r\n\r\n",
    "an unheard-of version": b"GET / HTTP/3.7\r\n\r\n",
    "no path": b"GET http://evil.example HTTP/1.1\r\n\r\n",
    "a space in the path": b"GET /a b HTTP/1.1\r\n\r\n",
    "a tab in the path": b"GET /a\tb HTTP/1.1\r\n\r\n",
    "8 bit in the path": b"GET /v1/students/\xe9 HTTP/1.1\r\n\r\n",
    "UTF-8 in the path": "GET /v1/students/é HTTP/1.1\r\n\r\n".encode(),
    "8 bit in the query": b"GET /v1/students/1?a=\xff HTTP/1.1\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nA: \x00\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nA\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nA : x\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nA: x\r\n y\r\n\r\n",
    "a nameless header": b"GET / HTTP/1.1\r\n: x\r\n\r\n",
}
CHUNKED = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
AMBIGUOUS = {
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "a length below zero": b"Content-Length: -2\r\n\r\n{}",
    "a length beyond numbers": b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "a length in Arabic digits": "Content-Length: ٢\r\n\r\n{}".encode(),
    "a length with a sign": b"Content-Length: +2\r\n\r\n{}",
    "a length and chunks": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    "another encoding": b"Transfer-Encoding: gzip\r\n\r\n{}",
    "chunked, twice": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunks without sizes": CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
    "a chunk of a wrong size": CHUNKED + b"1\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
def test_what_is_no_http(wire: Wire, nonsense: bytes) -> None:
    answers = wire.say([nonsense], leave=nonsense in (b"\r\n\r\n", NONSENSE["Redis"]))
    assert [refusal(answer) for answer in answers] in ([], [(400, "MALFORMED_HTTP")])
    assert answers or nonsense in (b"\r\n\r\n", NONSENSE["Redis"])


@pytest.mark.parametrize("path", ["/graphql", "/v1/absences"])
@pytest.mark.parametrize("rest", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_bodies_whose_length_is_unclear(wire: Wire, keys: Keys, path: str, rest: bytes) -> None:
    start = head("POST", path, [("Host", "x"), *keys["absences"].items()]).removesuffix(b"\r\n")
    [answer] = wire.say([start + rest])
    assert refusal(answer) == (400, "MALFORMED_HTTP")


@pytest.mark.parametrize("target", ["/" + "x" * MAX_HEAD, "/?" + "x" * MAX_HEAD])
def test_long_addresses(wire: Wire, keys: Keys, target: str) -> None:
    assert refusal(wire.ask("GET", target, keys["cantine"])) == (431, "HEAD_TOO_LARGE")


def test_large_heads(wire: Wire, keys: Keys) -> None:
    assert refusal(wire.ask("GET", "/", {**keys["cantine"], "A": "x" * MAX_HEAD})) == (431, "HEAD_TOO_LARGE")
    many = {f"A-{number}": "" for number in range(MAX_HEADERS)}
    assert refusal(wire.ask("GET", "/", {**keys["cantine"], **many})) == (431, "HEAD_TOO_LARGE")


def test_requests_in_a_row(wire: Wire, keys: Keys) -> None:
    """Each gets its own answer, in order, whatever stands between them."""
    given = [("Host", "x"), *keys["cantine"].items()]
    rows = [READS["cantine"], "/v1/students/badge/99999", "/nowhere", "/v1/students/badge/%ff", READS["cantine"]]
    pieces = [head("GET", path, given) for path in rows[:-1]]
    pieces.append(head("GET", rows[-1], [*given, ("Connection", "close")]))
    answers = wire.say([b"".join(pieces)])
    assert [answer.status for answer in answers] == [200, 404, 404, 400, 200]


def test_a_second_request_hidden_in_the_first(wire: Wire, keys: Keys) -> None:
    """What follows a request without a body is a request of its own, with no key unless it brings one."""
    first = head("GET", READS["cantine"], [("Host", "x"), *keys["cantine"].items()])
    hidden = head("GET", READS["cantine"], [("Host", "x"), ("Connection", "close")])
    assert [answer.status for answer in wire.say([first + hidden])] == [200, 401]


def test_another_host_in_the_address_changes_nothing(wire: Wire, keys: Keys) -> None:
    assert wire.ask("GET", f"http://evil.example{READS['cantine']}", keys["cantine"]).status == 200
    assert refusal(wire.ask("GET", f"http://evil.example{READS['bibliotheque']}", keys["cantine"])) == (
        403,
        "INSUFFICIENT_SCOPE",
    )


@pytest.mark.parametrize("wanted", ["h2c", "websocket", "x"])
def test_other_protocols(wire: Wire, keys: Keys, wanted: str) -> None:
    headers = {**keys["cantine"], "Connection": "Upgrade, close", "Upgrade": wanted, "HTTP2-Settings": "AAMAAABk"}
    assert wire.ask("GET", READS["cantine"], headers).status in (200, 400, 403, 426)


def test_a_body_that_stops_in_the_middle(wire: Wire, keys: Keys) -> None:
    given = [("Host", "x"), *keys["absences"].items(), ("Content-Type", "application/json"), ("Content-Length", "99")]
    assert wire.say([head("POST", "/v1/absences", given) + b'{"matricule":'], leave=True) == []


def test_a_client_that_leaves_at_once(wire: Wire, keys: Keys) -> None:
    for _ in range(20):
        wire.say([head("GET", READS["cantine"], [("Host", "x"), *keys["cantine"].items()])], leave=True)
