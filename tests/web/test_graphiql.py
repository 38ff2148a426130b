"""GraphiQL for a browser, JSON for everybody else, at one address."""

import hashlib
import json
import re
from pathlib import Path

import httpx
import pytest
from graphql import parse, validate

from app.api.introspection import VisibleSchemas
from app.api.slices import skooly_schema
from app.domains.partners.presets import PRESETS, Preset
from app.web.graphiql.guide import GUIDE, examples
from app.web.graphiql.page import ASSETS
from app.web.pages import SECURITY_POLICY
from tests.web.support import code_of

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
VENDOR = ASSETS.parent / "vendor"


async def test_a_browser_is_shown_the_page_without_a_key(client: httpx.AsyncClient) -> None:
    del client.headers["x-api-key"]
    page = await client.get("/graphql", headers={"accept": BROWSER})
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == SECURITY_POLICY
    assert "accept" in page.headers["vary"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html", "text/html;q=0", None])
async def test_whoever_asks_for_json_is_told_to_post(client: httpx.AsyncClient, accept: str | None) -> None:
    del client.headers["accept"]
    answer = await client.get("/graphql", headers={"accept": accept} if accept else {})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_post_is_never_answered_with_the_page(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"accept": BROWSER})
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_everything_the_page_names_is_served_from_here(client: httpx.AsyncClient) -> None:
    page = (await client.get("/graphql", headers={"accept": BROWSER})).text
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(named) == 4
    for path in [*named, "/graphql/vendor.js", "/graphql/examples.json", "/graphql/LICENCES.txt"]:
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-security-policy"] == SECURITY_POLICY
        assert (await client.get(path, headers={"if-none-match": answer.headers["etag"]})).status_code == 304
        assert code_of(await client.post(path)) == "METHOD_NOT_ALLOWED"


def test_nothing_is_allowed_inline_evaluated_or_from_elsewhere() -> None:
    for word in ("unsafe", "http", "*", "blob"):
        assert word not in SECURITY_POLICY


def test_the_bundle_is_what_the_build_made_of_its_lock() -> None:
    """Mend a failure with `npm ci && npm run build` in app/web/graphiql/vendor."""
    lines = (VENDOR / "manifest.sha256").read_text().splitlines()
    assert {line.split()[1] for line in lines} >= {"assets/vendor.js", "assets/vendor.css", "vendor/package-lock.json"}
    for line in lines:
        digest, name = line.split()
        assert hashlib.sha256((ASSETS.parent / name).read_bytes()).hexdigest() == digest, name


def test_the_lock_names_versions_and_hashes_and_no_address() -> None:
    packages = json.loads((VENDOR / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert name == "" or ("version" in package and "integrity" in package), name


def test_the_bundle_evaluates_no_text() -> None:
    text = (ASSETS / "vendor.js").read_text(encoding="utf-8")
    assert not re.search(r"\beval\(|new Function\b", text)


def test_a_block_of_the_guide_that_belongs_to_no_operation_is_refused() -> None:
    with pytest.raises(ValueError, match="belongs to no operation"):
        examples('```json\n{"a": 1}\n```\n')


def test_an_operation_of_the_guide_has_a_title_a_preset_variables_and_an_answer() -> None:
    text = (
        '## A badge\n\n```graphql cantine\n{ a }\n```\n\n```json variables\n{"b": 1}\n```\n\n```json\n{"a": …}\n```\n'
    )
    text += "\n```graphql core\n# Another\n{ b }\n```\n"
    first, second = examples(text)
    assert (first.title, first.preset, first.query) == ("A badge", "cantine", "{ a }")
    assert (first.variables, first.answer) == ({"b": 1}, '{"a": …}')
    assert (second.title, second.variables, second.answer) == ("Another", {}, None)


async def test_without_a_guide_the_page_has_no_examples(tmp_path: Path) -> None:
    from app.web.graphiql.page import graphiql_assets

    assert "/graphql/examples.json" in graphiql_assets(tmp_path / "missing.md")


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_every_preset_finds_examples_it_can_run(preset: Preset) -> None:
    """As the page offers them: those that are valid on the schema as the key sees it."""
    schema = skooly_schema()
    seen = VisibleSchemas(schema.sdl(), schema.catalogue).seen_with(frozenset(map(str, preset.scopes)))
    offered = [each for each in examples(GUIDE.read_text(encoding="utf-8")) if not validate(seen, parse(each.query))]
    assert len(offered) >= 3
