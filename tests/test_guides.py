"""The guides keep up with the code: what they list is all there is, and what they link to is there."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from prometheus_client import generate_latest

from app.api.problems import PROBLEMS
from app.cli.data_directory import CHECKOUT
from app.delivery.metrics import DeliveryMetrics
from app.domains.partners.presets import PLATFORM, PRESETS
from app.settings import PREFIX, Settings
from compat_rest.problems import Fault
from workers.settings import WorkerSettings

DOCS = CHECKOUT / "docs"
PAGES = [CHECKOUT / "README.md", CHECKOUT / "compat_rest" / "README.md", *sorted(DOCS.rglob("*.md"))]
HEADING = re.compile(r"# (\d{4}): (.+)\n")
"""Of a decision: its number and its title."""
LINK = re.compile(r"\]\((?!https?:)([^)\s]*)\)")
LARGEST_PICTURE = 150_000


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("field", Settings.model_fields)
def test_an_operator_reads_of_every_setting(field: str) -> None:
    assert f"`{PREFIX}{field.upper()}`" in text_of("operators.md")


@pytest.mark.parametrize("job", WorkerSettings.cron_jobs, ids=lambda job: job.name)
def test_an_operator_reads_of_every_job(job: object) -> None:
    assert f"`{job.name.removeprefix('cron:')}`" in text_of("operators.md")


def test_an_operator_reads_of_metrics_that_are_there() -> None:
    known = set(re.findall(r"^# TYPE (\w+)", generate_latest(DeliveryMetrics().registry).decode(), re.MULTILINE))
    told = set(re.findall(r"`(skooly_webhook_\w+)", text_of("operators.md")))
    assert told
    assert told <= known


@pytest.mark.parametrize("preset", [*PRESETS, PLATFORM.name])
def test_a_partner_reads_of_every_preset(preset: str) -> None:
    assert f"| `{preset}` |" in text_of("partners.md")


def test_a_partner_reads_of_every_status_with_codes_that_have_it() -> None:
    rows = re.findall(r"^\| (\d{3}(?:, \d{3})*) \| (`[A-Z_]+`.*?) \|", text_of("partners.md"), re.MULTILINE)
    told = {int(status) for statuses, _ in rows for status in statuses.split(", ")}
    for statuses, codes in rows:
        for code in re.findall(r"`([A-Z_]+)`", codes):
            status = PROBLEMS[code].status if code in PROBLEMS else Fault[code].status
            assert str(status) in statuses, code
    of_the_protocol = {405, 406, 408, 413, 415, 431, 502}  # which no partner's program has to know
    assert told == {problem.status for problem in PROBLEMS.values()} - of_the_protocol


def test_every_decision_is_in_the_index_under_its_title() -> None:
    titles = {page.name: HEADING.match(page.read_text(encoding="utf-8")) for page in (DOCS / "adr").glob("[0-9]*.md")}
    assert [name for name, title in titles.items() if title is None or not name.startswith(title[1])] == []
    listed = [f"| {title[1]} | [{title[2]}]({name}) |" for name, title in sorted(titles.items()) if title]
    assert re.findall(r"^\| \d{4} .+", text_of("adr/README.md"), re.MULTILINE) == listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_the_changelog_says_nothing_twice() -> None:
    """Branches that land together each bring their lines of it."""
    said = [line for line in (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line[:2] == "- "]
    assert [line for line in set(said) if said.count(line) > 1] == []


def test_pictures_are_light() -> None:
    pictures = list(DOCS.rglob("*.png"))
    assert pictures
    assert [each.name for each in pictures if each.stat().st_size > LARGEST_PICTURE] == []


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings: lower case, punctuation gone, spaces to hyphens."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
