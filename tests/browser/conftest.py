"""A real browser over the running platform. Chromium is the system's: `apt-get install chromium`."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.e2e.conftest import School, school  # noqa: F401  (a fixture)

expect.set_options(timeout=30_000)
"""For machines that have much else to do; what is awaited is there in a moment."""
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@dataclass
class Witness:
    """What a page must not do: `complaints` of its console (CSP violations among them), requests to other hosts."""

    url: str
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: request.url.startswith(self.url) or self.elsewhere.append(request.url))


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A fresh profile, in French as most of our users have it."""
    context = await browser.new_context(locale="fr-FR", viewport={"width": 1400, "height": 850})
    yield context
    await context.close()


@pytest.fixture
def witness(school: School) -> Witness:  # noqa: F811
    return Witness(school.platform.url)


@pytest.fixture
async def page(context: BrowserContext, witness: Witness) -> Page:
    page = await context.new_page()
    witness.watch(page)
    return page
