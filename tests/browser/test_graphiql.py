"""What somebody sees who opens /graphql in a browser."""

import json

import pytest
from playwright.sync_api import Page, expect

from app.web.graphiql.guide import GUIDE, examples
from tests.browser.conftest import Witness
from tests.e2e.conftest import School


@pytest.fixture
def opened(page: Page, school: School) -> Page:
    page.goto(f"{school.platform.url}/graphql")
    expect(page.locator(".graphiql-container")).to_be_visible()
    return page


def give(page: Page, key: str) -> None:
    page.get_by_label("Clé d'API").fill(key)
    page.get_by_role("button", name="Utiliser").click()


def choose(page: Page, title: str) -> None:
    page.get_by_label("Exemples").select_option(label=title)
    page.locator(".graphiql-execute-button").click()


def test_without_a_key_the_page_says_what_to_do(opened: Page, witness: Witness) -> None:
    expect(opened.get_by_text("Sans clé, rien n'est visible.")).to_be_visible()
    expect(opened.get_by_label("Exemples")).to_be_disabled()
    opened.locator(".graphiql-execute-button").click()
    expect(opened.locator(".graphiql-response")).to_contain_text("Entrez d'abord une clé d'API")
    assert (witness.complaints, witness.elsewhere) == ([], [])


def test_a_key_opens_its_examples_and_the_data_comes(opened: Page, school: School, witness: Witness) -> None:
    give(opened, school.keys["cantine"])
    expect(opened.get_by_role("status")).to_contain_text("Clé acceptée")
    choose(opened, "Qui porte ce badge ?")
    expect(opened.locator(".graphiql-response")).to_contain_text('"lastName": "Diop"')
    expect(opened.locator(".graphiql-response")).to_contain_text('"requested"')
    assert (witness.complaints, witness.elsewhere) == ([], [])


def test_the_documentation_shows_what_the_key_opens(opened: Page, school: School, witness: Witness) -> None:
    give(opened, school.keys["cantine"])
    expect(opened.get_by_role("status")).to_contain_text("Clé acceptée")
    opened.get_by_label("Show Documentation Explorer").click()
    explorer = opened.locator(".graphiql-doc-explorer")
    expect(explorer).to_contain_text("BadgeHolder")
    expect(explorer).not_to_contain_text("Mutation")
    expect(explorer).not_to_contain_text("FinancialStatus")
    assert (witness.complaints, witness.elsewhere) == ([], [])


@pytest.mark.parametrize("preset", sorted({each.preset for each in examples(GUIDE.read_text(encoding="utf-8"))}))
def test_every_preset_of_the_guide_finds_its_examples(opened: Page, school: School, preset: str) -> None:
    give(opened, school.keys[preset])
    offered = opened.get_by_label("Exemples")
    for each in examples(GUIDE.read_text(encoding="utf-8")):
        if each.preset == preset:
            expect(offered.get_by_role("option", name=each.title, exact=True)).to_have_count(1)


def test_a_wrong_key_is_told_so_and_opens_nothing(opened: Page, witness: Witness) -> None:
    give(opened, "sk_live_nonsense")
    expect(opened.get_by_role("alert")).to_contain_text("Clé d'API refusée")
    expect(opened.get_by_label("Exemples")).to_be_disabled()
    assert [each for each in witness.complaints if "401" not in each] == []
    assert witness.elsewhere == []


def test_a_key_with_a_typographic_character_is_told_so(opened: Page) -> None:
    give(opened, "sk_live_…")
    expect(opened.get_by_role("alert")).to_contain_text("caractères qu'aucune clé n'a")


def test_the_key_is_kept_nowhere(opened: Page, school: School) -> None:
    key = school.keys["cantine"]
    give(opened, key)
    expect(opened.get_by_role("status")).to_contain_text("Clé acceptée")
    choose(opened, "Qui porte ce badge ?")
    expect(opened.locator(".graphiql-response")).to_contain_text("Diop")
    kept = opened.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert key not in kept
    assert json.loads(kept)[0] == {}, "what was asked may name a student: it goes with the tab"
    opened.reload()
    expect(opened.get_by_text("Sans clé, rien n'est visible.")).to_be_visible()


def test_a_forgotten_key_closes_what_it_opened(opened: Page, school: School) -> None:
    give(opened, school.keys["cantine"])
    expect(opened.get_by_role("status")).to_contain_text("Clé acceptée")
    opened.get_by_role("button", name="Oublier").click()
    expect(opened.get_by_text("Sans clé, rien n'est visible.")).to_be_visible()
    expect(opened.get_by_label("Clé d'API")).to_have_value("")
