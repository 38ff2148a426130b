"""What README and the guides show is what happens."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import School
from tests.e2e.documents import examples, variables_of
from tests.support.platform import CHECKOUT, RunningPlatform

PAGES = [CHECKOUT / "README.md", *(CHECKOUT / "docs" / f"{name}.md" for name in ("partners", "webhooks", "live"))]
TOLD = {"POINT": r'{"endpoint":{"id":"([^"]+)"', "LIVRAISON": r'{"nodes":\[{"id":"(evt_[^"]+)"'}
"""Variables that the guides ask to be set from an answer, and how it begins."""


@pytest.fixture(scope="module")
def own_school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """A platform of their own: the pages fill wallets and count on what they did before."""
    platform = RunningPlatform(tmp_path_factory.mktemp("documents") / "data")
    school = School(platform)
    yield school
    school.close()
    platform.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_answers_as_printed(own_school: School, page: Path) -> None:
    found = examples(page)
    assert found, f"{page.name} shows no example"
    variables = variables_of(own_school.platform.url, own_school.keys)
    for example in found:
        printed = example.run(variables)
        assert example.fits(printed), f"{example.command}\nprinted\n{printed}\ninstead of\n{example.answer}"
        variables |= {name: seen[1] for name, begun in TOLD.items() if (seen := re.match(begun, printed))}
