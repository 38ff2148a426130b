"""A stranger with a browser is shown the way from the address itself."""

import re

import httpx

from app.web.pages import SECURITY_POLICY
from tests.e2e.conftest import School

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_a_browser_finds_everything_from_the_address_itself(school: School) -> None:
    with httpx.Client(base_url=school.platform.url, trust_env=False, headers=BROWSER) as browser:
        page = browser.get("/")
        assert (page.status_code, page.headers["content-security-policy"]) == (200, SECURITY_POLICY)
        named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert {"/graphql", "/v1/docs", "/v1/openapi.json", "/v1/asyncapi.json", "/health/ready"} <= set(named)
        for path in named:
            assert browser.get(path, follow_redirects=True).status_code == 200, path


def test_a_program_is_told_that_nothing_is_there(school: School) -> None:
    answer = school.client("").get("/")
    assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_PATH")
