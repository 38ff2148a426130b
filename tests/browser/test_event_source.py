"""A browser's own EventSource: a ticket, the cursor, and coming back after the connection was lost."""

import asyncio
import os
import signal

import httpx
from playwright.async_api import Page

from tests.e2e.conftest import School
from tests.e2e.test_live_guide import program

FOLLOW = """(url) => {
    window.told = [];
    window.source = new EventSource(url);
    source.onmessage = (event) => told.push({ lastEventId: event.lastEventId, ...JSON.parse(event.data) });
    source.addEventListener("checkpoint", () => told.push({ checkpoint: true }));
    source.onerror = () => told.push({ error: source.readyState });
}"""


async def told(page: Page, condition: str) -> None:
    """Returns once the page says so. Its policy keeps Playwright from evaluating a text in it by itself."""
    async with asyncio.timeout(60):
        while not await page.evaluate(condition):
            await asyncio.sleep(0.1)


def top_up(school: School, reference: str) -> None:
    school.mutate(
        "core",
        "topUpWallet",
        "WalletTopUp",
        matricule="2024/INF/0123",
        provider="wave",
        amount="100",
        currency="XOF",
        reference=reference,
    )


async def test_a_page_follows_the_log_with_a_ticket_and_without_a_key(page: Page, school: School) -> None:
    answer = school.client("core").post("/v1/events/tickets", json={})
    assert answer.status_code == 201
    url = school.platform.url + answer.json()["url"]
    await page.goto(f"{school.platform.url}/graphql")
    await page.evaluate(FOLLOW, url)
    await told(page, "told.some((each) => each.checkpoint)")
    top_up(school, "EVENTSOURCE-1")
    await told(page, "told.some((each) => each.topic)")
    [first] = await page.evaluate("told.filter((each) => each.topic)")
    assert first["lastEventId"] == first["cursor"]
    for api in school.platform.children("serve"):
        os.kill(api, signal.SIGKILL)
    await told(page, "told.some((each) => each.error === EventSource.CONNECTING)")
    await told(page, "told.filter((each) => each.checkpoint).length > 1")
    top_up(school, "EVENTSOURCE-2")
    await told(page, "told.filter((each) => each.topic).length > 1")
    events = await page.evaluate("told.filter((each) => each.topic)")
    assert len({each["cursor"] for each in events}) == len(events), "none came twice"


async def test_a_ticket_that_is_none_closes_the_source_for_good(page: Page, school: School) -> None:
    assert httpx.get(f"{school.platform.url}/health/live", trust_env=False).status_code == 200
    await page.goto(f"{school.platform.url}/graphql")
    await page.evaluate(FOLLOW, f"{school.platform.url}/v1/events/stream?ticket=forged")
    await told(page, "told.some((each) => each.error === EventSource.CLOSED)")


async def test_the_program_of_the_guide_follows_the_log(page: Page, school: School) -> None:
    ticket = school.client("core").post("/v1/events/tickets", json={}).json()
    await page.route("**/mon-serveur/ticket", lambda route: route.fulfill(json=ticket))
    await page.goto(f"{school.platform.url}/graphql")
    text = program("js", "EventSource").replace("https://skooly.example.org", school.platform.url)
    await page.evaluate(
        f"window.told = []; window.show = (event) => told.push(event);\n{text}\nwindow.follow = follow;"
    )
    await page.evaluate("follow()")
    oldest = school.get("core", "/events", first="1").json()["events"][0]["cursor"]
    top_up(school, "EVENTSOURCE-3")
    await page.evaluate("(after) => follow(after)", oldest)
    await told(page, "told.some((each) => each.topic)")
