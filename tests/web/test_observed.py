"""What every request passes through: ids, headers, log lines, metrics, time and size."""

import asyncio
import uuid
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.web.client_address import client_address
from app.web.exchange import Receive, Scope, Send, exchange_of
from app.web.guarded import Guarded
from app.web.negotiation import language
from tests.api.support import Sample
from tests.web.support import KEY, Lines, ask, client_of, code_of, make_app


async def test_every_answer_has_a_request_id_and_security_headers(client: httpx.AsyncClient) -> None:
    for response in (
        await ask(client, "{ __typename }"),
        await client.get("/nowhere"),
        await client.get("/health/live"),
    ):
        assert uuid.UUID(response.headers["x-request-id"]).version == 7
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert response.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in response.headers


async def test_https_is_remembered_where_it_is_used(sample: Sample) -> None:
    async with client_of(make_app(sample, secure=True)) as client:
        assert "strict-transport-security" in (await client.get("/health/live")).headers


async def test_an_endpoint_may_set_its_own_policy(sample: Sample) -> None:
    async def page(_: Any) -> PlainTextResponse:
        return PlainTextResponse("hello", headers={"Content-Security-Policy": "default-src 'self'", "ETag": '"1"'})

    async with client_of(make_app(sample, routes=[Route("/page", page)])) as client:
        response = await client.get("/page")
    assert response.headers.get_list("content-security-policy") == ["default-src 'self'"]
    assert "cache-control" not in response.headers


async def test_a_line_is_logged_without_key_query_string_or_personal_data(sample: Sample) -> None:
    log = Lines()
    async with client_of(make_app(sample, log)) as client:
        response = await client.post(
            "/graphql?who=Ndiaye", json={"query": 'query Ndiaye { student(matricule: "M1") { name } }'}
        )
    (line,) = log.lines
    assert line.pop("ms") >= 0
    assert line == {
        "event": "request",
        "request_id": response.headers["x-request-id"],
        "method": "POST",
        "route": "/graphql",
        "status": 200,
        "key_id": "abcdefghijkl",
        "partner": "Cantine",
        "school": "DEMO",
        "asked": "student",
    }


async def test_paths_that_do_not_exist_share_one_label(sample: Sample) -> None:
    log = Lines()
    async with client_of(make_app(sample, log)) as client:
        for path in ("/students/Ndiaye", "/%00", "/v1x"):
            response = await client.get(path)
            assert (response.status_code, code_of(response)) == (404, "UNKNOWN_PATH")
            assert response.headers["content-type"] == "application/problem+json"
    assert {line["route"] for line in log.lines} == {"(unmatched)"}


async def test_requests_are_counted_for_prometheus(client: httpx.AsyncClient) -> None:
    await ask(client, "{ __typename }")
    await client.request("BREW", "/health/live")
    text = (await client.get("/metrics")).text
    assert 'skooly_http_request_duration_seconds_count{method="POST",route="/graphql",status="200"} 1.0' in text
    assert 'route="/graphql",status="200",le="+Inf"} 1.0' in text or 'le="+Inf",method="POST",route="/graphql"' in text
    assert 'method="OTHER"' in text
    assert "skooly_http_requests_in_flight 1.0" in text
    assert KEY not in text


async def test_health_and_metrics_can_only_be_read(client: httpx.AsyncClient) -> None:
    for path in ("/health/live", "/health/ready", "/metrics"):
        assert (await client.get(path)).status_code == 200
        response = await client.post(path)
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


async def call(app: Any, *, body: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None) -> list[Any]:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers or []}
    await app(scope, receive, send)
    return sent


async def test_a_request_that_never_ends_is_ended() -> None:
    async def hang(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    start, _ = await call(Guarded(hang, seconds=0.05))
    assert start["status"] == 504


async def test_a_body_that_does_not_come_is_the_client_s_fault() -> None:
    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    await Guarded(read, body_seconds=0.05)(scope, asyncio.Queue[Any]().get, send)
    assert sent[0]["status"] == 408
    assert b"REQUEST_TOO_SLOW" in sent[1]["body"]


async def test_whatever_escapes_becomes_an_answer_without_a_traceback() -> None:
    async def crash(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("secret detail")

    start, body = await call(Guarded(crash))
    assert start["status"] == 500
    assert b"secret" not in body["body"]
    assert b"INTERNAL_ERROR" in body["body"]


async def test_an_unreachable_server_is_503_with_a_time_to_come_back() -> None:
    async def crash(scope: Scope, receive: Receive, send: Send) -> None:
        raise ConnectionRefusedError

    start, _ = await call(Guarded(crash))
    assert start["status"] == 503
    assert dict(start["headers"])[b"retry-after"] == b"5"


async def test_a_body_is_cut_off_whatever_it_announces() -> None:
    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    for headers in ([(b"content-length", b"1")], [(b"content-length", b"999999")], []):
        start, _ = await call(Guarded(read), body=b"x" * 70_000, headers=headers)
        assert start["status"] == 413


PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["nonsense, 10.0.0.2"], "10.0.0.2"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
    ],
)
def test_forwarded_addresses_are_believed_as_far_as_proxies_are_trusted(
    peer: str, forwarded: list[str], expected: str
) -> None:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    assert client_address({"client": (peer, 1), "headers": headers}, PROXIES) == expected


def test_a_unix_socket_has_no_address() -> None:
    assert client_address({"client": None, "headers": []}, PROXIES) is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, "fr"), ("", "fr"), ("en", "en"), ("en-US,en;q=0.9", "en"), ("fr, en", "fr"), ("de", "fr"),
     ("en;q=0.2, fr-SN;q=0.7", "fr"), ("en;q=nonsense", "fr"), ("*", "fr")],
)  # fmt: skip
def test_the_language_is_french_unless_english_is_preferred(header: str | None, expected: str) -> None:
    assert language(header) == expected


def test_an_app_called_on_its_own_has_an_exchange_too() -> None:
    scope: dict[str, Any] = {"type": "http", "headers": []}
    assert exchange_of(scope) is exchange_of(scope)
