"""A browser's own EventSource: a ticket, the cursor, and coming back after the connection was lost."""

import httpx
from playwright.async_api import Page

from tests.e2e.conftest import School

FOLLOW = """(url) => {
    window.told = [];
    window.source = new EventSource(url);
    source.onmessage = (event) => told.push({ id: event.lastEventId, ...JSON.parse(event.data) });
    source.addEventListener("checkpoint", () => told.push({ checkpoint: true }));
    source.onerror = () => told.push({ error: source.readyState });
}"""


def top_up(school: School, reference: str) -> None:
    school.mutate(
        "core",
        "topUpWallet",
        "WalletTopUp",
        matricule="2024/INF/0125",
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
    await page.wait_for_function("told.some((each) => each.checkpoint)")
    top_up(school, "EVENTSOURCE-1")
    await page.wait_for_function("told.some((each) => each.topic)")
    [first] = await page.evaluate("told.filter((each) => each.topic)")
    assert first["id"] == first["cursor"] or first["cursor"]
    for api in school.platform.children("serve"):
        import os
        import signal

        os.kill(api, signal.SIGKILL)
    await page.wait_for_function("told.some((each) => each.error === EventSource.CONNECTING)")
    await page.wait_for_function("told.filter((each) => each.checkpoint).length > 1")
    top_up(school, "EVENTSOURCE-2")
    await page.wait_for_function("told.filter((each) => each.topic).length > 1")
    events = await page.evaluate("told.filter((each) => each.topic)")
    assert len({each["cursor"] for each in events}) == len(events), "none came twice"


async def test_a_ticket_that_is_none_closes_the_source_for_good(page: Page, school: School) -> None:
    assert httpx.get(f"{school.platform.url}/health/live", trust_env=False).status_code == 200
    await page.goto(f"{school.platform.url}/graphql")
    await page.evaluate(FOLLOW, f"{school.platform.url}/v1/events/stream?ticket=forged")
    await page.wait_for_function("told.some((each) => each.error === EventSource.CLOSED)")
