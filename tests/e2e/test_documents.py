"""What README and the guides show is what happens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import School
from tests.e2e.documents import examples
from tests.support.platform import CHECKOUT, RunningPlatform

PAGES = [CHECKOUT / "README.md", *(CHECKOUT / "docs" / f"{name}.md" for name in ("partners", "webhooks", "live"))]


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
    for example in found:
        printed = example.run(own_school.platform.url, own_school.keys)
        assert example.fits(printed), f"{example.command}\nprinted\n{printed}\ninstead of\n{example.answer}"
