"""What goes out: unwrapped roots, statuses of union members, problems, revalidation, pages and rows."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from compat_rest.facade import Facade
from tests.compat_rest.documents import DOCUMENTS
from tests.compat_rest.librarian import GUEST, READER, Librarian
from tests.compat_rest.support import client_of, facade_of


async def test_the_root_field_s_value_is_the_answer(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/shelf?brief=false")
    assert response.headers["content-type"] == "application/json"
    assert response.json()[1] == {"isbn": "badge/X", "title": "Zadig"}


async def test_a_null_root_is_not_found(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/books/none")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "/v1/problems/not-found"
    assert response.json()["detail"] == "Rien ne porte cet identifiant ici."


async def test_an_unescaped_slash_is_told_how_to_write_it(client: httpx.AsyncClient) -> None:
    french = await client.get("/v1/books/a/b/c")
    english = await client.get("/v1/books/a/b/c", headers={"Accept-Language": "en"})
    assert (french.status_code, french.json()["code"]) == (404, "UNKNOWN_PATH")
    assert "s'écrit %2F" in french.json()["detail"]
    assert "is written %2F" in english.json()["detail"]


async def test_a_denial_is_plain_json_with_its_own_status(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/doors/visit?reader=a&door=0")
    assert (response.status_code, response.headers["content-type"]) == (403, "application/json")
    assert response.json() == {"decision": "denied", "reason": "CLOSED", "message": "Fermé"}
    assert response.headers["cache-control"] == "no-store"


async def test_an_error_with_the_same_status_is_told_apart_from_a_denial(facade: Facade) -> None:
    async with client_of(facade, GUEST) as client:
        response = await client.get("/v1/doors/visit?reader=a&door=0")
    assert (response.status_code, response.headers["content-type"]) == (403, "application/problem+json")
    assert response.json()["type"] == "/v1/problems/insufficient-scope"
    assert response.json()["detail"] == "Il manque visit:use."
    assert "decision" not in response.json()


async def test_a_failure_names_a_header_and_not_its_variable(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/loans", json={"isbn": "978/2"}, headers={"Idempotency-Key": "spent"})
    assert (response.status_code, response.json()["field"]) == (409, "Idempotency-Key")


async def test_a_failure_is_a_problem_with_its_message_and_field(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/doors/visit?reader=nobody&door=1")
    problem = response.json()
    assert problem.pop("requestId")
    assert problem == {
        "type": "/v1/problems/book-not-found",
        "title": "BOOK_NOT_FOUND en français",
        "status": 404,
        "detail": "Aucun livre.",
        "code": "BOOK_NOT_FOUND",
        "field": "reader",
    }


async def test_what_else_a_failure_knows_goes_along(client: httpx.AsyncClient) -> None:
    await client.post("/v1/loans", json={"isbn": "badge"})
    response = await client.post("/v1/loans", json={"isbn": "badge"})
    assert (response.status_code, response.json()["code"], response.json()["until"]) == (
        409,
        "ALREADY_LENT",
        "2025-01-01",
    )


async def test_a_surprise_is_an_internal_error_that_says_nothing(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/secrets/badge")
    assert (response.status_code, response.json()["code"]) == (500, "INTERNAL_ERROR")
    assert "swordfish" not in response.text


@pytest.mark.parametrize(
    ("accept", "title"),
    [
        (None, "Introuvable"),
        ("fr-SN", "Introuvable"),
        ("en-GB,en;q=0.9", "Not found"),
        ("en;q=0.4, fr;q=0.5", "Introuvable"),
        ("de", "Introuvable"),
        ("en;q=x", "Introuvable"),
    ],
)
async def test_problems_speak_french_unless_english_is_preferred(
    client: httpx.AsyncClient, accept: str | None, title: str
) -> None:
    headers = {"Accept-Language": accept} if accept else {}
    response = await client.get("/v1/books/none", headers=headers)
    assert response.json()["title"] == title
    assert response.headers["content-language"] == ("en" if title == "Not found" else "fr")


async def test_the_details_speak_english_too(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/echo?on=x", headers={"Accept-Language": "en"})
    assert response.json()["detail"] == "on: A date YYYY-MM-DD is expected, 2024-12-31 for example."


async def test_a_refused_key_tells_how_to_authenticate(facade: Facade) -> None:
    async with client_of(facade, None) as client:
        response = await client.get("/v1/shelf")
    assert (response.status_code, response.headers["www-authenticate"]) == (401, 'Bearer realm="library"')


async def test_a_header_sent_twice_is_one_value_that_no_key_equals(facade: Facade) -> None:
    async with client_of(facade, None) as client:
        response = await client.get("/v1/shelf", headers=[("X-API-KEY", READER), ("X-API-KEY", READER)])
    assert response.status_code == 401


async def test_the_application_s_headers_go_along(client: httpx.AsyncClient) -> None:
    for path in ("/v1/shelf", "/v1/books/none"):
        assert (await client.get(path)).headers["ratelimit"] == '"default";r=9'


@pytest.mark.parametrize("quote", ["{}", "W/{}", '"other", {}', "*"])
async def test_an_answer_the_client_has_is_not_sent_again(client: httpx.AsyncClient, quote: str) -> None:
    first = await client.get("/v1/shelf")
    etag = first.headers["etag"]
    assert etag.startswith('"')
    again = await client.get("/v1/shelf", headers={"If-None-Match": quote.format(etag)})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert again.headers["cache-control"] == "private, no-cache"
    assert "content-length" not in again.headers


async def test_another_answer_has_another_etag(client: httpx.AsyncClient) -> None:
    etag = (await client.get("/v1/shelf")).headers["etag"]
    response = await client.get("/v1/shelf?brief=false", headers={"If-None-Match": etag})
    assert response.status_code == 200
    assert response.headers["etag"] != etag


async def test_answers_depend_on_the_key(client: httpx.AsyncClient) -> None:
    for path in ("/v1/shelf", "/v1/books/none"):
        assert (await client.get(path)).headers["vary"] == "Accept, Accept-Language, Authorization, X-API-KEY"


async def test_head_is_get_without_its_body(client: httpx.AsyncClient) -> None:
    get, head = await client.get("/v1/shelf"), await client.head("/v1/shelf")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == get.headers


async def test_options_and_405_tell_what_is_allowed(client: httpx.AsyncClient) -> None:
    options = await client.options("/v1/shelf")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    refused = await client.delete("/v1/loans")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST, OPTIONS")
    assert refused.json()["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json;q=0.1", "text/html, */*;q=0.1"])
async def test_json_is_given_where_it_is_acceptable(client: httpx.AsyncClient, accept: str) -> None:
    assert (await client.get("/v1/doors/visit?reader=a&door=1", headers={"Accept": accept})).status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/json;q=0, text/*", "nonsense"])
async def test_nothing_else_is_acceptable(client: httpx.AsyncClient, accept: str) -> None:
    response = await client.get("/v1/doors/visit?reader=a&door=1", headers={"Accept": accept})
    assert (response.status_code, response.json()["code"]) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(("path", "count"), [("/v1/shelf", 3), ("/v1/books?first=2", 2)])
async def test_rows_go_out_line_by_line_where_the_client_wants_it(
    client: httpx.AsyncClient, path: str, count: int
) -> None:
    response = await client.get(path, headers={"Accept": "application/x-ndjson"})
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.text.count("\n") == count
    assert response.text.splitlines()[0].startswith('{"isbn":"978/2"')


async def test_one_object_has_no_rows(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/books/badge", headers={"Accept": "application/x-ndjson"})
    assert response.status_code == 406


async def test_pages_link_to_the_next_until_the_last(client: httpx.AsyncClient) -> None:
    pages: list[list[str]] = []
    url = "/v1/books?first=1&genre=novel"
    while url:
        response = await client.get(url)
        pages.append([book["isbn"] for book in response.json()["nodes"]])
        url = response.links["next"]["url"] if "link" in response.headers else ""
    assert pages == [["978/2"], ["badge/X"]]


async def test_a_deprecated_endpoint_says_until_when(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/v1/old-shelf")).headers
    assert (headers["deprecation"], headers["sunset"]) == ("@1704067200", "Sun, 30 Jun 2030 00:00:00 GMT")
    assert "deprecation" not in (await client.get("/v1/shelf")).headers


async def test_the_host_names_requests_and_hears_of_the_template(tmp_path: Path) -> None:
    heard: list[str] = []
    facade = facade_of(
        tmp_path,
        DOCUMENTS,
        request_id=lambda scope: "request-7",
        matched=lambda scope, template: heard.append(template),
    )
    async with client_of(facade) as client:
        problem: dict[str, Any] = (await client.get("/v1/books/none")).json()
        await client.get("/v1/shelf")
        await client.get("/v1/nothing")
    assert problem["requestId"] == "request-7"
    assert heard == ["/v1/books/{isbn}", "/v1/shelf"]


async def test_the_gateway_hears_the_client_s_address(tmp_path: Path) -> None:
    gateway = Librarian()
    async with client_of(facade_of(tmp_path, DOCUMENTS, gateway)) as client:
        await client.get("/v1/shelf")
    assert gateway.clients == ["127.0.0.1"]
