"""The documentation pages: open, local, and under a policy that runs no foreign or inline script."""

import re

import httpx
import pytest

from compat_rest.facade import Facade
from tests.compat_rest.support import client_of


@pytest.fixture
async def anybody(facade: Facade) -> httpx.AsyncClient:
    """A client without a key."""
    return client_of(facade, key=None)


async def test_swagger_ui_loads_everything_from_here(anybody: httpx.AsyncClient) -> None:
    page = await anybody.get("/v1/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(addresses) == 4
    for address in addresses:
        assert address.startswith("/v1/docs/")
        assert (await anybody.get(address)).status_code == 200


async def test_no_script_is_inline_and_none_is_foreign(anybody: httpx.AsyncClient) -> None:
    page = await anybody.get("/v1/docs")
    assert re.findall(r"<script[^>]*>([^<]+)</script>", page.text) == []
    policy = dict(each.strip().split(" ", 1) for each in page.headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["connect-src"]) == ("'none'", "'self'", "'self'")


async def test_swagger_ui_reads_the_document_served_beside_it(anybody: httpx.AsyncClient, facade: Facade) -> None:
    script = (await anybody.get("/v1/docs/start.js")).text
    assert 'url: "/v1/openapi.json"' in script
    document = await anybody.get("/v1/openapi.json")
    assert (document.content, document.headers["content-type"]) == (facade.openapi, "application/json")


async def test_pages_are_revalidated(anybody: httpx.AsyncClient) -> None:
    etag = (await anybody.get("/v1/openapi.json")).headers["etag"]
    assert (await anybody.get("/v1/openapi.json", headers={"If-None-Match": etag})).status_code == 304


async def test_pages_can_only_be_read(anybody: httpx.AsyncClient) -> None:
    response = await anybody.post("/v1/docs")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_a_problem_type_leads_to_a_page_about_it(anybody: httpx.AsyncClient) -> None:
    problem = (await anybody.get("/v1/shelf")).json()
    page = (await anybody.get(problem["type"])).json()
    assert (page["code"], page["status"], page["title"]["en"]) == (
        "UNAUTHENTICATED",
        401,
        "UNAUTHENTICATED in English",
    )


async def test_an_unknown_problem_type_is_no_page(anybody: httpx.AsyncClient) -> None:
    assert (await anybody.get("/v1/problems/nonsense")).status_code == 401


async def test_a_slash_after_docs_is_forgiven(anybody: httpx.AsyncClient) -> None:
    assert (await anybody.get("/v1/docs/")).text == (await anybody.get("/v1/docs")).text
