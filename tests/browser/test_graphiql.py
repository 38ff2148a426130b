"""What somebody sees who opens /graphql in a browser."""

import json

import pytest
from playwright.async_api import Page, expect

from app.web.graphiql.guide import FROM_BEFORE, GUIDE, examples
from tests.browser.conftest import Witness
from tests.e2e.conftest import School


@pytest.fixture
async def opened(page: Page, school: School) -> Page:
    await page.goto(f"{school.platform.url}/graphql")
    await expect(page.locator(".graphiql-container")).to_be_visible()
    return page


async def give(page: Page, key: str) -> None:
    await page.get_by_label("Clé d'API").fill(key)
    await page.get_by_role("button", name="Utiliser").click()


async def choose(page: Page, title: str) -> None:
    await page.get_by_label("Exemples").select_option(label=title)
    await page.locator(".graphiql-execute-button").click()


async def test_without_a_key_the_page_says_what_to_do(opened: Page, witness: Witness) -> None:
    await expect(opened.get_by_text("Sans clé, rien n'est visible.")).to_be_visible()
    await expect(opened.get_by_label("Exemples")).to_be_disabled()
    await opened.locator(".graphiql-execute-button").click()
    await expect(opened.locator(".graphiql-response")).to_contain_text("Entrez d'abord une clé d'API")
    assert (witness.complaints, witness.elsewhere) == ([], [])


async def test_a_key_opens_its_examples_and_the_data_comes(opened: Page, school: School, witness: Witness) -> None:
    await give(opened, school.keys["cantine"])
    await expect(opened.get_by_role("status")).to_contain_text(
        "Clé acceptée · Cantine · Institut Skooly de démonstration"
    )
    await choose(opened, "Qui porte ce badge ?")
    await expect(opened.locator(".graphiql-response")).to_contain_text('"lastName": "Diop"')
    await expect(opened.locator(".graphiql-response")).to_contain_text('"requested"')
    assert (witness.complaints, witness.elsewhere) == ([], [])


async def test_the_documentation_shows_what_the_key_opens(opened: Page, school: School, witness: Witness) -> None:
    await give(opened, school.keys["cantine"])
    await expect(opened.get_by_role("status")).to_contain_text("Clé acceptée")
    await opened.get_by_label("Show Documentation Explorer").click()
    explorer = opened.locator(".graphiql-doc-explorer")
    await expect(explorer).to_contain_text("BadgeHolder")
    await expect(explorer).not_to_contain_text("Mutation")
    await expect(explorer).not_to_contain_text("FinancialStatus")
    assert (witness.complaints, witness.elsewhere) == ([], [])


@pytest.mark.parametrize("preset", sorted({each.preset for each in examples(GUIDE.read_text(encoding="utf-8"))}))
async def test_every_preset_of_the_guide_finds_its_examples(opened: Page, school: School, preset: str) -> None:
    await give(opened, school.keys[preset])
    offered = opened.get_by_label("Exemples")
    for each in examples(GUIDE.read_text(encoding="utf-8")):
        if each.preset == preset and FROM_BEFORE not in str(each.variables) and '"errors"' not in str(each.answer):
            await expect(offered.get_by_role("option", name=each.title, exact=True)).to_have_count(1)


async def test_a_wrong_key_is_told_so_and_opens_nothing(opened: Page, witness: Witness) -> None:
    await give(opened, "sk_live_nonsense")
    await expect(opened.get_by_role("alert")).to_contain_text("Clé d'API refusée")
    await expect(opened.get_by_label("Exemples")).to_be_disabled()
    assert [each for each in witness.complaints if "401" not in each] == []
    assert witness.elsewhere == []


async def test_a_key_with_a_typographic_character_is_told_so(opened: Page) -> None:
    await give(opened, "sk_live_…")
    await expect(opened.get_by_role("alert")).to_contain_text("caractères qu'aucune clé n'a")


async def test_the_key_is_kept_nowhere(opened: Page, school: School) -> None:
    key = school.keys["cantine"]
    await give(opened, key)
    await expect(opened.get_by_role("status")).to_contain_text("Clé acceptée")
    await choose(opened, "Qui porte ce badge ?")
    await expect(opened.locator(".graphiql-response")).to_contain_text("Diop")
    kept = await opened.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    )
    assert key not in kept
    assert json.loads(kept)[0] == {}, "what was asked may name a student: it goes with the tab"
    await opened.reload()
    await expect(opened.get_by_text("Sans clé, rien n'est visible.")).to_be_visible()


async def test_a_forgotten_key_closes_what_it_opened(opened: Page, school: School) -> None:
    await give(opened, school.keys["cantine"])
    await expect(opened.get_by_role("status")).to_contain_text("Clé acceptée")
    await opened.get_by_role("button", name="Oublier").click()
    await expect(opened.get_by_text("Sans clé, rien n'est visible.")).to_be_visible()
    await expect(opened.get_by_label("Clé d'API")).to_have_value("")


@pytest.mark.parametrize(
    "script",
    [
        "fetch('http://127.0.0.2:9/').catch(() => null)",
        "new Image().src = 'http://127.0.0.2:9/'",
        "document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))",
        "document.head.append(Object.assign(document.createElement('style'), {textContent: '* {color: red}'}))",
        "setTimeout('1')",
    ],
)
async def test_what_the_policy_forbids_is_stopped_and_noticed(opened: Page, witness: Witness, script: str) -> None:
    async with opened.expect_console_message(lambda message: "Content Security Policy" in message.text):
        await opened.evaluate(script)
    assert witness.complaints
